import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import * as fc from 'fast-check';
import { newReplicaSetAnnotations } from './annotations.ts';
import {
  activeOrLatest,
  maxScaleDown,
  maxSurge,
  maxUnavailable,
  newReplicaSetSize,
  proportionalSizes,
  scaledValue,
  sizeOf,
} from './sizes.ts';

function deployment(
  replicas: number,
  surge: number | string = '25%',
  unavailable: number | string = '25%',
): Deployment {
  return {
    spec: {
      replicas,
      selector: {},
      template: {},
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: surge as never, maxUnavailable: unavailable as never },
      },
    },
  };
}

function replicaSet(
  name: string,
  replicas: number,
  options: { available?: number; max?: number; created?: string } = {},
): ReplicaSet {
  return {
    metadata: {
      name,
      creationTimestamp: options.created ?? '2026-01-01T00:00:00Z',
      ...(options.max === undefined
        ? {}
        : { annotations: { 'deployment.kubernetes.io/max-replicas': String(options.max) } }),
    },
    spec: { replicas, selector: {}, template: {} },
    status: { replicas, availableReplicas: options.available ?? replicas },
  };
}

describe('limits of a rolling update', () => {
  const cases: [
    replicas: number,
    surge: number | string,
    unavailable: number | string,
    maxSurge: number,
    maxUnavailable: number,
  ][] = [
    [10, '25%', '25%', 3, 2],
    [3, '25%', '25%', 1, 0],
    [1, '25%', '25%', 1, 0],
    [10, 0, 0, 0, 1],
    [10, 0, '5%', 0, 1],
    [0, '25%', '25%', 0, 0],
    [2, 1, 5, 1, 2],
    [4, '100%', '100%', 4, 4],
  ];
  for (const [replicas, surge, unavailable, expectedSurge, expectedUnavailable] of cases) {
    it(`${replicas} replicas, surge ${surge}, unavailable ${unavailable}`, () => {
      const subject = deployment(replicas, surge, unavailable);
      assert.equal(maxSurge(subject), expectedSurge);
      assert.equal(maxUnavailable(subject), expectedUnavailable);
    });
  }

  it('rounds surge up and unavailable down', () => {
    assert.equal(scaledValue('1%', 10, true), 1);
    assert.equal(scaledValue('1%', 10, false), 0);
    assert.throws(() => scaledValue('1', 10, true));
  });
});

describe('sizes during a rolling update', () => {
  const cases: [name: string, replicas: number, newSize: number, oldSize: number, expected: number][] = [
    ['starts with the surge', 10, 0, 10, 3],
    ['waits while full', 10, 3, 10, 3],
    ['follows old ones down', 10, 3, 8, 5],
    ['ends at the desired size', 10, 8, 2, 10],
    ['starts at once alone', 10, 0, 0, 10],
  ];
  for (const [name, replicas, newSize, oldSize, expected] of cases) {
    it(name, () =>
      assert.equal(
        newReplicaSetSize(deployment(replicas), [replicaSet('new', newSize), replicaSet('old', oldSize)], newSize),
        expected,
      ),
    );
  }

  it('does not count new pods that are not available yet', () => {
    const young = replicaSet('new', 5, { available: 0 });
    assert.equal(maxScaleDown(deployment(10, 3, 2), [replicaSet('old', 8), young], young), 0);
    const ready = replicaSet('new', 5, { available: 5 });
    assert.equal(maxScaleDown(deployment(10, 3, 2), [replicaSet('old', 8), ready], ready), 5);
  });
});

describe('proportional scaling', () => {
  const cases: [name: string, from: number, to: number, sizes: number[], expected: number[]][] = [
    ['up', 10, 12, [8, 5], [9, 6]],
    ['down', 10, 5, [8, 5], [5, 3]],
    ['to zero', 10, 0, [8, 5], [0, 0]],
    ['nothing to do', 10, 10, [8, 5], [8, 5]],
  ];
  for (const [name, from, to, sizes, expected] of cases) {
    it(name, () => {
      const subject = deployment(to, 3, 2);
      const sets = sizes.map((size, index) =>
        replicaSet(`rs-${index}`, size, { max: from + 3, created: `2026-01-0${index + 1}T00:00:00Z` }),
      );
      const result = proportionalSizes(subject, sets);
      assert.deepEqual(
        sets.map((set) => result.get(set)),
        expected,
      );
    });
  }

  it('always ends at exactly the allowed total', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 20 }),
        (sizes, desired, surge) => {
          const subject = deployment(desired, surge, 1);
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const sets = sizes.map((size, index) => replicaSet(`rs-${index}`, size, { max: total }));
          const result = [...proportionalSizes(subject, sets).values()];
          assert.ok(result.every((size) => size >= 0));
          const after = result.reduce((sum, size) => sum + size, 0);
          if (total > desired + surge) assert.ok(after <= total && after >= 0);
          else assert.equal(after, desired + surge);
        },
      ),
    );
  });
});

describe('annotations of the new ReplicaSet', () => {
  it("carry the Deployment's, the revision and the history", () => {
    const owner: Deployment = {
      metadata: {
        annotations: {
          'kubernetes.io/change-cause': 'edit',
          'deployment.kubernetes.io/revision': '7',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
        },
      },
    };
    const first = newReplicaSetAnnotations(owner, undefined, 1);
    assert.deepEqual(first, { 'kubernetes.io/change-cause': 'edit', 'deployment.kubernetes.io/revision': '1' });
    const second = newReplicaSetAnnotations(owner, first, 3);
    assert.equal(second['deployment.kubernetes.io/revision-history'], '1');
    const third = newReplicaSetAnnotations(owner, second, 5);
    assert.equal(third['deployment.kubernetes.io/revision-history'], '1,3');
    assert.deepEqual(newReplicaSetAnnotations(owner, third, 5), third);
  });
});

describe('which ReplicaSet a change of size goes to', () => {
  it('the only one with pods, or the newest', () => {
    const [young, old, older] = [
      replicaSet('new', 0),
      replicaSet('old', 3),
      replicaSet('older', 0, { created: '2025-01-01T00:00:00Z' }),
    ];
    assert.equal(activeOrLatest(young, [old, older]), old);
    assert.equal(activeOrLatest(young, [older]), young);
    assert.equal(activeOrLatest(undefined, [older, replicaSet('newer', 0)])?.metadata?.name, 'newer');
    assert.equal(activeOrLatest(replicaSet('new', 1), [old]), undefined);
    assert.equal(sizeOf(old), 3);
  });
});
