import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Among, Entry } from '../storage.ts';
import { WatchCache } from './watch-cache.ts';

const first = '/r/';
const beyond = '/r0';
const size = 2_000;

let reads = 0;
const among = (attribute: string, ...values: string[]): Among => ({
  attribute,
  values,
  of: ({ value }) => {
    reads += 1;
    return (JSON.parse(value.toString()) as Record<string, string>)[attribute];
  },
});

function filled() {
  const cache = new WatchCache();
  let revision = 0;
  const state = new Map<string, Entry>();
  const entry = (key: string, value: object): Entry => {
    revision += 1;
    return { key, value: Buffer.from(JSON.stringify(value)), createRevision: revision, modRevision: revision };
  };
  const entries = Array.from({ length: size }, (_, index) =>
    entry(`/r/${String(index).padStart(5, '0')}`, { color: `c${index % 50}`, all: 'same' }),
  );
  cache.replace(entries, revision);
  for (const made of entries) state.set(made.key, made);
  return {
    cache,
    state,
    put: (key: string, value: object): void => {
      const made = entry(key, value);
      cache.apply({ type: 'put', revision, entry: made, previous: state.get(key) }, 0);
      state.set(key, made);
    },
    remove: (key: string): void => {
      const known = state.get(key);
      if (known === undefined) return;
      revision += 1;
      cache.apply({ type: 'delete', revision, entry: known }, 0);
      state.delete(key);
    },
    ask: (asked: Among, start = first) => cache.candidates(start, beyond, revision, asked)?.map(({ key }) => key),
    expected: (attribute: string, ...values: string[]) =>
      [...state.values()]
        .filter(({ value }) => values.includes((JSON.parse(value.toString()) as Record<string, string>)[attribute]!))
        .map(({ key }) => key)
        .toSorted(),
  };
}

test('what is asked for again is found without looking at each', () => {
  const { ask, put, remove, expected } = filled();
  const answers = [1, 2, 3].map(() => ask(among('color', 'c7')));
  assert.deepEqual(answers, [undefined, undefined, expected('color', 'c7')]);
  reads = 0;
  put('/r/00007', { color: 'c8' });
  put('/r/new', { color: 'c7' });
  remove('/r/00057');
  assert.deepEqual(ask(among('color', 'c7')), expected('color', 'c7'));
  assert.equal(reads, 2);
  assert.deepEqual(ask(among('color', 'c8', 'c7', 'c8')), expected('color', 'c7', 'c8'));
  assert.deepEqual(
    ask(among('color', 'c7'), '/r/00500'),
    expected('color', 'c7').filter((key) => key >= '/r/00500'),
  );
  assert.equal(reads, 2);
  assert.deepEqual(ask(among('color', 'none')), []);
});

test('values that most have are looked through for', () => {
  const { ask } = filled();
  for (let turn = 0; turn < 5; turn += 1) assert.equal(ask(among('all', 'same')), undefined);
});

test('an index that nobody asks while all changes is dropped', () => {
  const { ask, put, state, expected } = filled();
  for (let turn = 0; turn < 3; turn += 1) ask(among('color', 'c1'));
  for (let round = 0; round < 2; round += 1) for (const key of [...state.keys(), '/r/x']) put(key, { color: 'c2' });
  put('/r/y', { color: 'c1' });
  reads = 0;
  assert.equal(ask(among('color', 'c1')), undefined);
  assert.equal(reads, 1_000);
  for (let turn = 0; turn < 2; turn += 1) ask(among('color', 'c1'));
  assert.deepEqual(ask(among('color', 'c1')), expected('color', 'c1'));
});

test('what is found is what looking through all finds, whatever changes', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ key: fc.nat(40), color: fc.option(fc.nat(60)) }),
          fc.record({ key: fc.nat(40), removed: fc.constant(true) }),
          fc.record({ asked: fc.nat(60) }),
        ),
        { maxLength: 60 },
      ),
      (steps) => {
        const { ask, put, remove, expected } = filled();
        for (let turn = 0; turn < 3; turn += 1) ask(among('color', 'c0'));
        for (const step of steps) {
          if ('asked' in step) {
            const value = `c${step.asked}`;
            assert.deepEqual(ask(among('color', value)), expected('color', value));
          } else if ('removed' in step) remove(`/r/${String(step.key).padStart(5, '0')}`);
          else put(`/r/${String(step.key).padStart(5, '0')}`, step.color === null ? {} : { color: `c${step.color}` });
        }
      },
    ),
    { numRuns: 30 },
  ));
