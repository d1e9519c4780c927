import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { podsToDelete } from './deletion-ranking.ts';
import { slowStart } from './slow-start.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

function pod(
  name: string,
  options: { node?: string; phase?: string; readyFor?: number; restarts?: number; age?: number; cost?: string } = {},
): Pod {
  const { node = 'n', phase = 'Running', readyFor, restarts = 0, age = 1000, cost } = options;
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: ago(age),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
  };
}

describe('pods to delete', () => {
  const ready = { readyFor: 500 };
  const cases: [rule: string, first: Pod, second: Pod][] = [
    ['unassigned before assigned', pod('a', { node: '', phase: 'Pending' }), pod('b', { phase: 'Pending' })],
    ['pending before running', pod('a', { phase: 'Pending' }), pod('b')],
    ['not ready before ready', pod('a'), pod('b', ready)],
    ['cheaper before dearer', pod('a', { ...ready, cost: '-5' }), pod('b', ready)],
    ['an invalid cost counts as none', pod('a', { ...ready, cost: '-1' }), pod('b', { ...ready, cost: '+9' })],
    ['ready for a much shorter time', pod('a', { readyFor: 10 }), pod('b', { readyFor: 1000 })],
    ['more restarts', pod('a', { ...ready, restarts: 3 }), pod('b', { ...ready, restarts: 1 })],
    ['much younger', pod('a', { ...ready, age: 600 }), pod('b', { ...ready, age: 6000 })],
    ['of about the same age: by uid', pod('a', { ...ready, age: 1000 }), pod('b', { ...ready, age: 1001 })],
  ];
  for (const [rule, first, second] of cases) {
    it(rule, () => {
      assert.deepEqual(podsToDelete([second, first], [], 1, now), [first]);
      assert.deepEqual(podsToDelete([first, second], [], 1, now), [first]);
    });
  }

  it('on the node with more of them', () => {
    const pods = [
      pod('a', { ...ready, node: 'one' }),
      pod('b', { ...ready, node: 'two' }),
      pod('c', { ...ready, node: 'two' }),
    ];
    assert.equal(podsToDelete(pods, pods, 1, now)[0]?.spec?.nodeName, 'two');
  });

  it('all of them, if as many as there are', () =>
    assert.equal(podsToDelete([pod('a'), pod('b')], [], 2, now).length, 2));
});

describe('slow start', () => {
  it('doubles batches while all goes well', async () => {
    const batches: number[] = [];
    let current = 0;
    const result = await slowStart(10, () => {
      if (current++ === 0) queueMicrotask(() => batches.push(current) && (current = 0));
      return Promise.resolve();
    });
    assert.deepEqual(result, { succeeded: 10, error: undefined });
    assert.deepEqual(batches, [1, 2, 4, 3]);
  });

  it('stops after a batch with a failure', async () => {
    let calls = 0;
    const error = new Error('quota');
    const result = await slowStart(100, () => (++calls === 3 ? Promise.reject(error) : Promise.resolve()));
    assert.deepEqual(result, { succeeded: 2, error });
    assert.equal(calls, 3);
  });
});
