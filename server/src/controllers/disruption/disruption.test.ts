import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { OwnerReference } from '@typernetes/openapi/meta';
import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import { type Harness, startHarness } from '../testing/harness.ts';
import { startDisruptionController } from './disruption-controller.ts';

describe('PodDisruptionBudget', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness([startDisruptionController]);
  });
  afterEach(() => harness.stop());

  const putPod = (name: string, isReady: boolean, owner?: OwnerReference): unknown =>
    harness.server.put(resources.pods, {
      metadata: {
        name,
        namespace: 'default',
        labels: { app: 'web' },
        ...(owner ? { ownerReferences: [owner] } : {}),
      },
      spec: { containers: [] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
    });
  const putBudget = (spec: Partial<PodDisruptionBudget['spec']>, status?: PodDisruptionBudget['status']): unknown =>
    harness.server.put(resources.podDisruptionBudgets, {
      metadata: { name: 'pdb', namespace: 'default', generation: 1 },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
      ...(status ? { status } : {}),
    });
  const status = () => harness.server.get(resources.podDisruptionBudgets, 'default', 'pdb')?.status;
  const condition = () => status()?.conditions?.find(({ type }) => type === 'DisruptionAllowed');

  it('counts ready pods against a minimum', async () => {
    putPod('a', true);
    putPod('b', true);
    putPod('c', false);
    putBudget({ minAvailable: 1 });
    await harness.server.waitFor(() => status()?.disruptionsAllowed === 1, 'one disruption');
    assert.equal(status()?.currentHealthy, 2);
    assert.equal(status()?.desiredHealthy, 1);
    assert.equal(status()?.expectedPods, 3);
    assert.equal(condition()?.reason, 'SufficientPods');
    putPod('b', false);
    await harness.server.waitFor(() => status()?.disruptionsAllowed === 0, 'none');
    assert.equal(condition()?.reason, 'InsufficientPods');
    assert.equal(status()?.observedGeneration, 1);
  });

  it('asks the Deployment behind the ReplicaSet how many there should be', async () => {
    const { server } = harness;
    const uidOf = (object: { metadata?: { uid?: string } }): string => object.metadata?.uid ?? assert.fail('no uid');
    const client = server.client();
    const deployment = await client
      .resource(resources.deployments)
      .create('default', { metadata: { name: 'web' }, spec: { replicas: 4, selector: {}, template: {} } });
    const replicaSet = await client.resource(resources.replicaSets).create('default', {
      metadata: {
        name: 'web-1',
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: uidOf(deployment), controller: true },
        ],
      },
      spec: { replicas: 3, selector: {} },
    });
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web-1',
      uid: uidOf(replicaSet),
      controller: true,
    };
    for (const name of ['a', 'b', 'c']) putPod(name, true, owner);
    putBudget({ maxUnavailable: '50%' });
    await server.waitFor(() => status()?.expectedPods === 4, 'the status');
    assert.equal(status()?.desiredHealthy, 2);
    assert.equal(status()?.disruptionsAllowed, 1);
  });

  it('does not count a pod whose eviction is under way, and forgets it when it is gone', async () => {
    const disruptedPods = { a: new Date().toISOString() };
    putPod('a', true);
    putPod('b', true);
    putBudget({ minAvailable: 1 });
    const seen = await harness.server.waitFor(() => status()?.currentHealthy === 2 && status(), 'two healthy');
    putBudget({ minAvailable: 1 }, { ...seen, disruptedPods });
    await harness.server.waitFor(() => status()?.currentHealthy === 1, 'one healthy');
    assert.equal(status()?.disruptionsAllowed, 0);
    harness.server.remove(resources.pods, 'default', 'a');
    await harness.server.waitFor(() => Object.keys(status()?.disruptedPods ?? {}).length === 0, 'no disrupted pod');
  });

  it('allows nothing when it cannot tell', async () => {
    putPod('a', true, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'gone', uid: 'x', controller: true });
    putBudget({ maxUnavailable: 1 });
    await harness.server.waitFor(() => condition()?.reason === 'SyncFailed', 'the condition');
    assert.equal(condition()?.message, 'found no controllers for pod "a"');
    assert.equal(status()?.disruptionsAllowed, 0);
  });
});
