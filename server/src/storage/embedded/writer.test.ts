import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code } from '../testing/suite.ts';
import type { PendingChange } from './writer.ts';
import { Writer } from './writer.ts';

function change(key: string, revision: number): Omit<PendingChange, 'done'> {
  const entry = { key, value: Buffer.alloc(0), createRevision: revision, modRevision: revision };
  const { value, createRevision } = entry;
  return {
    key,
    revision,
    value,
    createRevision,
    previousRevision: 0,
    deleted: false,
    expiresAt: 0,
    entry,
    previous: undefined,
  };
}

void test('what arrives during a commit goes together in the next; nobody hears of it before it is durable', async () => {
  const groups: number[] = [];
  const committed: number[] = [];
  let release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const writer = new Writer({
    commit: (changes) => {
      groups.push(changes.length);
      started.resolve();
      return release.promise;
    },
    committed: (changes) => committed.push(...changes.map(({ revision }) => revision)),
    failed: () => assert.fail('no failure'),
  });
  const first = writer.queue(change('a', 1));
  await started.promise;
  const rest = [2, 3, 4].map((revision) => writer.queue(change(`k${revision}`, revision)));
  assert.equal(writer.pending('a')?.revision, 1);
  assert.deepEqual(committed, []);
  const hold = release;
  release = Promise.withResolvers();
  release.resolve();
  hold.resolve();
  await first;
  assert.deepEqual(committed.slice(0, 1), [1]);
  assert.equal(writer.pending('a'), undefined);
  await Promise.all(rest);
  assert.deepEqual(groups, [1, 3]);
  assert.deepEqual(committed, [1, 2, 3, 4]);
});

void test('when a commit fails, it and all that builds on it is void, and the next write starts afresh', async () => {
  let full = true;
  let failures = 0;
  const committed: number[] = [];
  const writer = new Writer({
    commit: async () => {
      if (full) throw new Error('no space left on device');
    },
    committed: (changes) => committed.push(...changes.map(({ revision }) => revision)),
    failed: () => (failures += 1),
  });
  const lost = [1, 2].map((revision) => writer.queue(change('a', revision)));
  for (const each of lost) await assert.rejects(each, code('unavailable'));
  assert.equal(failures, 1);
  assert.equal(writer.pending('a'), undefined);
  full = false;
  await writer.queue(change('a', 1));
  assert.deepEqual(committed, [1]);
  await writer.idle();
});
