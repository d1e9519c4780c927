import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import type { Deployment } from '@typernetes/openapi/types/apps/v1';
import { deployments } from './index.ts';

const CONTEXT = {
  user: { name: 'u', groups: [] },
  now: new Date('2026-01-01T00:00:00Z'),
  dryRun: false,
  subresource: '',
};

function deployment(spec: Partial<NonNullable<Deployment['spec']>> = {}): Deployment {
  const object: Deployment = {
    metadata: { name: 'web', namespace: 'default', creationTimestamp: '2025-12-31T23:59:00Z' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'nginx' }] } },
      ...spec,
    },
  };
  deployments.strategy?.default?.(object);
  return object;
}

const errorsOf = (object: Deployment): string[] =>
  (deployments.strategy?.validate?.(object, CONTEXT) ?? []).map(fieldErrorMessage);

test('defaults', () => {
  const { template, selector, ...rest } = deployment().spec ?? {};
  assert.ok(template && selector);
  assert.deepEqual(rest, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  assert.equal(template.spec?.containers[0]?.imagePullPolicy, 'Always');
  assert.deepEqual(errorsOf(deployment()), []);
});

const REFUSALS: readonly [string, Partial<NonNullable<Deployment['spec']>>, string[]][] = [
  [
    'a selector that misses its pods',
    { selector: { matchLabels: { app: 'other' } } },
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    'an empty selector',
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  ['negative replicas', { replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  [
    'a rollout that cannot move',
    { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    'rolling parameters of a Recreate',
    { strategy: { type: 'Recreate', rollingUpdate: {} } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
];

for (const [name, spec, messages] of REFUSALS)
  test(`refuses ${name}`, () => assert.deepEqual(errorsOf(deployment(spec)), messages));

test('the selector stays', () => {
  const old = deployment();
  const labels = { app: 'web', tier: 'x' };
  const object = deployment({ selector: { matchLabels: labels } });
  Object.assign(object.spec?.template.metadata ?? {}, { labels });
  assert.deepEqual((deployments.strategy?.validateUpdate?.(object, old, CONTEXT) ?? []).map(fieldErrorMessage), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable',
  ]);
});

test('cells and scale', () => {
  const object: Deployment = {
    ...deployment({ replicas: 3 }),
    status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1, replicas: 3 },
  };
  assert.deepEqual(deployments.table?.cells(object, CONTEXT.now), ['web', '1/3', 2, 1, '60s', 'a', 'nginx', 'app=web']);
  const scale = deployments.subresources?.['scale'];
  assert.deepEqual(scale?.view?.(object), {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'web', namespace: 'default', creationTimestamp: '2025-12-31T23:59:00Z' },
    spec: { replicas: 3 },
    status: { replicas: 3, selector: 'app=web' },
  });
  scale?.apply?.({ metadata: { name: 'web' }, spec: { replicas: 5 } } as never, object);
  assert.equal(object.spec?.replicas, 5);
});
