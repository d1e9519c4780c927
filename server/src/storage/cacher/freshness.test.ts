import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EmbeddedStorage } from '../embedded/index.ts';
import { nextTurn } from '../signal.ts';
import { StorageError } from '../storage.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import { FaultyStorage } from '../testing/faulty-storage.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Recorder } from '../testing/recorder.ts';
import { code } from '../testing/suite.ts';
import type { Cacher } from './index.ts';
import { CacherGroup } from './index.ts';

const prefix = '/registry/things/';
const bytes = Buffer.from('x');

interface Bench {
  embedded: EmbeddedStorage;
  storage: FaultyStorage;
  group: CacherGroup;
  cacher: Cacher;
  clock: ManualClock;
}

async function withCacher(body: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const embedded = await EmbeddedStorage.open(directory.path);
  const storage = new FaultyStorage(embedded);
  const clock = new ManualClock();
  const group = new CacherGroup(storage, '/registry/', { clock });
  try {
    await body({ embedded, storage, group, cacher: group.for(prefix), clock });
  } finally {
    await group.close();
    await storage.close();
    directory.remove();
  }
}

async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

void test('reads come from memory; a group needs one watch and a list per used resource', () =>
  withCacher(async ({ storage, group, cacher }) => {
    for (let index = 0; index < 60; index += 1) group.for(`/registry/resource${index}/`);
    assert.deepEqual(storage.calls, { currentRevision: 0, get: 0, list: 0, watch: 0 });
    const entry = await cacher.create(`${prefix}a`, bytes);
    for (let index = 0; index < 20; index += 1)
      assert.equal((await cacher.get(entry.key)).entry?.modRevision, entry.modRevision);
    await group.for('/registry/resource1/').list({ prefix: '/registry/resource1/' });
    assert.equal(storage.calls.get, 0);
    assert.equal(storage.calls.list, 2);
    assert.equal(storage.calls.watch, 1);
  }));

void test('a group is filled when the caches that were asked for are', () =>
  withCacher(async ({ group, cacher }) => {
    group.for('/registry/unasked/');
    await group.filled();
    const reading = cacher.list({ prefix });
    assert.equal(cacher.ready, false);
    await group.filled();
    assert.equal(cacher.ready, true);
    await reading;
    const other = group.for('/registry/others/');
    const interrupted = other.list({ prefix: '/registry/others/' }).catch(() => undefined);
    const filled = group.filled();
    group.release('/registry/others/');
    await Promise.all([filled, interrupted]);
  }));

void test('concurrent consistent reads share the question for the revision', () =>
  withCacher(async ({ storage, cacher }) => {
    await cacher.list({ prefix });
    storage.calls.currentRevision = 0;
    await Promise.all(Array.from({ length: 100 }, () => cacher.get(`${prefix}a`)));
    assert.ok(storage.calls.currentRevision <= 2, `${storage.calls.currentRevision} calls`);
  }));

void test('a consistent read waits for the cache, and after three seconds asks the storage', () =>
  withCacher(async ({ embedded, storage, cacher, clock }) => {
    await cacher.list({ prefix });
    storage.hold();
    const entry = await embedded.create(`${prefix}a`, bytes);
    let late: number | undefined;
    const waiting = cacher.get(entry.key).then((result) => (late = result.entry?.modRevision));
    await turns();
    assert.equal(late, undefined);
    storage.resume();
    await waiting;
    assert.equal(late, entry.modRevision);
    assert.equal(storage.calls.get, 0);

    storage.hold();
    const other = await embedded.create(`${prefix}b`, bytes);
    const stuck = cacher.get(other.key);
    await turns();
    clock.advance(3000);
    assert.equal((await stuck).entry?.modRevision, other.modRevision);
    assert.equal(storage.calls.get, 1);
    assert.equal((await cacher.get(other.key, { minRevision: 0 })).entry, undefined, 'whatever is at hand');
  }));

void test('a revision that does not come in three seconds is too large', () =>
  withCacher(async ({ embedded, cacher, clock }) => {
    await cacher.list({ prefix });
    const revision = await embedded.currentRevision();
    const tooEarly = assert.rejects(cacher.list({ prefix, minRevision: revision + 1 }), (error: Error) => {
      assert.ok(code('futureRevision')(error));
      assert.equal(error.message, `Too large resource version: ${revision + 1}, current: ${revision}`);
      return true;
    });
    await turns();
    clock.advance(3000);
    await tooEarly;
    const inTime = cacher.get(`${prefix}a`, { minRevision: revision + 1 });
    await turns();
    const entry = await embedded.create(`${prefix}a`, bytes);
    assert.equal((await inTime).entry?.modRevision, entry.modRevision);
  }));

