/** A believable cluster on a laptop: a hundred nodes, three thousand pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Kubectl, megabytes, processes, seconds, simulated, withCluster, withoutKubectl } from './cluster.ts';

const nodes = 100;
const pods = 3000;
/** Of the cluster's processor time, for others may be at work on the machine. */
const readyWithinSeconds = 90;
const goneWithinSeconds = 120;
/** For what never comes. */
const patienceMs = 400_000;

const lines = (output: string): number => output.split('\n').filter(Boolean).length;

async function waitForReplicas(kubectl: Kubectl, replicas: number): Promise<void> {
  const wait = ['wait', 'deployment/big', `--for=jsonpath={.status.readyReplicas}=${replicas}`];
  await kubectl.run([...wait, `--timeout=${patienceMs}ms`], { timeoutMs: patienceMs });
}

test(`${pods} pods on ${nodes} nodes`, { skip: withoutKubectl, timeout: 3 * patienceMs }, async (t) => {
  await withCluster([simulated, `--nodes=${nodes}`], async (cluster, kubectl) => {
    const processorSeconds = (): number =>
      processes(cluster.pid).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
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
    let spent = processorSeconds();
    await kubectl.run(['scale', 'deployment/big', `--replicas=${pods}`]);
    await waitForReplicas(kubectl, pods);
    const readyMs = performance.now() - started;
    const readySeconds = processorSeconds() - spent;
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
    spent = processorSeconds();
    // Foreground: the deployment goes last, so that kubectl waits for the pods with one watch.
    await kubectl.run(['delete', 'deployment/big', '--cascade=foreground', `--timeout=${patienceMs}ms`], {
      timeoutMs: patienceMs,
    });
    const goneMs = performance.now() - started;
    const goneSeconds = processorSeconds() - spent;
    assert.equal(lines(await kubectl.run(['get', 'pods', '-A', '--no-headers'])), 0);
    t.diagnostic(`all pods gone ${seconds(goneMs)} after the deployment; ${memory()}`);

    assert.ok(readySeconds < readyWithinSeconds, `ready after ${readySeconds} s of processor`);
    assert.ok(goneSeconds < goneWithinSeconds, `gone after ${goneSeconds} s of processor`);
  });
});
