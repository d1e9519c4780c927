/** Random histories, checked against the simplest possible model: an array with every change there ever was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Storage } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { Change } from './recorder.ts';
import { describe, Recorder } from './recorder.ts';
import type { StorageFactory, StorageFixture } from './suite.ts';
import { withFixture } from './suite.ts';

/** Numbers pick among what is there: a fraction of the keys, of the revisions so far. */
type Step =
  | { do: 'create'; key: number; value: string }
  | { do: 'update'; key: number; value: string; stale: boolean }
  | { do: 'delete'; key: number; stale: boolean }
  | { do: 'burst'; keys: number[] }
  | { do: 'list'; at: number | undefined; limit: number; start: number | undefined }
  | { do: 'watch'; at: number }
  | { do: 'compact'; at: number };

const keyNames = ['a', 'b', 'b/c', 'b/d', 'c/a', 'c/b', 'c/c', 'zz'];
const key = fc.nat({ max: keyNames.length - 1 });
const value = fc.string({ maxLength: 6 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('create' as const), key, value }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('update' as const), key, value, stale: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key, stale: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('burst' as const), keys: fc.array(key, { maxLength: 8 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      at: fc.option(fraction, { nil: undefined }),
      limit: fc.nat({ max: 4 }),
      start: fc.option(key, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('watch' as const), at: fraction }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), at: fraction }) },
);

class Model {
  readonly base: number;
  readonly changes: Change[] = [];
  compacted = 0;

  constructor(base: number) {
    this.base = base;
  }

  get revision(): number {
    return this.changes.at(-1)?.revision ?? this.base;
  }

  /** A revision of this history. */
  pick(at: number): number {
    return this.base + Math.round(at * (this.revision - this.base));
  }

  state(revision: number): Map<string, Change['entry']> {
    const state = new Map<string, Change['entry']>();
    for (const change of this.changes) {
      if (change.revision > revision) break;
      if (change.type === 'delete') state.delete(change.entry.key);
      else state.set(change.entry.key, change.entry);
    }
    return state;
  }

  after(revision: number): string[] {
    return this.changes.filter((change) => change.revision > revision).map(describe);
  }

  put(name: string, text: string): void {
    const revision = this.revision + 1;
    const previous = this.state(Infinity).get(name);
    const createRevision = previous?.createRevision ?? revision;
    const entry = { key: name, value: Buffer.from(text), createRevision, modRevision: revision };
    this.changes.push({ type: 'put', revision, entry, previous });
  }

  delete(entry: Change['entry']): void {
    this.changes.push({ type: 'delete', revision: this.revision + 1, entry });
  }
}

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: unknown) => {
      if (error instanceof StorageError) return error.code;
      throw error;
    },
  );

const row = (entry: Change['entry']): string =>
  `${entry.key}=${entry.value.toString()}@${entry.createRevision}/${entry.modRevision}`;

class Run {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #model: Model;
  readonly #watches: { from: number; recorder: Recorder }[] = [];

  constructor({ storage, prefix }: StorageFixture, base: number) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#model = new Model(base);
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'create':
        return this.#create(this.#key(step.key), step.value);
      case 'update':
      case 'delete':
        return this.#change(step);
      case 'burst':
        await Promise.all([...new Set(step.keys)].map((index) => this.#burst(this.#key(index))));
        return this.#adopt();
      case 'list':
        return this.#list(step);
      case 'watch': {
        const from = Math.max(this.#model.pick(step.at), this.#model.compacted);
        this.#watches.push({ from, recorder: new Recorder(this.#storage, this.#prefix, from) });
        return;
      }
      case 'compact': {
        const revision = this.#model.pick(step.at);
        // Watches that are behind would rightly end; they are tested elsewhere.
        await this.#settle();
        await this.#storage.compact(revision);
        this.#model.compacted = Math.max(this.#model.compacted, revision);
        return;
      }
      default:
        step satisfies never;
    }
  }

  #key(index: number): string {
    return `${this.#prefix}${keyNames[index]}`;
  }

