import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { type Harness, runPods, startHarness } from '../testing/harness.ts';
import { startReplicationController } from './replication-controller.ts';

let harness: Harness;
let stopPods: () => void;
beforeEach(async () => {
  harness = await startHarness([startReplicationController]);
  stopPods = runPods(harness.server);
});
afterEach(async () => {
  stopPods();
  await harness.stop();
});

describe('ReplicationController', () => {
  it('keeps its pods, adopts an orphan, and counts them', async () => {
    const { server } = harness;
    const pods = server.client().resource(resources.pods);
    await pods.create('default', { metadata: { name: 'orphan', labels: { app: 'web' } }, spec: { containers: [] } });
    await server
      .client()
      .resource(resources.replicationControllers)
      .create('default', {
        metadata: { name: 'web', generation: 1 },
        spec: {
          replicas: 3,
          selector: { app: 'web' },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      });
    const current = () => server.get(resources.replicationControllers, 'default', 'web');
    await server.waitFor(() => current()?.status?.readyReplicas === 3, 'three ready pods');
    assert.equal(server.list(resources.pods).length, 3);
    for (const pod of server.list(resources.pods)) {
      assert.deepEqual(
        pod.metadata?.ownerReferences?.map(({ kind, name, controller }) => ({ kind, name, controller })),
        [{ kind: 'ReplicationController', name: 'web', controller: true }],
      );
    }
    assert.equal('terminatingReplicas' in (current()?.status ?? {}), false);
    await server
      .client()
      .resource(resources.replicationControllers)
      .patch('default', 'web', { spec: { replicas: 1 } }, { type: 'merge' });
    await server.waitFor(() => current()?.status?.replicas === 1, 'one pod left');
    await server.waitFor(
      () => harness.events().some((event) => event.involvedObject.kind === 'ReplicationController'),
      'an event',
    );
  });
});
