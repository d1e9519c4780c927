/** A cluster's life is longer than its processes'. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { leftovers, startCluster, type TestCluster } from '../../scripts/cluster.mjs';
import { eventually, Kubectl, processes, seconds, simulated, withCluster, withoutKubectl } from './cluster.ts';
import { deploy, killApiserverDuringWrites, podUids, rolledOut, watchThrough } from './crash.ts';

const serverOf = (kubectl: Kubectl): Promise<string> =>
  kubectl.run(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']);

/** Two starts of one cluster with `end` between them: objects, addresses and running pods are the same. */
async function restarted(end: (cluster: TestCluster) => Promise<void>): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tn-'));
  const args = [simulated, '--nodes=2'];
  try {
    const first = await startCluster({ directory, args });
    const kubectl = new Kubectl(first.kubeconfig);
    const server = await serverOf(kubectl);
    const namespaceUid = ['get', 'namespace', 'default', '-o', 'jsonpath={.metadata.uid}'];
    const before = [await kubectl.run(namespaceUid), ...(await deploy(kubectl, 'web', 3))];
    await end(first);

    const second = await startCluster({ directory, args });
    try {
      assert.equal(await serverOf(kubectl), server, 'the address is kept');
      await kubectl.run(['scale', 'deployment/web', '--replicas=4']);
      await rolledOut(kubectl, 'web');
      const after = [await kubectl.run(namespaceUid), ...(await podUids(kubectl, 'web'))];
      assert.equal(after.length, 5);
      for (const uid of before) assert.ok(after.includes(uid), `${uid} is kept`);
    } finally {
      const { code, leftovers: left } = await second.stop();
      assert.deepEqual({ code, left }, { code: 0, left: [] });
    }
    return `first start ${seconds(first.readyAfterMs)}, second ${seconds(second.readyAfterMs)}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('objects survive Ctrl-C and a second start', { skip: withoutKubectl }, async (t) => {
  const figures = await restarted(async (cluster) => {
    const { code, leftovers: left } = await cluster.stop({ keep: true });
    assert.deepEqual({ code, left }, { code: 0, left: [] });
  });
  t.diagnostic(figures);
});

test('when up is killed its components end, and the next start goes on', { skip: withoutKubectl }, async (t) => {
  let endedMs = 0;
  const figures = await restarted(async (cluster) => {
    assert.equal(processes(cluster.pid).length, 4);
    process.kill(cluster.pid, 'SIGKILL');
    const killed = performance.now();
    await eventually('every component has ended', () => leftovers(cluster.dataDirectory).length === 0, 30_000);
    endedMs = performance.now() - killed;
  });
  t.diagnostic(`components ended ${seconds(endedMs)} after up; ${figures}`);
});

test('a killed API server loses nothing acknowledged, and watches go on', { skip: withoutKubectl }, async (t) => {
  await withCluster([simulated, '--nodes=2'], async (cluster, kubectl) => {
    const before = await deploy(kubectl, 'web', 2);
    await watchThrough(kubectl, 'web', 5, async () => {
      const { acknowledged, refused, downMs } = await killApiserverDuringWrites(cluster, kubectl, 'writes');
      t.diagnostic(`${acknowledged} writes acknowledged, ${refused} not; down for ${seconds(downMs)}`);
    });
    const after = await podUids(kubectl, 'web');
    assert.equal(after.length, 5);
    for (const uid of before) assert.ok(after.includes(uid), `pod ${uid} is kept`);
  });
});

test('two clusters side by side know nothing of each other', { skip: withoutKubectl }, async () => {
  await withCluster([simulated], async (_, one) => {
    await withCluster([simulated], async (_other, two) => {
      assert.notEqual(await serverOf(one), await serverOf(two));
      await Promise.all([deploy(one, 'one', 2), deploy(two, 'two', 2)]);
      assert.match((await two.result(['get', 'deployment', 'one'])).stderr, /NotFound/);
      assert.match((await one.result(['get', 'deployment', 'two'])).stderr, /NotFound/);
    });
    await one.run(['scale', 'deployment/one', '--replicas=3']);
    await rolledOut(one, 'one');
  });
});
