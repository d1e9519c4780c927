import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { Recorder } from './recorder.ts';
import type { StorageFactory } from './suite.ts';
import { bytes, code, withFixture } from './suite.ts';

export function writeTests(factory: StorageFactory): void {
  void test('create stores the value under a new revision, and only once', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const before = await storage.currentRevision();
      const entry = await storage.create(`${prefix}a`, bytes('one'));
      assert.equal(entry.modRevision, before + 1);
      assert.equal(entry.createRevision, entry.modRevision);
      assert.equal(await storage.currentRevision(), entry.modRevision);
      const read = await storage.get(`${prefix}a`);
      assert.equal(read.entry?.value.toString(), 'one');
      assert.equal(read.revision, entry.modRevision);
      await assert.rejects(storage.create(`${prefix}a`, bytes('two')), code('keyExists'));
      assert.equal(await storage.currentRevision(), entry.modRevision);
    }));

  void test('update swaps only the expected modRevision and keeps the createRevision', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const key = `${prefix}a`;
      await assert.rejects(storage.update(key, bytes('x'), 1), code('keyNotFound'));
      const first = await storage.create(key, bytes('one'));
      const second = await storage.update(key, bytes('two'), first.modRevision);
      assert.equal(second.createRevision, first.createRevision);
      assert.equal(second.modRevision, first.modRevision + 1);
      await assert.rejects(storage.update(key, bytes('three'), first.modRevision), (error: unknown) => {
        assert.ok(error instanceof StorageError);
        assert.equal(error.code, 'conflict');
        assert.equal(error.current?.modRevision, second.modRevision);
        assert.equal(error.current?.createRevision, first.createRevision);
        assert.equal(error.current?.value.toString(), 'two');
        return true;
      });
      assert.equal((await storage.get(key)).entry?.value.toString(), 'two');
    }));

  void test('delete removes only the expected modRevision; a key can be made again', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const key = `${prefix}a`;
      await assert.rejects(storage.delete(key, 1), code('keyNotFound'));
      const first = await storage.create(key, bytes('one'));
      await assert.rejects(storage.delete(key, first.modRevision + 5), code('conflict'));
      const revision = await storage.delete(key, first.modRevision);
      assert.equal(revision, first.modRevision + 1);
      assert.equal((await storage.get(key)).entry, undefined);
      await assert.rejects(storage.update(key, bytes('x'), first.modRevision), code('keyNotFound'));
      const again = await storage.create(key, bytes('again'));
      assert.equal(again.createRevision, revision + 1);
    }));

  void test('values may be empty, binary and big; too big is refused', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const values = [Buffer.alloc(0), Buffer.from([0, 255, 10, 0]), Buffer.alloc(1_000_000, 7)];
      for (const [index, value] of values.entries()) await storage.create(`${prefix}${index}`, value);
      for (const [index, value] of values.entries()) {
        const { entry } = await storage.get(`${prefix}${index}`);
        assert.ok(entry?.value.equals(value), `value ${index}`);
      }
      await assert.rejects(storage.create(`${prefix}big`, Buffer.alloc(1_600_000)), code('tooLarge'));
    }));

  void test('of many concurrent compare-and-swaps one wins; all creates get their own revision', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const first = await storage.create(`${prefix}contended`, bytes('0'));
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          storage.update(`${prefix}contended`, bytes(String(index)), first.modRevision),
        ),
      );
      const won = settled.filter((result) => result.status === 'fulfilled');
      assert.equal(won.length, 1);
      for (const result of settled) {
        if (result.status === 'rejected') assert.ok(code('conflict')(result.reason), String(result.reason));
      }
      const { entry } = await storage.get(`${prefix}contended`);
      assert.equal(entry?.modRevision, won[0]?.value.modRevision);

      const created = await Promise.all(
        Array.from({ length: 50 }, (_, index) => storage.create(`${prefix}n${index}`, bytes(String(index)))),
      );
      assert.equal(new Set(created.map(({ modRevision }) => modRevision)).size, 50);
      const sameKey = await Promise.allSettled(
        Array.from({ length: 10 }, () => storage.create(`${prefix}same`, bytes('x'))),
      );
      assert.equal(sameKey.filter(({ status }) => status === 'fulfilled').length, 1);
    }));

  void test('a chain of writes queued behind one another sees each result', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const key = `${prefix}chain`;
      let entry: Entry = await storage.create(key, bytes('0'));
      for (let index = 1; index <= 20; index += 1) {
        entry = await storage.update(key, bytes(String(index)), entry.modRevision);
        const read = await storage.get(key);
        assert.equal(read.entry?.modRevision, entry.modRevision, 'a read after an own write sees it');
      }
    }));

  void test('an entry with a lifetime goes away by itself, with a delete event', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const recorder = new Recorder(storage, prefix, await storage.currentRevision());
      const fleeting = await storage.create(`${prefix}fleeting`, bytes('x'), { ttlSeconds: 1 });
      const kept = await storage.create(`${prefix}kept`, bytes('x'), { ttlSeconds: 1 });
      await storage.update(`${prefix}kept`, bytes('y'), kept.modRevision);
      await recorder.until('the expiry', ({ changes }) => changes.some(({ type }) => type === 'delete'), 20_000);
      const gone = recorder.changes.find(({ type }) => type === 'delete');
      assert.equal(gone?.entry.key, `${prefix}fleeting`);
      assert.equal(gone?.entry.modRevision, fleeting.modRevision);
      assert.equal((await storage.get(`${prefix}fleeting`)).entry, undefined);
      assert.equal(
        (await storage.get(`${prefix}kept`)).entry?.value.toString(),
        'y',
        'an update without a lifetime ends it',
      );
      recorder.stop();
    }));

  void test('an aborted signal refuses the call', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const signal = AbortSignal.abort();
      await assert.rejects(storage.create(`${prefix}a`, bytes('x'), { signal }), { name: 'AbortError' });
      await assert.rejects(storage.get(`${prefix}a`, { signal }), { name: 'AbortError' });
      await assert.rejects(storage.list({ prefix, signal }), { name: 'AbortError' });
      assert.equal((await storage.get(`${prefix}a`)).entry, undefined);
    }));

  void test('after close everything says unavailable, and close may be repeated', async () => {
    const { storage, prefix, close } = await factory();
    await storage.create(`${prefix}a`, bytes('x'));
    const recorder = new Recorder(storage, prefix, 0);
    await close();
    await storage.close();
    await recorder.untilEnd();
    await assert.rejects(storage.get(`${prefix}a`), code('unavailable'));
    await assert.rejects(storage.create(`${prefix}b`, bytes('x')), code('unavailable'));
  });
}
