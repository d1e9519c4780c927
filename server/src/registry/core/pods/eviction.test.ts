import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConflict, isTooManyRequests, type KubernetesObject, type StatusError } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import { FakeRegistry, restContext } from '../../testing/registry.ts';
import { bindPod } from './binding.ts';
import { evictPod } from './eviction.ts';

const PODS = { group: '', resource: 'pods' };
const BUDGETS = { group: 'policy', resource: 'poddisruptionbudgets' };
const EVICTION = { metadata: { name: 'web' } };

function setUp(phase: string, budget?: PodDisruptionBudget['status']) {
  const registry = new FakeRegistry();
  const pod: Pod = {
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [] },
    status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
  };
  registry.put(PODS, 'default', pod as KubernetesObject);
  if (budget) {
    const object: PodDisruptionBudget = {
      metadata: { name: 'b', namespace: 'default', generation: 1 },
      spec: { selector: { matchLabels: { app: 'web' } } },
      status: { observedGeneration: 1, ...budget },
    };
    registry.put(BUDGETS, 'default', object as KubernetesObject);
  }
  return { registry, context: restContext(registry) };
}

const BUDGET = { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 };

test('a pod without a budget is deleted', async () => {
  const { registry, context } = setUp('Running');
  assert.equal(((await evictPod('web', EVICTION, context)) as { status?: unknown }).status, 'Success');
  assert.deepEqual(registry.names(PODS), []);
});

test('a budget gives way as often as it allows and then no more', async () => {
  const { registry, context } = setUp('Running', BUDGET);
  await evictPod('web', EVICTION, context);
  const budget = await registry.get<PodDisruptionBudget>(BUDGETS, 'default', 'b');
  assert.equal(budget?.status?.disruptionsAllowed, 0);
  assert.deepEqual(Object.keys(budget?.status?.disruptedPods ?? {}), ['web']);
  assert.equal(budget?.status?.conditions?.[0]?.reason, 'InsufficientPods');

  const refused = setUp('Running', { ...BUDGET, disruptionsAllowed: 0, currentHealthy: 2 });
  await assert.rejects(evictPod('web', EVICTION, refused.context), (error: StatusError) => {
    assert.ok(isTooManyRequests(error));
    assert.equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    assert.deepEqual(error.status.details?.causes, [
      { reason: 'DisruptionBudget', message: 'The disruption budget b needs 2 healthy pods and has 2 currently' },
    ]);
    return true;
  });
  assert.deepEqual(refused.registry.names(PODS), ['web']);
});

test('a pod with two budgets is not evicted', async () => {
  const { registry, context } = setUp('Running', BUDGET);
  const first = await registry.get<PodDisruptionBudget>(BUDGETS, 'default', 'b');
  assert.ok(first);
  const { resourceVersion: _, ...metadata } = first.metadata ?? {};
  await registry.create(BUDGETS, 'default', { ...first, metadata: { ...metadata, name: 'other' } });
  await assert.rejects(evictPod('web', EVICTION, context), ({ code }: StatusError) => code === 500);
  assert.deepEqual(registry.names(PODS), ['web']);
});

test('budgets do not hold pods that have ended', async () => {
  const { registry, context } = setUp('Succeeded', { ...BUDGET, disruptionsAllowed: 0 });
  await evictPod('web', EVICTION, context);
  assert.deepEqual(registry.names(PODS), []);
});

test('a dry run evicts nothing', async () => {
  const { registry } = setUp('Running', BUDGET);
  await evictPod('web', EVICTION, restContext(registry, { dryRun: true }));
  assert.deepEqual(registry.names(PODS), ['web']);
  assert.equal((await registry.get<PodDisruptionBudget>(BUDGETS, 'default', 'b'))?.status?.disruptionsAllowed, 1);
});

test('a pod is bound once', async () => {
  const { registry, context } = setUp('Pending');
  const binding = { metadata: { name: 'web' }, target: { kind: 'Node', name: 'n1' } };
  assert.equal(((await bindPod('web', binding as KubernetesObject, context)) as { code?: unknown }).code, 201);
  const pod = await registry.get<Pod>(PODS, 'default', 'web');
  assert.equal(pod?.spec?.nodeName, 'n1');
  assert.equal(pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True');
  await assert.rejects(bindPod('web', binding as KubernetesObject, context), (error: StatusError) => {
    assert.ok(isConflict(error));
    assert.equal(
      error.message,
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
    );
    return true;
  });
});
