import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import { type Harness, runPods, startHarness } from '../testing/harness.ts';
import { desiredOwners } from './claim-owners.ts';
import { startStatefulSetController } from './stateful-set-controller.ts';

describe('StatefulSet', () => {
  let harness: Harness;
  let stopPods: () => void;
  let ready: (pod: Pod) => boolean;
  beforeEach(async () => {
    ready = () => true;
    harness = await startHarness([startStatefulSetController]);
    stopPods = runPods(harness.server, (pod) => ready(pod));
  });
  afterEach(async () => {
    stopPods();
    await harness.stop();
  });

  async function create(spec: Partial<StatefulSet['spec']> = {}): Promise<void> {
    await harness.server
      .client()
      .resource(resources.statefulSets)
      .create('default', {
        metadata: { name: 'db', generation: 1 },
        spec: {
          replicas: 3,
          serviceName: 'db',
          podManagementPolicy: 'OrderedReady',
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
          revisionHistoryLimit: 10,
          selector: { matchLabels: { app: 'db' } },
          template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'db:1' }] } },
          ...spec,
        },
      });
  }
  const current = (): StatefulSet =>
    harness.server.get(resources.statefulSets, 'default', 'db') ?? assert.fail('no stateful set');
  const patch = (spec: unknown) =>
    harness.server.client().resource(resources.statefulSets).patch('default', 'db', { spec }, { type: 'merge' });
  const names = (): string[] =>
    harness.server
      .list(resources.pods)
      .map((pod) => pod.metadata?.name ?? '')
      .sort();
  const image = (name: string) => harness.server.get(resources.pods, 'default', name)?.spec?.containers[0]?.image;
  const template = (to: string) => ({ template: { spec: { containers: [{ name: 'c', image: to }] } } });
  const available = (count: number) =>
    harness.server.waitFor(() => current().status?.availableReplicas === count, `${count} available`);

  it('creates in order, each with its identity and claims, and scales down from the last', async () => {
    const { server } = harness;
    let open = -1;
    ready = (pod) => Number(pod.metadata?.name?.at(-1)) <= open;
    await create({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }] });
    await server.waitFor(() => names().length === 1, 'the first pod');
    open = 0;
    const first = server.get(resources.pods, 'default', 'db-0') ?? assert.fail();
    server.put(resources.pods, { ...first, metadata: { ...first.metadata, annotations: { poke: '1' } } });
    await server.waitFor(() => names().length === 2, 'the second pod');
    open = 9;
    const second = server.get(resources.pods, 'default', 'db-1') ?? assert.fail();
    server.put(resources.pods, { ...second, metadata: { ...second.metadata, annotations: { poke: '1' } } });
    await available(3);
    const pod = server.get(resources.pods, 'default', 'db-2');
    assert.equal(pod?.spec?.hostname, 'db-2');
    assert.equal(pod?.spec?.subdomain, 'db');
    assert.equal(pod?.metadata?.labels?.['statefulset.kubernetes.io/pod-name'], 'db-2');
    assert.equal(pod?.metadata?.labels?.['apps.kubernetes.io/pod-index'], '2');
    assert.equal(pod?.metadata?.labels?.['controller-revision-hash'], current().status?.updateRevision);
    assert.deepEqual(pod?.spec?.volumes, [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-2' } }]);
    const claims = server.list(resources.persistentVolumeClaims);
    assert.deepEqual(claims.map(({ metadata }) => metadata?.name ?? '').sort(), [
      'data-db-0',
      'data-db-1',
      'data-db-2',
    ]);
    assert.deepEqual(claims[0]?.metadata?.labels, { app: 'db' });
    await patch({ replicas: 1 });
    await server.waitFor(() => names().join() === 'db-0' && current().status?.replicas === 1, 'one pod');
    assert.equal(server.list(resources.persistentVolumeClaims).length, 3);
    await server.waitFor(
      () => harness.events().some(({ message }) => message === 'Create Pod db-0 in StatefulSet db successful'),
      'an event',
    );
  });

  it('rolls out from the last, down to the partition, then completes', async () => {
    await create();
    await available(3);
    const before = current().status?.currentRevision;
    await patch({ updateStrategy: { rollingUpdate: { partition: 2 } }, ...template('db:2') });
    await harness.server.waitFor(() => image('db-2') === 'db:2', 'the last pod updated');
    await harness.server.waitFor(
      () => current().status?.updatedReplicas === 1 && current().status?.readyReplicas === 3,
      'one updated',
    );
    assert.deepEqual([image('db-0'), image('db-1')], ['db:1', 'db:1']);
    assert.equal(current().status?.currentRevision, before);
    assert.equal(current().status?.currentReplicas, 2);
    // Below the partition a lost pod comes back as it was.
    harness.server.remove(resources.pods, 'default', 'db-0');
    await harness.server.waitFor(() => image('db-0') !== undefined, 'db-0 again');
    assert.equal(image('db-0'), 'db:1');
    await patch({ updateStrategy: { rollingUpdate: { partition: 0 } } });
    await harness.server.waitFor(
      () => current().status?.currentRevision === current().status?.updateRevision,
      'a complete rollout',
    );
    assert.equal(current().status?.currentReplicas, 3);
    // Back to the first template: its revision becomes the newest again.
    await patch(template('db:1'));
    await harness.server.waitFor(() => current().status?.currentRevision === before, 'a rollback');
    const revisions = harness.server.list(resources.controllerRevisions);
    assert.deepEqual(
      revisions.map(({ revision }) => revision).sort((a, b) => a - b),
      [2, 3],
    );
  });

  it('waits for deletion with OnDelete, and starts all at once with Parallel', async () => {
    ready = () => false;
    await create({ podManagementPolicy: 'Parallel', updateStrategy: { type: 'OnDelete' } });
    await harness.server.waitFor(() => names().length === 3, 'all pods');
    await patch(template('db:2'));
    await harness.server.waitFor(
      () => current().status?.updateRevision !== current().status?.currentRevision,
      'a second revision',
    );
    assert.equal(image('db-1'), 'db:1');
    harness.server.remove(resources.pods, 'default', 'db-1');
    await harness.server.waitFor(() => image('db-1') === 'db:2', 'the new one');
    assert.equal(image('db-0'), 'db:1');
  });

  it('replaces a pod that has failed', async () => {
    await create({ replicas: 1 });
    await available(1);
    const pod = harness.server.get(resources.pods, 'default', 'db-0') ?? assert.fail();
    harness.server.put(resources.pods, { ...pod, status: { phase: 'Failed' } });
    await harness.server.waitFor(() => {
      const now = harness.server.get(resources.pods, 'default', 'db-0');
      return now !== undefined && now.metadata?.uid !== pod.metadata?.uid;
    }, 'another pod');
  });

  it('starts counting where it is told to', async () => {
    await create({ replicas: 2, ordinals: { start: 5 } });
    await available(2);
    assert.deepEqual(names(), ['db-5', 'db-6']);
  });
});

describe('claim owners', () => {
  const set = (whenDeleted: string, whenScaled: string, replicas: number): StatefulSet => ({
    metadata: { name: 'db', uid: 'set' },
    spec: {
      replicas,
      selector: {},
      template: {},
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
    },
  });
  const pod: Pod = { metadata: { name: 'db-1', uid: 'pod' } };
  const claim: PersistentVolumeClaim = { metadata: { name: 'data-db-1' } };
  const owners = (whenDeleted: string, whenScaled: string, replicas: number) =>
    desiredOwners(claim, set(whenDeleted, whenScaled, replicas), pod)?.map(({ uid }) => uid);
  it('follow the policy', () => {
    assert.equal(owners('Retain', 'Retain', 2), undefined);
    assert.deepEqual(owners('Delete', 'Retain', 2), ['set']);
    assert.deepEqual(owners('Delete', 'Retain', 1), ['set']);
    assert.equal(owners('Retain', 'Delete', 2), undefined);
    assert.deepEqual(owners('Retain', 'Delete', 1), ['pod']);
    assert.deepEqual(owners('Delete', 'Delete', 2), ['set']);
    assert.deepEqual(owners('Delete', 'Delete', 1), ['pod']);
  });
});
