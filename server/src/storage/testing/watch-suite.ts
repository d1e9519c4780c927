import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recorder } from './recorder.ts';
import type { StorageFactory } from './suite.ts';
import { bytes, withFixture } from './suite.ts';

export function watchTests(factory: StorageFactory): void {
  void test('a watch tells every change once, in order, with the state before', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const recorder = new Recorder(storage, prefix, start);
      const one = await storage.create(`${prefix}a`, bytes('1'));
      const two = await storage.update(`${prefix}a`, bytes('2'), one.modRevision);
      await storage.delete(`${prefix}a`, two.modRevision);
      const again = await storage.create(`${prefix}a`, bytes('3'));
      await recorder.untilRevision(again.modRevision);
      const r = one.modRevision;
      const expected = [
        `${r} put a=1@${r}/${r} was nothing`,
        `${r + 1} put a=2@${r}/${r + 1} was 1@${r}`,
        `${r + 2} delete a=2@${r}/${r + 1}`,
        `${r + 3} put a=3@${r + 3}/${r + 3} was nothing`,
      ];
      assert.deepEqual(recorder.summary(), expected);
      for (let skipped = 0; skipped <= expected.length; skipped += 1) {
        const late = new Recorder(storage, prefix, start + skipped);
        await late.untilChanges(expected.length - skipped);
        assert.deepEqual(late.summary(), expected.slice(skipped), `after ${skipped}`);
        late.stop();
      }
      recorder.stop();
      assert.deepEqual(recorder.ended, { error: undefined });
    }));

  void test('a watch sees its folder only, or its key only', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const folder = new Recorder(storage, `${prefix}a/`, start);
      const single = new Recorder(storage, `${prefix}a/x`, start);
      for (const name of ['a/x', 'a/xy', 'a', 'a-b/x', 'b/x', 'a/x/z'])
        await storage.create(prefix + name, bytes(name));
      const last = await storage.create(`${prefix}a/last`, bytes(''));
      await folder.untilRevision(last.modRevision);
      assert.deepEqual(
        folder.changes.map(({ entry }) => entry.key.slice(prefix.length)),
        ['a/x', 'a/xy', 'a/x/z', 'a/last'],
      );
      const lateSingle = new Recorder(storage, `${prefix}a/x`, start);
      await lateSingle.untilChanges(1);
      const touched = await storage.update(`${prefix}a/x`, bytes('2'), lateSingle.changes[0]?.revision ?? 0);
      for (const recorder of [single, lateSingle]) {
        await recorder.untilRevision(touched.modRevision);
        assert.deepEqual(
          recorder.changes.map(({ entry }) => entry.key.slice(prefix.length)),
          ['a/x', 'a/x'],
        );
        recorder.stop();
      }
      folder.stop();
    }));

  void test('no gap and no duplicate between backlog and live, while writers are busy', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const total = 600;
      const recorders: Recorder[] = [];
      for (let from = 0; from < total; from += 30) {
        recorders.push(new Recorder(storage, prefix, start + Math.floor(from / 2)));
        await Promise.all(
          Array.from({ length: 30 }, (_, index) => storage.create(`${prefix}n${from + index}`, bytes('v'))),
        );
      }
      for (const [index, recorder] of recorders.entries()) {
        await recorder.untilRevision(start + total);
        const first = start + index * 15 + 1;
        assert.deepEqual(
          recorder.changes.map(({ revision }) => revision),
          Array.from({ length: start + total - first + 1 }, (_, offset) => first + offset),
        );
        recorder.stop();
      }
    }));

  void test('a long backlog is told whole', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      // A Cacher starts at its first read; from then on the backlog is its own.
      const { revision: start } = await storage.list({ prefix });
      const total = 1300;
      for (let from = 0; from < total; from += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) => storage.create(`${prefix}n${from + index}`, bytes('v'))),
        );
      }
      const recorder = new Recorder(storage, prefix, start);
      await recorder.untilRevision(start + total);
      assert.deepEqual(
        recorder.changes.map(({ revision }) => revision - start),
        Array.from({ length: total }, (_, index) => index + 1),
      );
      recorder.stop();
    }));

  void test('a watch may be stopped and started from inside a handler', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const seen: string[] = [];
      const inner = Promise.withResolvers<void>();
      const outer = storage.watch(
        { prefix, afterRevision: start },
        {
          event: (event) => {
            seen.push(`outer ${event.revision - start}`);
            outer.stop();
            const watch = storage.watch(
              { prefix, afterRevision: event.revision },
              {
                event: (later) => {
                  seen.push(`inner ${later.revision - start}`);
                  watch.stop();
                },
                end: () => inner.resolve(),
              },
            );
          },
          end: () => seen.push('outer end'),
        },
      );
      await storage.create(`${prefix}a`, bytes('1'));
      await storage.create(`${prefix}b`, bytes('1'));
      await storage.create(`${prefix}c`, bytes('1'));
      await inner.promise;
      assert.deepEqual(seen, ['outer 1', 'outer end', 'inner 2']);
    }));

  void test('a watch after a future revision waits for it', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const recorder = new Recorder(storage, prefix, start + 2);
      for (const name of ['a', 'b', 'c', 'd']) await storage.create(prefix + name, bytes(name));
      await recorder.untilRevision(start + 4);
      assert.deepEqual(
        recorder.changes.map(({ revision }) => revision - start),
        [3, 4],
      );
      recorder.stop();
    }));

  void test('progress tells how far an idle watch is', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const entry = await storage.create(`${prefix}a`, bytes('1'));
      const recorder = new Recorder(storage, `${prefix}idle/`, entry.modRevision - 1, 200);
      await recorder.until('progress', ({ progress }) => (progress.at(-1) ?? 0) >= entry.modRevision, 20_000);
      assert.deepEqual(
        recorder.progress,
        recorder.progress.toSorted((left, right) => left - right),
      );
      assert.ok((recorder.progress.at(-1) ?? 0) <= (await storage.currentRevision()));
      assert.deepEqual(recorder.changes, []);
      recorder.stop();
    }));
}

/** For storages that hand the same event to all live watches, so that what is derived from it is derived once. */
export function sharedEventTests(factory: StorageFactory): void {
  void test('all live watches get the same event object', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const start = await storage.currentRevision();
      const recorders = [new Recorder(storage, prefix, start), new Recorder(storage, prefix, start)];
      // Both are live once they have seen a first change.
      const ready = await storage.create(`${prefix}ready`, bytes(''));
      for (const recorder of recorders) await recorder.untilRevision(ready.modRevision);
      const entry = await storage.create(`${prefix}a`, bytes(''));
      for (const recorder of recorders) await recorder.untilRevision(entry.modRevision);
      const [left, right] = recorders.map(({ changes }) => changes.at(-1));
      assert.ok(left !== undefined && left === right);
      for (const recorder of recorders) recorder.stop();
    }));
}
