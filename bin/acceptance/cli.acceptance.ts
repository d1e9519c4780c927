/** The command line as a newcomer meets it: help, mistakes, and a cluster without root. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { startCluster } from '../../scripts/cluster.mjs';
import { nodeExecutable, root } from '../../scripts/toolchain.mjs';
import { Kubectl, seconds, simulated, withCluster, withoutKubectl } from './cluster.ts';
import { rolledOut } from './crash.ts';
import { findOnPath, type Result, run, typernetes } from './program.ts';

/** Each subcommand with flags that others rely on. */
const flags: Record<string, readonly string[]> = {
  up: [
    'data-dir',
    'secure-port',
    'bind-address',
    'kubeconfig',
    'etcd-servers',
    'nodes',
    'container-runtime-endpoint',
    'service-cluster-ip-range',
    'cluster-cidr',
    'cluster-dns',
  ],
  apiserver: ['etcd-servers', 'client-ca-file', 'service-account-key-file', 'tls-cert-file', 'authorization-mode'],
  'controller-manager': ['kubeconfig', 'controllers', 'cluster-cidr', 'leader-elect', 'root-ca-file'],
  scheduler: ['kubeconfig', 'leader-elect', 'percentage-of-nodes-to-score'],
  node: ['kubeconfig', 'container-runtime-endpoint', 'node-ip', 'cluster-dns'],
  kubelet: ['kubeconfig', 'config', 'container-runtime-endpoint', 'hostname-override', 'root-dir', 'client-ca-file'],
  proxy: ['kubeconfig', 'hostname-override', 'cluster-cidr'],
  dns: ['kubeconfig', 'cluster-domain', 'bind-address'],
  conformance: ['kubeconfig', 'kubectl', 'focus', 'skip', 'report'],
  version: ['output'],
};

function temporaryDirectory(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'tn-'));
}

/** It said what is wrong in a line or two, and not with a stack. */
function assertMistake({ code, stdout, stderr }: Result, message: RegExp): void {
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^ {2,}at .*:\d+/m, 'no stack trace');
}

