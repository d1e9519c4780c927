import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Etcd3 } from 'etcd3';
import { CacherGroup } from '../cacher/index.ts';
import { compactedWatchTests } from '../testing/compaction-suite.ts';
import { EtcdServer, etcdMissing } from '../testing/etcd-server.ts';
import { Recorder } from '../testing/recorder.ts';
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

  void it('says the same as another client of etcd, in both directions', async () => {
    const storage = await connect();
    const key = '/registry/things/a';
    const etcdKey = `/test-${fixtures}${key}`;
    const client = new Etcd3({ hosts: `http://${new URL(server.endpoint).host}` });
    const seen = new Recorder(storage, '/registry/things/', await storage.currentRevision());
    try {
      const bytes = Buffer.from([0, 1, 0x7f, 0x80, 0xff]);
      const created = await storage.create(key, bytes, { ttlSeconds: 600 });
      const stored = (await client.get(etcdKey).exec()).kvs[0];
      assert.deepEqual(stored?.value, bytes);
      assert.deepEqual([Number(stored?.mod_revision), Number(stored?.version)], [created.modRevision, 1]);
      const lease = await client.leaseClient.leaseTimeToLive({ ID: stored?.lease ?? '0', keys: false });
      assert.ok(Number(lease.grantedTTL) >= 600, `the lease is of ${lease.grantedTTL} seconds`);

      const put = await client.put(etcdKey).value('by the other').exec();
      assert.equal((await storage.get(key)).entry?.value.toString(), 'by the other');
      await client.delete().key(etcdKey).exec();
      assert.equal((await storage.get(key)).entry, undefined);
      await seen.untilChanges(3);
      assert.deepEqual(
        seen.changes.map(({ type, entry }) => [type, entry.value.toString('latin1')]),
        [
          ['put', bytes.toString('latin1')],
          ['put', 'by the other'],
          ['delete', 'by the other'],
        ],
      );
      assert.equal(seen.changes[1]?.revision, Number(put.header.revision));
    } finally {
      seen.stop();
      client.close();
      await storage.close();
    }
  });
});
