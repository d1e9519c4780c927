// Clusters for tests: `typernetes up` as a child process in a directory of its own, and what must be gone afterwards.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeExecutable, root } from './toolchain.mjs';

export const executable = path.join(root, 'bin', 'typernetes.mjs');

/** A network namespace with an address and a default route, as a machine has; commands run in it through `prefix`. */
export function makeNetwork() {
  const name = `tn-test-${randomBytes(3).toString('hex')}`;
  const inside = ['nsenter', `--net=/run/netns/${name}`];
  const run = (...command) => execFileSync(command[0], command.slice(1), { stdio: 'pipe' });
  run('ip', 'netns', 'add', name);
  run(...inside, 'ip', 'link', 'set', 'lo', 'up');
  run(...inside, 'ip', 'link', 'add', 'node0', 'type', 'veth', 'peer', 'name', 'node1');
  for (const device of ['node0', 'node1']) run(...inside, 'ip', 'link', 'set', device, 'up');
  run(...inside, 'ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'node0');
  run(...inside, 'ip', 'route', 'add', 'default', 'via', '10.99.0.2');
  for (const setting of ['net.ipv4.ip_forward=1', 'net.bridge.bridge-nf-call-iptables=1'])
    run(...inside, 'sysctl', '-qw', setting);
  return {
    name,
    prefix: inside,
    /** Links beside those made here, and nft tables of any name: what a stopped cluster must not leave. */
    leftovers() {
      const links = JSON.parse(run(...inside, 'ip', '-j', 'link').toString()).map(({ ifname }) => ifname);
      const known = new Set(['lo', 'node0', 'node1', ...unnamedLinks()]);
      return [
        ...links.filter((link) => !known.has(link)).map((link) => `network link ${link}`),
        ...run(...inside, 'nft', 'list', 'tables')
          .toString()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => `nft ${line}`),
      ];
    },
    remove: () => run('ip', 'netns', 'del', name),
  };
}

/** Links that the kernel puts into every new namespace on some machines. */
function unnamedLinks() {
  const name = `tn-bare-${randomBytes(3).toString('hex')}`;
  execFileSync('ip', ['netns', 'add', name]);
  try {
    return JSON.parse(execFileSync('nsenter', [`--net=/run/netns/${name}`, 'ip', '-j', 'link']).toString()).map(
      ({ ifname }) => ifname,
    );
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
}

/** Starts a cluster and resolves when it says that it is ready. */
export async function startCluster({ args = [], prefix = [], directory, deadlineMs = 120_000, environment = {} } = {}) {
  const dataDirectory = directory ?? mkdtempSync(path.join(os.tmpdir(), 'tn-'));
  const kubeconfig = path.join(dataDirectory, 'admin.kubeconfig');
  const command = [
    ...prefix,
    nodeExecutable(),
    executable,
    'up',
    `--data-dir=${dataDirectory}`,
    '--secure-port=0',
    ...args,
  ];
  const started = performance.now();
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let output = '';
  const readiness = Promise.withResolvers ? Promise.withResolvers() : withResolvers();
  const read = (chunk) => {
    output += chunk;
    if (output.includes('export KUBECONFIG=')) readiness.resolve();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  void ended.then((code) =>
    readiness.reject(new Error(`up ended with exit code ${code}:\n${output}\n${logs(dataDirectory)}`)),
  );
  const timer = setTimeout(
    () => readiness.reject(new Error(`up was not ready after ${deadlineMs} ms:\n${output}\n${logs(dataDirectory)}`)),
    deadlineMs,
  );
  try {
    await readiness.promise;
  } catch (error) {
    child.kill('SIGTERM');
    await ended;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    dataDirectory,
    kubeconfig,
    pid: child.pid,
    readyAfterMs: performance.now() - started,
    output: () => output,
    /** Ctrl-C; resolves to the exit code. `keep` leaves the data for another start. */
    async stop({ keep = false } = {}) {
      child.kill('SIGINT');
      const code = await ended;
      const left = leftovers(dataDirectory);
      // Never through a mount: it may lead to files that are not ours.
      if (!keep && !left.some((line) => line.startsWith('mount')))
        rmSync(dataDirectory, { recursive: true, force: true });
      return { code, leftovers: left };
    },
  };
}

function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

/** As `up` marks what it makes outside of its directory. */
function mark(directory) {
  return createHash('sha256').update(directory).digest('hex').slice(0, 8);
}

/** Processes, mounts and cgroups of the cluster in the directory. */
export function leftovers(directory) {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command.includes(directory) ? [`process ${pid}: ${command.slice(0, 200)}`] : [];
      } catch {
        return [];
      }
    });
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory))
    .map((line) => `mount ${line}`);
  const cgroups = ['', ...readdirSync('/sys/fs/cgroup')]
    .map((hierarchy) => path.join('/sys/fs/cgroup', hierarchy, `typernetes-${mark(directory)}`))
    .filter((folder) => existsSync(folder))
    .map((folder) => `cgroup ${folder}`);
  return [...processes, ...mounts, ...cgroups];
}

/** The last lines of every component's log. */
export function logs(dataDirectory, lines = 15) {
  const folder = path.join(dataDirectory, 'logs');
  try {
    return readdirSync(folder)
      .map(
        (file) =>
          `--- ${file}\n${readFileSync(path.join(folder, file), 'utf8').trim().split('\n').slice(-lines).join('\n')}`,
      )
      .join('\n');
  } catch {
    return '';
  }
}
