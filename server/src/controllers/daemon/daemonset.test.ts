import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { DaemonSet } from '@typernetes/openapi/types/apps/v1';
import type { Pod, Taint } from '@typernetes/openapi/types/core/v1';
import { type Harness, startHarness } from '../testing/harness.ts';
import { placement, targetNode } from './daemon-pods.ts';
import { startDaemonSetController } from './daemon-set-controller.ts';
import { rollOut } from './rollout.ts';

/** Schedules each pod to its node and runs it. */
function runDaemons({ server }: Harness): () => void {
  return server.onChange((change) => {
    if (change.resource !== '/pods' || change.type === 'DELETED') return;
    const { name = '', namespace } = change.object.metadata ?? {};
    setImmediate(() => {
      const pod = server.get(resources.pods, namespace, name);
      const node = pod && targetNode(pod);
      if (!pod || !node || pod.status?.phase) return;
      server.put(resources.pods, {
        ...pod,
        spec: { containers: [], ...pod.spec, nodeName: node },
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }],
        },
      });
    });
  });
}

const daemonSet = (spec: Partial<DaemonSet['spec']> = {}): DaemonSet => ({
  metadata: { name: 'agent', generation: 1 },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'c', image: 'agent:1' }] } },
    ...spec,
  },
});

describe('DaemonSet', () => {
  let harness: Harness;
  let stopPods: () => void;
  beforeEach(async () => {
    harness = await startHarness([startDaemonSetController]);
    stopPods = runDaemons(harness);
    for (const name of ['a', 'b', 'c']) putNode(name);
  });
  afterEach(async () => {
    stopPods();
    await harness.stop();
  });

  const putNode = (name: string, labels: Record<string, string> = {}, taints: Taint[] = []): unknown =>
    harness.server.put(resources.nodes, { metadata: { name, labels }, spec: { taints } });
  const create = (spec: Partial<DaemonSet['spec']> = {}) =>
    harness.server.client().resource(resources.daemonSets).create('default', daemonSet(spec));
  const current = () => harness.server.get(resources.daemonSets, 'default', 'agent');
  const places = (): string =>
    harness.server
      .list(resources.pods)
      .map((pod) => targetNode(pod) ?? '')
      .sort()
      .join();
  const patch = (spec: unknown) =>
    harness.server.client().resource(resources.daemonSets).patch('default', 'agent', { spec }, { type: 'merge' });

  it('runs one pod on every node, new ones too, and counts them', async () => {
    const { server } = harness;
    await create();
    await server.waitFor(() => current()?.status?.numberAvailable === 3, 'three available');
    assert.equal(places(), 'a,b,c');
    const [pod] = server.list(resources.pods);
    assert.ok(pod?.spec?.tolerations?.some(({ key }) => key === 'node.kubernetes.io/unschedulable'));
    assert.match(pod?.metadata?.labels?.['controller-revision-hash'] ?? '', /^[a-z0-9]+$/);
    putNode('d');
    await server.waitFor(() => current()?.status?.numberReady === 4, 'four ready');
    server.remove(resources.pods, 'default', pod?.metadata?.name ?? '');
    await server.waitFor(() => places() === 'a,b,c,d', 'the lost one again');
    await server.waitFor(() => current()?.status?.numberUnavailable === undefined, 'none unavailable');
  });

  it('follows labels and taints of nodes', async () => {
    const { server } = harness;
    putNode('a', { disk: 'ssd' });
    await create({
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'c', image: 'i' }] },
      },
    });
    await server.waitFor(() => places() === 'a', 'one pod');
    putNode('b', { disk: 'ssd' });
    await server.waitFor(() => places() === 'a,b', 'two pods');
    putNode('a', {});
    await server.waitFor(() => places() === 'b', 'the other gone');
    putNode('b', { disk: 'ssd' }, [{ key: 'x', effect: 'NoSchedule' }]);
    await server.waitFor(() => current()?.status?.numberMisscheduled === 1, 'it stays, misplaced');
    putNode('b', { disk: 'ssd' }, [{ key: 'x', effect: 'NoExecute' }]);
    await server.waitFor(() => places() === '', 'it goes');
  });

  it('rolls out node by node', async () => {
    const { server } = harness;
    await create();
    await server.waitFor(() => current()?.status?.numberAvailable === 3, 'three available');
    let fewest = 3;
    const stop = server.onChange(() => {
      fewest = Math.min(fewest, server.list(resources.pods).length);
    });
    await patch({ template: { spec: { containers: [{ name: 'c', image: 'agent:2' }] } } });
    await server.waitFor(
      () =>
        server.list(resources.pods).filter((pod) => pod.spec?.containers[0]?.image === 'agent:2').length === 3 &&
        current()?.status?.updatedNumberScheduled === 3,
      'a complete rollout',
    );
    stop();
    assert.equal(fewest, 2);
    assert.deepEqual(
      server
        .list(resources.controllerRevisions)
        .map(({ revision }) => revision)
        .sort((a, b) => a - b),
      [1, 2],
    );
  });

  it('surges: the old pod goes when the new one is there', async () => {
    const { server } = harness;
    await create({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    await server.waitFor(() => current()?.status?.numberAvailable === 3, 'three available');
    let fewest = 3;
    const stop = server.onChange(() => {
      fewest = Math.min(fewest, server.list(resources.pods).length);
    });
    await patch({ template: { spec: { containers: [{ name: 'c', image: 'agent:2' }] } } });
    await server.waitFor(() => {
      const pods = server.list(resources.pods);
      return pods.length === 3 && pods.every((pod) => pod.spec?.containers[0]?.image === 'agent:2');
    }, 'a complete rollout');
    stop();
    assert.equal(fewest, 3);
  });

  it('replaces a failed pod, and says so', async () => {
    const { server } = harness;
    await create();
    await server.waitFor(() => current()?.status?.numberAvailable === 3, 'three available');
    const pod = server.list(resources.pods)[0] ?? assert.fail();
    server.put(resources.pods, { ...pod, status: { phase: 'Failed' } });
    await server.waitFor(() => !server.get(resources.pods, 'default', pod.metadata?.name ?? ''), 'it goes');
    await server.waitFor(() => places() === 'a,b,c', 'another');
    await server.waitFor(() => harness.events().some(({ reason }) => reason === 'FailedDaemonPod'), 'an event');
  });
});

