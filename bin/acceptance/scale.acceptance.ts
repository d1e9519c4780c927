/** A believable cluster on a laptop: a hundred nodes, three thousand pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Kubectl, megabytes, processes, seconds, simulated, withCluster, withoutKubectl } from './cluster.ts';

const nodes = 100;
const pods = 3000;
const readyWithinMs = 90_000;
const goneWithinMs = 120_000;

const lines = (output: string): number => output.split('\n').filter(Boolean).length;

async function waitForReplicas(kubectl: Kubectl, replicas: number): Promise<void> {
  const wait = ['wait', 'deployment/big', `--for=jsonpath={.status.readyReplicas}=${replicas}`];
  await kubectl.run([...wait, `--timeout=${2 * readyWithinMs}ms`], { timeoutMs: 3 * readyWithinMs });
}

test(`${pods} pods on ${nodes} nodes`, { skip: withoutKubectl }, async (t) => {
  await withCluster([simulated, `--nodes=${nodes}`], async (cluster, kubectl) => {
    const memory = (): string => {
      const parts = processes(cluster.pid);
      const sum = parts.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
      const each = parts.map(
        ({ name, memoryBytes, cpuSeconds }) =>
          `${name} ${megabytes(memoryBytes)} (${cpuSeconds.toFixed(0)} s of processor)`,
      );
      return `${megabytes(sum)}: ${each.join(', ')}`;
    };
    t.diagnostic(`${nodes} nodes ready after ${seconds(cluster.readyAfterMs)}; ${memory()}`);

    await kubectl.run(['create', 'deployment', 'big', '--image=example.test/app:1', '--replicas=1']);
    await waitForReplicas(kubectl, 1);
    let started = performance.now();
    await kubectl.run(['scale', 'deployment/big', `--replicas=${pods}`]);
    await waitForReplicas(kubectl, pods);
    const readyMs = performance.now() - started;
    t.diagnostic(`${pods} pods ready after ${seconds(readyMs)}; ${memory()}`);

    const list = await kubectl.result(['get', 'pods', '-A', '--no-headers']);
    assert.equal(lines(list.stdout), pods);
    assert.equal(list.stdout.match(/ 1\/1 +Running /g)?.length, pods);
    const spread = new Set((await kubectl.run(['get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}'])).split(' '));
    assert.equal(spread.size, nodes, 'every node has pods');
    const ips = (await kubectl.run(['get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}'])).split(' ');
    assert.equal(new Set(ips).size, pods, 'every pod has an address of its own');
    t.diagnostic(`kubectl get pods -A took ${seconds(list.milliseconds)}; ${memory()}`);

    started = performance.now();
    // Foreground: the deployment goes last, so that kubectl waits for the pods with one watch.
    await kubectl.run(['delete', 'deployment/big', '--cascade=foreground', `--timeout=${2 * goneWithinMs}ms`], {
      timeoutMs: 3 * goneWithinMs,
    });
    const goneMs = performance.now() - started;
    assert.equal(lines(await kubectl.run(['get', 'pods', '-A', '--no-headers'])), 0);
    t.diagnostic(`all pods gone ${seconds(goneMs)} after the deployment; ${memory()}`);

    assert.ok(readyMs < readyWithinMs, `ready within ${seconds(readyWithinMs)}`);
    assert.ok(goneMs < goneWithinMs, `gone within ${seconds(goneWithinMs)}`);
  });
});
