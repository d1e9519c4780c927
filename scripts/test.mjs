// npm test: everything, from a clean clone. Each stage prints what it does; the last line counts.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { executable, logs, makeNetwork, startCluster } from './cluster.mjs';
import { bundle, install } from './install.mjs';
import { ensureKubectl } from './kubectl.mjs';
import { ensurePythonClient } from './python-client.mjs';
import { findProgram, installSystemPackages } from './system-packages.mjs';
import { nodeExecutable, root } from './toolchain.mjs';

const totals = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told once more at the end: the rest of a long output may be cut. */
const failures = [];
const asked = new Set(process.argv.slice(2));
const wanted = (name) => asked.size === 0 || asked.has(name);

function add({ passed = 0, failed = 0, skipped = 0, failures: told = [] }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  failures.push(...told);
}

function fail(what) {
  console.error(`FAILED ${what}`);
  add({ failed: 1, failures: [what] });
}

async function stage(name, work) {
  if (!wanted(name)) return;
  const started = performance.now();
  console.log(`\n=== ${name}`);
  try {
    await work();
  } catch (error) {
    fail(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  console.log(`=== ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function skip(what, reason) {
  console.log(`skipped ${what} (${reason})`);
  add({ skipped: 1 });
}

const cache = path.join(root, '.cache');
mkdirSync(cache, { recursive: true });
install();
const missing = installSystemPackages();
if (missing.length > 0) console.log(`Not on this machine: ${missing.join(' ')}`);
const kubectl = ensureKubectl();
if (kubectl !== undefined) process.env.PATH = `${path.dirname(kubectl)}${path.delimiter}${process.env.PATH}`;

const pythonClient = ensurePythonClient();
if (pythonClient) process.env.PYTHONPATH = [pythonClient, process.env.PYTHONPATH].filter(Boolean).join(path.delimiter);

await stage('check', () => {
  const { status } = spawnSync(process.execPath, ['scripts/check.mjs'], { cwd: root, stdio: 'inherit' });
  if (status === 0) add({ passed: 1 });
  else fail(`check: exit code ${status}`);
});

await stage('bundle', () => bundle());

/** node:test over files; its counts are added. */
function runTests(files, options = []) {
  const file = path.join(cache, 'test-totals.json');
  rmSync(file, { force: true });
  const { status } = spawnSync(
    nodeExecutable(),
    [
      '--test',
      '--test-timeout=300000',
      '--test-reporter=./scripts/test-reporter.mjs',
      '--test-reporter-destination=stdout',
      ...options,
      ...files,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_TOTALS: file } },
  );
  if (!existsSync(file)) throw new Error(`node --test ended with exit code ${status} and told no totals`);
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  add(counts);
  if (status !== 0 && counts.failed === 0) fail(`node --test: exit code ${status}, though no test failed`);
  if (counts.passed === 0) throw new Error('no test ran');
}

await stage('unit', () =>
  runTests(
    [
      'openapi/**/*.test.ts',
      'server/**/*.test.ts',
      'nodes/**/*.test.ts',
      'conformance/**/*.test.ts',
      'bin/**/*.test.ts',
    ],
    ['--test-concurrency=2'],
  ),
);

/** The conformance command against a cluster; its counts are added. */
function runConformance(cluster, { prefix = [], args = [], report }) {
  const directory = path.join(root, 'report', report);
  rmSync(directory, { recursive: true, force: true });
  const command = [
    ...prefix,
    nodeExecutable(),
    executable,
    'conformance',
    `--kubeconfig=${cluster.kubeconfig}`,
    `--report=${directory}`,
    ...args,
  ];
  if (kubectl !== undefined) command.push(`--kubectl=${kubectl}`);
  const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit' });
  const file = path.join(directory, 'promises.json');
  if (!existsSync(file)) throw new Error(`conformance ended with exit code ${status} and wrote no report`);
  const { totals: counts, promises } = JSON.parse(readFileSync(file, 'utf8'));
  const failed = promises.filter(({ result }) => result === 'failed');
  add({ ...counts, failures: failed.map(({ area, name, message }) => `${report}: [${area}] ${name}: ${message}`) });
  if (counts.failed > 0) console.log(logs(cluster.dataDirectory, 10));
}

/** A stopped cluster must have ended well and left nothing. */
function checkStop(name, { code, leftovers }, more = []) {
  const problems = [...(code === 0 ? [] : [`exit code ${code}`]), ...leftovers, ...more];
  if (problems.length > 0) return fail(`${name}: after Ctrl-C there was:\n  ${problems.join('\n  ')}`);
  console.log(`ok ${name}: stopped and left nothing`);
  add({ passed: 1 });
}

await stage('simulated', async () => {
  const cluster = await startCluster({ args: ['--container-runtime-endpoint=simulated', '--nodes=2'] });
  console.log(`two simulated nodes ready after ${Math.round(cluster.readyAfterMs)} ms`);
  try {
    runConformance(cluster, { report: 'simulated' });
  } finally {
    checkStop('simulated cluster', await cluster.stop());
  }
});

await stage('containers', async () => {
  const programs = ['containerd', 'runc', 'nft', 'ip', 'busybox', 'ctr'];
  const absent = programs.filter((program) => findProgram(program) === undefined);
  if (process.getuid?.() !== 0) return skip('real containers', 'needs root');
  if (absent.length > 0) return skip('real containers', `needs ${absent.join(', ')}`);
  const network = makeNetwork();
  try {
    const cluster = await startCluster({ prefix: network.prefix });
    console.log(`a node with containerd ready after ${Math.round(cluster.readyAfterMs)} ms`);
    try {
      const image = importImage(cluster);
      runConformance(cluster, {
        prefix: network.prefix,
        args: [`--image=${image}`, '--parallel=3'],
        report: 'containers',
      });
    } finally {
      const stopped = await cluster.stop();
      checkStop('cluster with containers', stopped, network.leftovers());
    }
  } finally {
    network.remove();
  }
});

/** The conformance image, built here and imported into the cluster's private containerd. */
function importImage(cluster) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tn-image-'));
  try {
    const archive = path.join(folder, 'busybox.tar');
    const image = execFileSync(
      nodeExecutable(),
      [path.join(root, 'conformance', 'images', 'main.ts'), findProgram('busybox'), archive],
      { encoding: 'utf8' },
    ).trim();
    execFileSync(
      findProgram('ctr'),
      [
        '-a',
        path.join(cluster.dataDirectory, 'containerd', 'containerd.sock'),
        '-n',
        'k8s.io',
        'images',
        'import',
        archive,
      ],
      { stdio: 'pipe' },
    );
    return image;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await stage('acceptance', () => {
  runTests(['bin/**/*.acceptance.ts'], ['--test-concurrency=1']);
});

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