  async #create(name: string, text: string): Promise<void> {
    const there = this.#model.state(Infinity).has(name);
    const result = await outcome(this.#storage.create(name, Buffer.from(text)));
    assert.equal(result, there ? 'keyExists' : 'ok');
    if (!there) this.#model.put(name, text);
  }

  async #change(step: Extract<Step, { do: 'update' | 'delete' }>): Promise<void> {
    const name = this.#key(step.key);
    const entry = this.#model.state(Infinity).get(name);
    const expected = (entry?.modRevision ?? this.#model.revision) - (step.stale ? 1 : 0);
    const call =
      step.do === 'update'
        ? this.#storage.update(name, Buffer.from(step.value), expected)
        : this.#storage.delete(name, expected);
    const result = await outcome(call);
    if (entry === undefined) assert.equal(result, 'keyNotFound');
    else assert.equal(result, step.stale ? 'conflict' : 'ok');
    if (result !== 'ok' || entry === undefined) return;
    if (step.do === 'update') this.#model.put(name, step.value);
    else this.#model.delete(entry);
  }

  async #burst(name: string): Promise<void> {
    const entry = this.#model.state(Infinity).get(name);
    if (entry === undefined) await this.#storage.create(name, Buffer.from('burst'));
    else await this.#storage.update(name, Buffer.from('burst'), entry.modRevision);
  }

  /** Concurrent writes took revisions in an order that only the store knows: learn it, then hold the store to it. */
  async #adopt(): Promise<void> {
    const { entries } = await this.#storage.list({ prefix: this.#prefix });
    const fresh = entries.filter(({ modRevision }) => modRevision > this.#model.revision);
    for (const entry of fresh.toSorted((left, right) => left.modRevision - right.modRevision)) {
      this.#model.put(entry.key, 'burst');
      assert.equal(this.#model.revision, entry.modRevision);
    }
  }

  async #list(step: Extract<Step, { do: 'list' }>): Promise<void> {
    const revision = step.at === undefined ? undefined : Math.max(this.#model.pick(step.at), this.#model.compacted);
    const start = step.start === undefined ? undefined : this.#key(step.start);
    const result = await this.#storage.list({
      prefix: this.#prefix,
      limit: step.limit,
      ...(start !== undefined && { start }),
      ...(revision !== undefined && { revision }),
    });
    const state = this.#model.state(revision ?? Infinity);
    const rows = [...state.values()]
      .filter((entry) => start === undefined || entry.key >= start)
      .toSorted((left, right) => (left.key < right.key ? -1 : 1));
    const expected = step.limit === 0 ? rows : rows.slice(0, step.limit);
    assert.equal(result.revision, revision ?? this.#model.revision);
    assert.deepEqual(result.entries.map(row), expected.map(row));
    assert.equal(result.next, rows[expected.length]?.key);
    assert.equal(result.remaining, rows.length - expected.length);
  }

  /** Every watch has told the whole history since its start, no more and no less. */
  async #settle(): Promise<void> {
    for (const { from, recorder } of this.#watches) {
      const expected = this.#model.after(from);
      await recorder.untilChanges(expected.length);
      assert.deepEqual(recorder.summary(), expected);
    }
  }

  async finish(): Promise<void> {
    await this.#settle();
    const { entries } = await this.#storage.list({ prefix: this.#prefix });
    const state = this.#model.state(Infinity);
    assert.equal(entries.length, state.size);
    for (const { recorder } of this.#watches) {
      assert.equal(recorder.ended, undefined);
      recorder.stop();
    }
  }
}

export function historyTests(factory: StorageFactory, histories: number): void {
  void test('random histories agree with the model', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) =>
        withFixture(factory, async (fixture) => {
          const run = new Run(fixture, await fixture.storage.currentRevision());
          for (const each of steps) await run.step(each);
          await run.finish();
        }),
      ),
      { numRuns: histories },
    ));
}