suite('help and mistakes', () => {
  test('--help lists every subcommand', async () => {
    const { code, stdout } = await typernetes(['--help']);
    assert.equal(code, 0);
    for (const name of Object.keys(flags)) assert.match(stdout, new RegExp(`^ +${name} `, 'm'));
  });

  test('help and version are found by the names that one tries first', async () => {
    const [help, upHelp, upHelpToo, version, versionToo, wrong] = await Promise.all(
      [['help'], ['help', 'up'], ['up', '--help'], ['--version'], ['version'], ['version', '-o', 'yaml']].map((line) =>
        typernetes(line),
      ),
    );
    assert.match(help!.stdout, /^Usage: typernetes <command>/);
    assert.equal(upHelp!.stdout, upHelpToo!.stdout);
    assert.match(version!.stdout, /^kubernetes: v1\.36/m);
    assert.equal(version!.stdout, versionToo!.stdout);
    assertMistake(wrong!, /Allowed choices are text, json/);
  });

  for (const [name, names] of Object.entries(flags)) {
    test(`${name} --help names its flags; an unknown flag is refused`, async () => {
      const [help, unknown] = await Promise.all([
        typernetes([name, '--help']),
        typernetes([name, '--kubeconfig=/nowhere', '--no-such-flag-as-this=1']),
      ]);
      assert.equal(help.code, 0, help.stderr);
      assert.ok(help.stdout.startsWith(`Usage: typernetes ${name} `), help.stdout.slice(0, 80));
      for (const flag of names) assert.match(help.stdout, new RegExp(`--${flag}[ ,]`), `--${flag}`);
      assertMistake(unknown, /unknown option '--(no-such-flag-as-this=1|kubeconfig=)/);
    });
  }

  test('mistakes get a message and exit code 1', async () => {
    assertMistake(await typernetes(['upp']), /unknown command "upp"/);
    assertMistake(await typernetes(['up', '--secure-port=many']), /--secure-port .*port number/);
    assertMistake(await typernetes(['up', '--nodes=-1']), /--nodes .*whole number/);
    assertMistake(await typernetes(['up', 'something']), /too many arguments/);
    const directory = temporaryDirectory();
    try {
      const up = (...args: string[]): Promise<Result> =>
        typernetes(['up', `--data-dir=${directory}/data`, simulated, '--secure-port=0', ...args]);
      assertMistake(await up('--service-cluster-ip-range=10.0.0.0'), /10\.0\.0\.0 is no IPv4 range/);
      assertMistake(
        await up('--nodes=2', '--container-runtime-endpoint=unix:///nowhere.sock'),
        /this machine is one node/,
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('a kubeconfig that cannot be used is named', async () => {
    const directory = temporaryDirectory();
    try {
      const broken = path.join(directory, 'broken.yaml');
      const empty = path.join(directory, 'empty.yaml');
      writeFileSync(broken, 'clusters: [\n');
      writeFileSync(empty, 'apiVersion: v1\nkind: Config\n');
      for (const name of ['scheduler', 'controller-manager', 'kubelet', 'proxy', 'dns', 'conformance']) {
        const [missing, unreadable, without] = await Promise.all(
          [path.join(directory, 'missing'), broken, empty].map((file) => typernetes([name, `--kubeconfig=${file}`])),
        );
        assertMistake(missing!, /missing: there is no such file/);
        assertMistake(unreadable!, /broken\.yaml: /);
        assertMistake(without!, /empty\.yaml has no current-context/);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('a port that is taken is named', async () => {
    const server = createServer();
    const directory = temporaryDirectory();
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      assertMistake(
        await typernetes(['up', `--data-dir=${directory}`, `--secure-port=${port}`, simulated]),
        new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken`),
      );
    } finally {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('npx typernetes version', async () => {
    const { code, stdout, stderr } = await run(['npx', '--no-install', 'typernetes', 'version'], { cwd: root });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^kubernetes: v1\.36\.\d+$/m);
    const { stdout: json } = await typernetes(['version', '--output=json']);
    assert.equal((JSON.parse(json) as { kubernetes: string }).kubernetes, /^kubernetes: (.*)$/m.exec(stdout)?.[1]);
  });
});

test('a directory in use is refused, and wrong credentials too', { skip: withoutKubectl }, async () => {
  await withCluster([simulated], async (cluster, kubectl) => {
    assertMistake(
      await typernetes(['up', `--data-dir=${cluster.dataDirectory}`, '--secure-port=0', simulated]),
      new RegExp(`process ${cluster.pid}\\) uses this data directory`),
    );
    const config = JSON.parse(await kubectl.run(['config', 'view', '--raw', '-o', 'json'])) as {
      users: { user: Record<string, string> }[];
    };
    config.users[0]!.user = { token: 'not-a-token' };
    const file = path.join(cluster.dataDirectory, 'wrong.kubeconfig');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    assert.match((await new Kubectl(file).result(['get', 'pods'])).stderr, /Unauthorized|must be logged in/);
    await kubectl.run(['get', 'pods']);
    const parts = (await kubectl.run(['get', 'componentstatuses', '--no-headers'])).trim().split('\n');
    assert.deepEqual(parts.map((row) => row.split(/\s+/, 2).join(' ')).sort(), [
      'controller-manager Healthy',
      'etcd-0 Healthy',
      'scheduler Healthy',
    ]);
  });
});

const nobody = 65_534;

/** setpriv replaces itself by the program, so that the process we start is the one we signal. */
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const;

async function withoutNobody(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root to become somebody else';
  if (findOnPath('setpriv') === undefined) return 'needs setpriv';
  const { code } = await run([...asNobody, nodeExecutable(), '--version'], { cwd: '/' });
  return code === 0 ? false : `${root} cannot be read by other users`;
}

test('up without root: a Ready node, kubectl works', { skip: withoutKubectl || (await withoutNobody()) }, async (t) => {
  const home = temporaryDirectory();
  try {
    chownSync(home, nobody, nobody);
    const directory = path.join(home, '.local', 'share', 'typernetes');
    mkdirSync(path.dirname(directory), { recursive: true });
    for (const folder of ['.local', '.local/share']) chownSync(path.join(home, folder), nobody, nobody);
    const environment = { HOME: home, USER: 'nobody', XDG_DATA_HOME: '', TMPDIR: home };
    const cluster = await startCluster({ prefix: asNobody, directory, environment });
    try {
      t.diagnostic(`ready after ${seconds(cluster.readyAfterMs)}`);
      const kubectl = new Kubectl(cluster.kubeconfig);
      assert.match(await kubectl.run(['get', 'nodes']), / Ready /);
      await kubectl.run(['create', 'deployment', 'web', '--image=example.test/app:1']);
      await rolledOut(kubectl, 'web');
      assert.match(cluster.output(), /Pods are simulated: .*root/);
    } finally {
      const { code, leftovers } = await cluster.stop();
      assert.deepEqual({ code, leftovers }, { code: 0, leftovers: [] });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