void test('changes outside the root are no obstacle to a consistent read', () =>
  withCacher(async ({ embedded, storage, cacher }) => {
    await cacher.list({ prefix });
    const entry = await embedded.create('/elsewhere/a', bytes);
    const result = await cacher.list({ prefix });
    assert.ok(result.revision >= entry.modRevision);
    assert.equal(storage.calls.list, 1);
  }));

void test('when the storage’s watch is cut, watchers end with compacted and the cache starts over', () =>
  withCacher(async ({ embedded, storage, cacher, clock }) => {
    const first = await cacher.create(`${prefix}a`, bytes);
    const recorder = new Recorder(cacher, prefix, first.modRevision - 1);
    await recorder.untilRevision(first.modRevision);
    storage.cutWatches();
    assert.equal(recorder.ended?.error?.code, 'compacted');
    const second = await embedded.create(`${prefix}b`, bytes);
    const waiting = cacher.list({ prefix });
    clock.advance(200);
    const list = await waiting;
    assert.deepEqual(
      list.entries.map(({ modRevision }) => modRevision),
      [first.modRevision, second.modRevision],
    );
    const again = new Recorder(cacher, prefix, first.modRevision);
    const third = await cacher.create(`${prefix}c`, bytes);
    await again.untilRevision(third.modRevision);
    assert.deepEqual(
      again.changes.map(({ revision }) => revision),
      [second.modRevision, third.modRevision],
    );
    again.stop();
  }));

void test('an unreachable storage is said to be unavailable, and found again', () =>
  withCacher(async ({ storage, cacher, clock }) => {
    storage.down = true;
    const failing = assert.rejects(cacher.get(`${prefix}a`), code('unavailable'));
    await turns();
    clock.advance(3000);
    await failing;
    storage.down = false;
    clock.advance(200);
    await turns();
    const entry = await cacher.create(`${prefix}a`, bytes);
    assert.equal((await cacher.get(entry.key)).entry?.modRevision, entry.modRevision);
    assert.equal(storage.calls.get, 1);
  }));

void test('while a cache cannot be filled, what comes meanwhile is not kept', () =>
  withCacher(async ({ embedded, storage, group, cacher, clock }) => {
    await group.for('/registry/others/').list({ prefix: '/registry/others/' });
    storage.list = () => Promise.reject(new StorageError('untransformable', 'nobody has the key'));
    const refused = assert.rejects(cacher.list({ prefix }), code('untransformable'));
    await turns();
    clock.advance(3000);
    await refused;
    const values = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const value = Buffer.alloc(100_000);
        await embedded.create(`${prefix}${number}`, value);
        return new WeakRef(value);
      }),
    );
    clock.advance(5000);
    await turns();
    setFlagsFromString('--expose-gc');
    await turns();
    (runInNewContext('gc') as () => void)();
    assert.deepEqual(
      values.map((value) => value.deref()),
      [undefined, undefined, undefined],
    );
    let lists = 0;
    storage.list = () => Promise.reject(new StorageError('untransformable', `nobody has the key, ${(lists += 1)}`));
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1000);
      await turns(2);
    }
    assert.ok(lists >= 10 && lists <= 20, `${lists} lists in a minute`);
  }));

void test('readers find again what they derived from an entry, also in events', () =>
  withCacher(async ({ cacher }) => {
    const first = await cacher.create(`${prefix}a`, bytes);
    const read = await cacher.get(first.key);
    if (read.entry !== undefined) read.entry.memo = 'derived';
    const recorder = new Recorder(cacher, prefix, first.modRevision);
    let atDelivery: unknown;
    const watch = cacher.watch(
      { prefix, afterRevision: first.modRevision },
      {
        event: (event) => (atDelivery = event.type === 'put' ? event.previous?.memo : undefined),
        end: () => {},
      },
    );
    const second = await cacher.update(first.key, bytes, first.modRevision);
    await recorder.untilRevision(second.modRevision);
    const [change] = recorder.changes;
    assert.equal(atDelivery, 'derived');
    assert.equal((await cacher.get(first.key)).entry, change?.entry);
    assert.equal(read.entry?.memo, null, 'what was derived from a former state is let go of');
    watch.stop();
    recorder.stop();
  }));
