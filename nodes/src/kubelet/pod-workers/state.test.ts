import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PodUpdate, PodWorkerState } from './state.ts';

const pod = (over: object = {}, spec: object = {}) => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...over },
  spec: { containers: [{ name: 'c', image: 'i' }], terminationGracePeriodSeconds: 30, ...spec },
});
const deleted = (seconds: number) =>
  pod({ deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: seconds });
const update = (type: PodUpdate['type'], of = pod(), more: Partial<PodUpdate> = {}): PodUpdate => ({
  type,
  pod: of,
  ...more,
});

test('a pod is synced, stopped, cleaned up, and then rests', () => {
  const state = new PodWorkerState(pod());
  assert.equal(state.next(), undefined);
  state.update(update('create'));
  assert.equal(state.next()?.type, 'sync');
  assert.equal(state.next(), undefined, 'one work at a time');
  assert.deepEqual(state.done({ type: 'done', requeueAfterMs: 60_000 }), { requeueAfterMs: 60_000 });
  assert.equal(state.next(), undefined);
  state.update(update('update', deleted(30)));
  const work = state.next();
  assert.equal(work?.type, 'terminating');
  assert.equal(work?.gracePeriodSeconds, 30);
  assert.deepEqual(state.done({ type: 'done' }), { requeueAfterMs: 0 });
  assert.equal(state.next()?.type, 'terminated');
  assert.deepEqual(state.done({ type: 'done' }), { requeueAfterMs: undefined });
  assert.equal(state.phase, 'finished');
  state.update(update('update', deleted(0)));
  assert.equal(state.next(), undefined);
});

test('a deletion aborts a sync; a shorter grace period aborts a stop; a longer one is ignored', () => {
  const state = new PodWorkerState(pod());
  state.update(update('create'));
  state.next();
  assert.deepEqual(state.update(update('update', deleted(30))), { abort: true });
  assert.deepEqual(state.done({ type: 'failed', requeueAfterMs: 10_000 }), { requeueAfterMs: 0 });
  assert.equal(state.next()?.type, 'terminating');
  assert.deepEqual(state.update(update('update', deleted(60))), { abort: false });
  assert.deepEqual(state.update(update('update', deleted(0))), { abort: true });
  state.done({ type: 'failed', requeueAfterMs: 10_000 });
  assert.equal(state.next()?.gracePeriodSeconds, 1, 'never less than a second');
});

test('containers that ended for good end the pod without a deletion', () => {
  const state = new PodWorkerState(pod());
  state.update(update('create'));
  state.next();
  assert.deepEqual(state.done({ type: 'done', terminal: true }), { requeueAfterMs: 0 });
  assert.equal(state.next()?.type, 'terminating');
});

test('a pod that was terminal before we saw it is only cleaned up', () => {
  const finished = { ...pod(), status: { phase: 'Succeeded' } };
  const state = new PodWorkerState(finished);
  state.update(update('create', finished));
  assert.equal(state.next()?.type, 'terminating');
});

test('an eviction keeps its reason; an orphan ends without a last status', () => {
  const state = new PodWorkerState(pod());
  const status = { phase: 'Failed' as const, reason: 'Evicted', message: 'The node was low on resource: memory.' };
  state.update(update('kill', pod(), { gracePeriodSeconds: 0, status }));
  const work = state.next();
  assert.deepEqual(work?.status, status);
  assert.equal(work?.gracePeriodSeconds, 1);
  const orphan = new PodWorkerState(pod());
  orphan.update(update('kill', pod(), { orphan: true }));
  assert.equal(orphan.next()?.type, 'terminating');
  orphan.done({ type: 'done' });
  assert.equal(orphan.phase, 'finished');
});

test('a failed stop is tried again, never skipped', () => {
  const state = new PodWorkerState(pod());
  state.update(update('update', deleted(5)));
  state.next();
  assert.deepEqual(state.done({ type: 'failed', requeueAfterMs: 10_000 }), { requeueAfterMs: 10_000 });
  state.requeue();
  assert.equal(state.next()?.type, 'terminating');
});
