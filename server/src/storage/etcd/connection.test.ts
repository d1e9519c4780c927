import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { CacherGroup } from '../cacher/index.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import { EtcdServer, etcdMissing } from '../testing/etcd-server.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Recorder } from '../testing/recorder.ts';
import { code } from '../testing/suite.ts';
import { Calls } from './calls.ts';
import { EtcdClient } from './client.ts';
import { Compactor } from './compactor.ts';
import { bytes as bytesField, field, number } from './encode.ts';
import { supportsProgressRequests } from './features.ts';
import { EtcdStorage } from './index.ts';
import { Leases } from './lease.ts';

const skip = etcdMissing() ?? false;
const prefix = '/registry/things/';
const bytes = Buffer.from('x');

async function withServer(
  body: (server: EtcdServer) => Promise<void>,
  options?: Parameters<typeof EtcdServer.start>[0],
): Promise<void> {
  const server = await EtcdServer.start(options);
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}

async function withStorage(
  options: Parameters<typeof EtcdStorage.connect>[0],
  body: (storage: EtcdStorage) => Promise<void>,
): Promise<void> {
  const storage = await EtcdStorage.connect(options);
  try {
    await body(storage);
  } finally {
    await storage.close();
  }
}

void describe('the connection to etcd', { skip }, () => {
  void test('watches go on where they were when etcd comes back; meanwhile calls say unavailable', () =>
    withServer((server) =>
      withStorage({ endpoints: [server.endpoint], timeoutMs: 3000 }, async (storage) => {
        const group = new CacherGroup(storage);
        const start = await storage.currentRevision();
        const recorders = [
          new Recorder(storage, prefix, start),
          new Recorder(group.for(prefix), prefix, start),
          new Recorder(storage, prefix, start, 500),
        ];
        const first = await storage.create(`${prefix}a`, bytes);
        for (const recorder of recorders) await recorder.untilRevision(first.modRevision);
        await server.kill();
        const asked = performance.now();
        await assert.rejects(storage.get(`${prefix}a`), code('unavailable'));
        await assert.rejects(storage.create(`${prefix}b`, bytes), code('unavailable'));
        assert.ok(performance.now() - asked < 60_000, 'they do not wait for ever');
        await server.run();
        await withStorage({ endpoints: [server.endpoint] }, async (other) => {
          for (const name of ['c', 'd', 'e']) await other.create(prefix + name, bytes);
        });
        const last = await storage.create(`${prefix}f`, bytes);
        for (const recorder of recorders) {
          await recorder.untilRevision(last.modRevision);
          assert.deepEqual(
            recorder.changes.map(({ entry }) => entry.key.slice(prefix.length)),
            ['a', 'c', 'd', 'e', 'f'],
          );
          assert.equal(recorder.ended, undefined);
          recorder.stop();
        }
        assert.equal((await group.for(prefix).list({ prefix })).entries.length, 5);
        await group.close();
      }),
    ));

  void test('a dead endpoint is passed over', () =>
    withServer(async (dead) => {
      await dead.kill();
      await withServer((server) =>
        withStorage({ endpoints: [dead.endpoint, server.endpoint] }, async (storage) => {
          const start = await storage.currentRevision();
          const recorder = new Recorder(storage, prefix, start);
          for (let index = 0; index < 20; index += 1) await storage.create(`${prefix}${index}`, bytes);
          assert.equal((await storage.list({ prefix })).entries.length, 20);
          await recorder.untilChanges(20);
          recorder.stop();
        }),
      );
      await assert.rejects(EtcdStorage.connect({ endpoints: [dead.endpoint], timeoutMs: 300 }), code('unavailable'));
    }));

  void test('TLS with client certificates', async () => {
    const directory = temporaryDirectory();
    const { ca, server: serverFiles, client } = await certificates();
    const { client: foreign } = await certificates();
    const file = (name: string, content: Buffer): string => {
      const path = join(directory.path, name);
      writeFileSync(path, content);
      return path;
    };
    const tls = { ca: file('ca', ca), cert: file('cert', serverFiles.cert), key: file('key', serverFiles.key) };
    try {
      await withServer(
        async (server) => {
          const { endpoint } = server;
          let isRenewed = true;
          const identity = async () => (isRenewed ? client : foreign);
          await withStorage({ endpoints: [endpoint], ca, identity }, async (storage) => {
            const entry = await storage.create(`${prefix}a`, bytes);
            const recorder = new Recorder(storage, prefix, entry.modRevision - 1);
            await recorder.untilChanges(1);
            recorder.stop();
            // Each connection presents what there is by then.
            isRenewed = false;
            await server.kill();
            await server.run();
            await assert.rejects(storage.get(`${prefix}a`), code('unavailable'));
            isRenewed = true;
            assert.deepEqual((await storage.get(`${prefix}a`)).entry?.value, bytes);
          });
          await assert.rejects(EtcdStorage.connect({ endpoints: [endpoint], ca, timeoutMs: 500 }), code('unavailable'));
          await assert.rejects(
            EtcdStorage.connect({ endpoints: [endpoint], identity, timeoutMs: 500 }),
            code('unavailable'),
          );
        },
        { tls },
      );
    } finally {
      directory.remove();
    }
  });

  void test('a user with a password, who may only use a part of the keys', () =>
    withServer(async (server) => {
      const { endpoint } = server;
      await protect(endpoint);
      // Passwords take etcd a moment of processor time.
      const options = { endpoints: [endpoint], username: 'server', password: 's', timeoutMs: 20_000 };
      await withStorage(options, async (storage) => {
        const entry = await storage.create(`${prefix}a`, bytes);
        const group = new CacherGroup(storage);
        const recorder = new Recorder(group.for(prefix), prefix, entry.modRevision - 1);
        await recorder.untilChanges(1);
        assert.equal((await group.for(prefix).get(entry.key)).entry?.modRevision, entry.modRevision);
        // It forgets the tokens that it gave.
        await server.kill();
        await server.run();
        await storage.update(entry.key, bytes, entry.modRevision);
        await recorder.untilChanges(2);
        recorder.stop();
        await group.close();
      });
      await assert.rejects(
        withStorage(
          { ...options, password: 'wrong', timeoutMs: 1000 },
          async (storage) => void (await storage.get(`${prefix}a`)),
        ),
        code('unavailable'),
      );
    }));

  void test('a password is of no use where anyone may do everything, and does not matter', () =>
    withServer(({ endpoint }) =>
      withStorage({ endpoints: [endpoint], username: 'server', password: 's' }, async (storage) => {
        const entry = await storage.create(`${prefix}a`, bytes);
        await protect(endpoint);
        assert.equal((await storage.get(entry.key)).entry?.modRevision, entry.modRevision);
      }),
    ));

  void test('entries with about the same lifetime share a lease', () =>
    withServer(async ({ endpoint }) => {
      const client = new EtcdClient({ endpoints: [endpoint] });
      const clock = new ManualClock();
      const leases = new Leases(client, clock);
      const ids = await Promise.all([leases.for(3600), leases.for(3600), leases.for(3600)]);
      assert.equal(new Set(ids).size, 1);
      clock.advance(30_000);
      assert.equal(await leases.for(3600), ids[0]);
      assert.notEqual(await leases.for(60), ids[0], 'it would live far too long');
      const fresh = await leases.for(3600);
      clock.advance(61_000);
      assert.notEqual(await leases.for(3600), fresh, 'it would be gone too early');
      client.close();
    }));

  void test('compactors take turns and keep an interval of history', () =>
    withServer(({ endpoint }) =>
      withStorage({ endpoints: [endpoint] }, async (storage) => {
        const client = new EtcdClient({ endpoints: [endpoint] });
        const [one, two] = [new Compactor(client, new ManualClock(), 0), new Compactor(client, new ManualClock(), 0)];
        const first = await storage.create(`${prefix}a`, bytes);
        const second = await storage.update(`${prefix}a`, bytes, first.modRevision);
        assert.equal(await one.round(), true);
        assert.equal(await two.round(), false);
        const third = await storage.update(`${prefix}a`, bytes, second.modRevision);
        assert.equal((await storage.list({ prefix, revision: first.modRevision })).entries.length, 1);
        assert.equal(await two.round(), true, 'the other one did not move the time on');
        await assert.rejects(storage.list({ prefix, revision: first.modRevision }), code('compacted'));
        assert.equal((await storage.list({ prefix, revision: third.modRevision })).entries.length, 1);
        assert.equal(await one.round(), false);
        client.close();
      }),
    ));
});

