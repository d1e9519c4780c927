import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactedWatchTests } from '../testing/compaction-suite.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import type { StorageFixture } from '../testing/index.ts';
import { storageSuite } from '../testing/index.ts';
import { sharedEventTests } from '../testing/watch-suite.ts';
import { EmbeddedStorage } from './storage.ts';

async function fixture(): Promise<StorageFixture> {
  const directory = temporaryDirectory();
  const storage = await EmbeddedStorage.open(directory.path);
  return {
    storage,
    prefix: '/registry/things/',
    async close() {
      await storage.close();
      directory.remove();
    },
  };
}

storageSuite('EmbeddedStorage', fixture, { histories: 100 });
compactedWatchTests(fixture);
sharedEventTests(fixture);

test('EmbeddedStorage: what a watch leaves for the end of the tick is done before the write is answered', async () => {
  const { storage, prefix, close } = await fixture();
  try {
    const order: string[] = [];
    const live = Promise.withResolvers<void>();
    const watch = storage.watch(
      { prefix, afterRevision: await storage.currentRevision(), progress: true },
      {
        event: ({ type }) => {
          if (type === 'progress') live.resolve();
          else process.nextTick(() => order.push('event'));
        },
        end: () => undefined,
      },
    );
    await live.promise;
    await storage.create(`${prefix}a`, Buffer.from('1'));
    order.push('answer');
    watch.stop();
    assert.deepEqual(order, ['event', 'answer']);
  } finally {
    await close();
  }
});

test('EmbeddedStorage: a key that LMDB does not take is too large to write, and nobody has it', async () => {
  const { storage, prefix, close } = await fixture();
  try {
    await storage.create(`${prefix}a`, Buffer.from('1'));
    const long = `${prefix}${'ä'.repeat(5_000)}`;
    await assert.rejects(storage.create(long, Buffer.from('1')), { code: 'tooLarge' });
    assert.equal((await storage.get(long)).entry, undefined);
    assert.equal(await storage.count(`${long}/`), 0);
    assert.deepEqual((await storage.list({ prefix: `${long}/` })).entries, []);
    assert.deepEqual((await storage.list({ prefix, start: long })).entries, []);
    await assert.rejects(storage.delete(long, 1), { code: 'keyNotFound' });
  } finally {
    await close();
  }
});
