import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names } from './read-suite.ts';
import { Recorder } from './recorder.ts';
import type { StorageFactory } from './suite.ts';
import { bytes, code, withFixture } from './suite.ts';

export function compactionTests(factory: StorageFactory): void {
  void test('compaction forgets what was before, and only that', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const a = await storage.create(`${prefix}a`, bytes('1'));
      const a2 = await storage.update(`${prefix}a`, bytes('2'), a.modRevision);
      const b = await storage.create(`${prefix}b`, bytes('1'));
      const gone = await storage.delete(`${prefix}b`, b.modRevision);
      const c = await storage.create(`${prefix}c`, bytes('1'));
      const a3 = await storage.update(`${prefix}a`, bytes('3'), a2.modRevision);
      await storage.compact(gone);
      await storage.compact(a.modRevision);
      assert.equal(storage.compactedRevision, gone);
      await assert.rejects(storage.list({ prefix, revision: b.modRevision }), code('compacted'));
      await assert.rejects(storage.list({ prefix, revision: a.modRevision }), code('compacted'));
      const at = async (revision: number): Promise<string[]> => names(await storage.list({ prefix, revision }));
      assert.deepEqual(await at(gone), ['a']);
      assert.deepEqual(await at(c.modRevision), ['a', 'c']);
      const current = await storage.list({ prefix });
      assert.deepEqual(
        current.entries.map(({ value }) => value.toString()),
        ['3', '1'],
      );

      const recorder = new Recorder(storage, prefix, gone);
      await recorder.untilRevision(a3.modRevision);
      const [r, s, t] = [a.modRevision, c.modRevision, a3.modRevision];
      assert.deepEqual(recorder.summary(), [
        `${s} put c=1@${s}/${s} was nothing`,
        `${t} put a=3@${r}/${t} was 2@${r + 1}`,
      ]);
      recorder.stop();
      assert.equal(await storage.currentRevision(), a3.modRevision, 'compaction is no change');
    }));

  void test('what a reader has seen is forgotten as well', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      await storage.list({ prefix });
      const a = await storage.create(`${prefix}a`, bytes('1'));
      const b = await storage.create(`${prefix}b`, bytes('1'));
      assert.deepEqual(names(await storage.list({ prefix, revision: a.modRevision })), ['a']);
      await storage.compact(b.modRevision);
      await assert.rejects(storage.list({ prefix, revision: a.modRevision, limit: 1 }), code('compacted'));
      assert.deepEqual(names(await storage.list({ prefix, revision: b.modRevision })), ['a', 'b']);
    }));

  void test('a compacted key can be made, changed and removed again', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const a = await storage.create(`${prefix}a`, bytes('1'));
      const removed = await storage.delete(`${prefix}a`, a.modRevision);
      const other = await storage.create(`${prefix}b`, bytes('1'));
      await storage.compact(other.modRevision);
      await assert.rejects(storage.update(`${prefix}a`, bytes('x'), a.modRevision), code('keyNotFound'));
      const again = await storage.create(`${prefix}a`, bytes('2'));
      assert.equal(again.createRevision, removed + 2);
      assert.deepEqual(names(await storage.list({ prefix, revision: other.modRevision })), ['b']);
      await storage.delete(`${prefix}a`, again.modRevision);
      assert.equal(await storage.count(prefix), 1);
    }));

  void test('compaction past the current revision is refused', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const a = await storage.create(`${prefix}a`, bytes('1'));
      await assert.rejects(storage.compact(a.modRevision + 1000), code('futureRevision'));
      assert.deepEqual(names(await storage.list({ prefix, revision: a.modRevision })), ['a']);
    }));
}

/** For storages that have no memory of their own: a watch that needs what is compacted ends. */
export function compactedWatchTests(factory: StorageFactory): void {
  void test('a watch from before the compaction ends with compacted', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const a = await storage.create(`${prefix}a`, bytes('1'));
      const a2 = await storage.update(`${prefix}a`, bytes('2'), a.modRevision);
      const a3 = await storage.update(`${prefix}a`, bytes('3'), a2.modRevision);
      const live = new Recorder(storage, prefix, a.modRevision - 1);
      await live.untilRevision(a3.modRevision);
      await storage.compact(a3.modRevision);
      const late = new Recorder(storage, prefix, a.modRevision - 1);
      await late.untilEnd();
      assert.equal(late.ended?.error?.code, 'compacted');
      assert.deepEqual(late.changes, []);
      const a4 = await storage.update(`${prefix}a`, bytes('4'), a3.modRevision);
      await live.untilRevision(a4.modRevision);
      assert.equal(live.ended, undefined, 'a watch that has it all is not concerned');
      live.stop();
    }));
}