void test('which etcd may be asked for progress', () => {
  const table: [string, boolean][] = [
    ['3.4.23', false],
    ['3.4.31', true],
    ['3.5.0', false],
    ['3.5.12', false],
    ['3.5.13', true],
    ['3.6.0-rc.1', true],
    ['4.0.0', true],
  ];
  for (const [version, expected] of table) assert.equal(supportsProgressRequests(version), expected, version);
});

/** From now on only `server` may use the keys of a cluster, with the password `s`. */
async function protect(endpoint: string): Promise<void> {
  const calls = new Calls({ endpoints: [endpoint] });
  const text = (at: number, value: string): Buffer[] => bytesField(at, Buffer.from(value));
  const auth = (method: string, ...fields: Buffer[][]): Promise<Buffer> =>
    calls.call(`/etcdserverpb.Auth/${method}`, fields.flat(), Date.now() + 60_000);
  const readwrite = [...number(1, 2), ...text(2, '/registry/'), ...text(3, '/registry0')];
  try {
    await auth('UserAdd', text(1, 'root'), text(2, 'r'));
    await auth('UserGrantRole', text(1, 'root'), text(2, 'root'));
    await auth('RoleAdd', text(1, 'cluster'));
    await auth('RoleGrantPermission', text(1, 'cluster'), field(2, readwrite));
    await auth('UserAdd', text(1, 'server'), text(2, 's'));
    await auth('UserGrantRole', text(1, 'server'), text(2, 'cluster'));
    await auth('AuthEnable');
  } finally {
    calls.close();
  }
}

interface Identity {
  cert: Buffer;
  key: Buffer;
}

/** A CA with a server and a client certificate, PEM. */
async function certificates(): Promise<{ ca: Buffer; server: Identity; client: Identity }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  x509.cryptoProvider.set(webcrypto);
  const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3600_000) };
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    keys,
    ...dates,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const issue = async (name: string): Promise<Identity> => {
    const own = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      ...dates,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
    const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`;
    return { cert: Buffer.from(certificate.toString('pem')), key: Buffer.from(key) };
  };
  return { ca: Buffer.from(ca.toString('pem')), server: await issue('server'), client: await issue('client') };
}
