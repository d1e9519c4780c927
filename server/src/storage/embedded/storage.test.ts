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
