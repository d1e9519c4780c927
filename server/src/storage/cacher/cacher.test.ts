import { EmbeddedStorage } from '../embedded/index.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import type { StorageFixture } from '../testing/index.ts';
import { storageSuite } from '../testing/index.ts';
import { sharedEventTests } from '../testing/watch-suite.ts';
import type { RingLimits } from './event-ring.ts';
import { CacherGroup } from './group.ts';

const prefix = '/registry/things/';

async function fixture(ring?: RingLimits): Promise<StorageFixture> {
  const directory = temporaryDirectory();
  const storage = await EmbeddedStorage.open(directory.path);
  const group = new CacherGroup(storage, '/registry/', ring === undefined ? {} : { ring });
  return {
    storage: group.for(prefix),
    prefix,
    close: async () => {
      await group.close();
      await storage.close();
      directory.remove();
    },
  };
}

storageSuite('Cacher over EmbeddedStorage', fixture, { histories: 100 });
sharedEventTests(fixture);

// So small that most watches and older reads have to go through the storage's history.
const tiny = (): Promise<StorageFixture> => fixture({ minimum: 2, maximum: 4, freshMs: 75_000 });
storageSuite('Cacher with a tiny ring over EmbeddedStorage', tiny, { histories: 100 });
