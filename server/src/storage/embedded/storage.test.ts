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