describe('placement', () => {
  it('asks a fixed node name, and tolerates what daemons do', () => {
    const fixed = daemonSet({ template: { spec: { nodeName: 'a', containers: [] } } });
    assert.equal(placement(fixed, { metadata: { name: 'b' } }).shouldRun, false);
    const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
    assert.equal(placement(daemonSet(), { metadata: { name: 'b' }, spec: { taints: [cordoned] } }).shouldRun, true);
  });
});

describe('rollout', () => {
  const pod = (name: string, hash: string, isReady: boolean): Pod => ({
    metadata: { name, labels: { 'controller-revision-hash': hash } },
    status: {
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  });
  it('replaces unavailable pods beyond the budget, available ones within', () => {
    const podsByNode = new Map(
      ['a', 'b', 'c', 'd'].map((node, index) => [node, [pod(node, 'old', index > 1)]] as const),
    );
    const state = { hash: 'new', podsByNode, shouldRun: () => true, desired: ['a', 'b', 'c', 'd'], now: Date.now() };
    const removed = (maxUnavailable: number): string[] =>
      rollOut({
        ...state,
        daemonSet: daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable } } }),
      }).remove.map(({ metadata }) => metadata?.name ?? '');
    assert.deepEqual(removed(1), ['a', 'b']);
    assert.deepEqual(removed(3), ['a', 'b', 'c']);
  });
});
