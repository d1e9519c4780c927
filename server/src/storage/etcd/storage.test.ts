import { after, before, describe } from 'node:test';
import { CacherGroup } from '../cacher/index.ts';
import { compactedWatchTests } from '../testing/compaction-suite.ts';
import { EtcdServer, etcdMissing } from '../testing/etcd-server.ts';
import type { StorageFixture } from '../testing/index.ts';
import { storageSuite } from '../testing/index.ts';
import { EtcdStorage } from './storage.ts';

const skip = etcdMissing();
let server: EtcdServer;
let fixtures = 0;

async function connect(): Promise<EtcdStorage> {
  fixtures += 1;
  return EtcdStorage.connect({ endpoints: [server.endpoint], prefix: `/test-${fixtures}` });
}

async function fixture(): Promise<StorageFixture> {
  const storage = await connect();
  return { storage, prefix: '/registry/things/', close: () => storage.close() };
}

async function cached(): Promise<StorageFixture> {
  const storage = await connect();
  const group = new CacherGroup(storage);
  return {
    storage: group.for('/registry/things/'),
    prefix: '/registry/things/',
    close: async () => {
      await group.close();
      await storage.close();
    },
  };
}

void describe('with an etcd', { skip: skip ?? false }, () => {
  before(async () => {
    server = await EtcdServer.start();
  });
  after(() => server.stop());
  storageSuite('EtcdStorage', fixture);
  storageSuite('Cacher over EtcdStorage', cached);
  compactedWatchTests(fixture);
});
