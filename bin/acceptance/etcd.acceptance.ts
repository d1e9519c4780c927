/** Objects in a real etcd: whatever is killed, the cluster goes on. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { freePort } from '../up/ports.ts';
import { eventually, seconds, simulated, withCluster, withoutKubectl } from './cluster.ts';
import { apiAnswers, deploy, killApiserverDuringWrites, podUids, rolledOut, watchThrough } from './crash.ts';
import { findOnPath } from './program.ts';

const etcd = findOnPath('etcd');

class Etcd {
  readonly #arguments: string[];
  readonly url: string;
  #child: ChildProcess | undefined;

  constructor(directory: string, clientPort: number, peerPort: number) {
    this.url = `http://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    this.#arguments = [
      `--data-dir=${directory}`,
      `--listen-client-urls=${this.url}`,
      `--advertise-client-urls=${this.url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  }

  async start(): Promise<void> {
    this.#child = spawn(etcd ?? 'etcd', this.#arguments, { stdio: 'ignore' });
    await eventually('etcd is healthy', async () => {
      const response = await fetch(`${this.url}/health`).catch(() => undefined);
      return response !== undefined && (await response.text()).includes('"true"');
    });
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

const skip = withoutKubectl || (etcd === undefined ? 'needs etcd' : false);

test('a cluster on etcd survives its API server and etcd being killed', { skip }, async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tn-etcd-'));
  const port = await freePort('127.0.0.1', 0);
  const store = new Etcd(directory, port, await freePort('127.0.0.1', 0, [port]));
  try {
    await store.start();
    await withCluster([simulated, '--nodes=2', `--etcd-servers=${store.url}`], async (cluster, kubectl) => {
      t.diagnostic(`ready after ${seconds(cluster.readyAfterMs)}`);
      const before = await deploy(kubectl, 'web', 2);
      await watchThrough(kubectl, 'web', 4, async () => {
        const { acknowledged, refused, downMs } = await killApiserverDuringWrites(cluster, kubectl, 'writes');
        t.diagnostic(
          `API server killed: ${acknowledged} writes acknowledged, ${refused} not; down for ${seconds(downMs)}`,
        );
      });
      await watchThrough(kubectl, 'web', 6, async () => {
        await store.end('SIGKILL');
        const refused = await kubectl.result(['create', 'namespace', 'nowhere', '--request-timeout=3s']);
        assert.notEqual(refused.code, 0, 'nothing is acknowledged without etcd');
        const restarted = performance.now();
        await store.start();
        await eventually('the API server answers again', () => apiAnswers(kubectl));
        t.diagnostic(`etcd killed: answering ${seconds(performance.now() - restarted)} after it was started again`);
      });
      await kubectl.run(['scale', 'deployment/web', '--replicas=7']);
      await rolledOut(kubectl, 'web');
      const after = await podUids(kubectl, 'web');
      assert.equal(after.length, 7);
      for (const uid of before) assert.ok(after.includes(uid), `pod ${uid} is kept`);
      const { items } = await kubectl.json<{ items: unknown[] }>(['get', 'configmaps', '-n', 'writes']);
      assert.ok(items.length >= 200, `${items.length} of the acknowledged writes are there`);
    });
  } finally {
    await store.end('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  }
});
