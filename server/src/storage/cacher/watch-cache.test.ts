import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Entry } from '../storage.ts';
import type { ChangeEvent } from './event-ring.ts';
import { EventRing } from './event-ring.ts';
import { SortedIndex } from './sorted-index.ts';
import { WatchCache } from './watch-cache.ts';

function entry(key: string, modRevision: number, createRevision = modRevision): Entry {
  return { key, value: Buffer.alloc(0), createRevision, modRevision };
}

function put(key: string, revision: number, previous?: Entry): ChangeEvent {
  return { type: 'put', revision, entry: entry(key, revision, previous?.createRevision ?? revision), previous };
}

void test('the index agrees with a sorted array', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.string({ maxLength: 3, unit: 'binary' }).filter((key) => key.isWellFormed()),
          fc.boolean(),
        ),
        {
          maxLength: 300,
        },
      ),
      fc.string({ maxLength: 2 }),
      fc.string({ maxLength: 2 }),
      fc.nat({ max: 20 }),
      (changes, left, right, limit) => {
        const index = new SortedIndex();
        const model = new Map<string, Entry>();
        for (const [number, [key, remove]] of changes.entries()) {
          const known = model.get(key);
          if (remove) {
            assert.equal(index.delete(key), known);
            model.delete(key);
          } else {
            const next = entry(key, number);
            assert.equal(index.set(next), known);
            model.set(key, next);
          }
        }
        const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
        const [start, end] = [left, right].toSorted(compare) as [string, string];
        const expected = [...model.values()]
          .filter(({ key }) => compare(key, start) >= 0 && compare(key, end) < 0)
          .toSorted((a, b) => compare(a.key, b.key));
        assert.deepEqual(index.slice(start, end), expected);
        assert.deepEqual(index.slice(start, end, limit), expected.slice(0, limit));
        assert.equal(index.count(start, end), expected.length);
        assert.equal(index.size, model.size);
      },
    ),
  ));

void test('the index splits and empties its blocks', () => {
  const index = new SortedIndex();
  const keys = Array.from({ length: 5000 }, (_, number) => `k${(number * 2654435761) % 100003}`);
  for (const key of keys) index.set(entry(key, 1));
  const sorted = [...new Set(keys)].toSorted();
  assert.deepEqual(
    index.slice('k', 'l').map(({ key }) => key),
    sorted,
  );
  assert.equal(index.count('k2', 'k3'), sorted.filter((key) => key >= 'k2' && key < 'k3').length);
  for (const key of keys.slice(0, 4900)) index.delete(key);
  assert.deepEqual(
    index.slice('k', 'l').map(({ key }) => key),
    [...new Set(keys.slice(4900))].toSorted(),
  );
  for (const key of keys.slice(4900)) index.delete(key);
  assert.deepEqual(index.slice('k', 'l'), []);
  assert.equal(index.set(entry('k', 1)), undefined);
  assert.equal(index.size, 1);
});

void test('the ring grows while events are fresh, drops the oldest at its maximum, and shrinks when it is quiet', () => {
  const ring = new EventRing(0, { minimum: 100, maximum: 400, freshMs: 75_000 });
  const steps: string[] = [];
  let revision = 0;
  const push = (count: number, now: number): void => {
    for (let index = 0; index < count; index += 1) ring.push(put('k', (revision += 1)), now);
    steps.push(`${now}: ${ring.size} of ${ring.capacity}, floor ${ring.floor}`);
  };
  push(100, 0);
  push(1, 10);
  push(150, 20);
  push(200, 30);
  push(1, 80_000);
  push(99, 80_010);
  push(1, 80_020);
  assert.deepEqual(steps, [
    '0: 100 of 100, floor 0',
    '10: 101 of 200, floor 0',
    '20: 251 of 400, floor 0',
    '30: 400 of 400, floor 51',
    '80000: 200 of 200, floor 252',
    '80010: 100 of 100, floor 451',
    '80020: 101 of 200, floor 451',
  ]);
  assert.equal(ring.after(500).length, 52);
  assert.deepEqual(
    ring.after(ring.floor, 2).map((event) => event.revision),
    [452, 453],
  );
  assert.deepEqual(ring.after(552), []);
});

void test('beyond its minimum the ring holds no more bytes than it may', () => {
  const ring = new EventRing(0, { minimum: 2, maximum: 400, freshMs: 75_000, maximumBytes: 1_000 });
  for (let revision = 1; revision <= 20; revision += 1) {
    const event = put('k', revision);
    ring.push({ ...event, entry: { ...event.entry, value: Buffer.alloc(300) } }, 0);
  }
  assert.deepEqual([ring.size, ring.floor], [3, 17]);
  const large = put('k', 21);
  ring.push({ ...large, entry: { ...large.entry, value: Buffer.alloc(5_000) } }, 0);
  assert.deepEqual(
    ring.after(ring.floor).map((event) => event.revision),
    [20, 21],
  );
});

void test('events of one revision are never told in part', () => {
  const ring = new EventRing(0);
  for (const [key, revision] of [
    ['a', 1],
    ['b', 2],
    ['c', 2],
    ['d', 2],
    ['e', 3],
  ] as const)
    ring.push(put(key, revision), 0);
  assert.deepEqual(
    ring.after(0, 2).map((event) => event.entry.key),
    ['a', 'b', 'c', 'd'],
  );
});

void test('the cache rolls back to any revision that its events reach', () => {
  const cache = new WatchCache({ minimum: 4, maximum: 4, freshMs: 0 });
  const a = entry('/a/a', 1);
  const b = entry('/a/b', 2);
  cache.replace([a, b], 2);
  const state = (revision: number): string =>
    cache
      .range('/a/', '/a0', revision)
      .entries.map(({ key, modRevision }) => `${key.slice(3)}${modRevision}`)
      .join(' ');
  const a3 = entry('/a/a', 3, 1);
  const listed = cache.apply({ type: 'put', revision: 2, entry: entry('/a/b', 2), previous: undefined }, 0);
  assert.equal(listed, undefined, 'the list had it');
  assert.equal(cache.get('/a/b'), b);
  cache.apply({ type: 'put', revision: 3, entry: a3, previous: entry('/a/a', 1) }, 0);
  cache.apply({ type: 'delete', revision: 4, entry: b }, 0);
  cache.apply(put('/a/c', 5), 0);
  cache.apply(put('/a/b', 6), 0);
  assert.deepEqual([2, 3, 4, 5, 6].map(state), ['a1 b2', 'a3 b2', 'a3', 'a3 c5', 'a3 b6 c5']);
  assert.equal(cache.get('/a/a'), a3);
  assert.equal(cache.range('/a/', '/a0', 2).entries[0], a, 'the entry handed out before, not the storage’s copy');
  cache.progress(9);
  assert.equal(state(8), 'a3 b6 c5');
  assert.deepEqual(
    [1, 2, 8, 9, 10].map((revision) => cache.knows(revision)),
    [false, true, true, true, false],
  );
  cache.apply(put('/a/d', 10), 0);
  assert.equal(cache.knows(2), false, 'the ring has moved on');
  assert.equal(cache.knows(3), true);
});
