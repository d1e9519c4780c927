import assert from 'node:assert/strict';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts';
import { startSocketServer } from '../../grpc/testing/socket-server.ts';
import { bytesField, bytesOf, decodeFields } from '../../protobuf.ts';
import { CacherGroup } from '../cacher/index.ts';
import { EmbeddedStorage } from '../embedded/index.ts';
import type { Storage } from '../storage.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import { storageSuite } from '../testing/index.ts';
import { Recorder } from '../testing/recorder.ts';
import { aesCbc, aesGcm, extendedNonceGcm, secretbox } from './ciphers.ts';
import { parseEncryptionConfiguration } from './config.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import { Encryption } from './index.ts';
import { Providers } from './providers.ts';
import { identity, type Plain, PrefixTransformers, type Transformer } from './transformer.ts';

/** Reads and writes as a transformer that must fetch its keys: never at once. */
function slow(transformer: Transformer): Transformer {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    write: (value, key) => turn().then(() => transformer.write(value, key)),
    read: (value, key) => turn().then(() => transformer.read(value, key)),
  };
}

const gcm = aesGcm(randomBytes(32));
for (const [name, transformer] of [
  ['AES-GCM', gcm],
  ['a slow AES-GCM', slow(gcm)],
] as const) {
  storageSuite(
    `EncryptedStorage with ${name}`,
    async () => {
      const directory = temporaryDirectory();
      const inner: Storage = await EmbeddedStorage.open(directory.path);
      const storage = new EncryptedStorage(inner, () => transformer);
      return {
        storage,
        prefix: '/registry/things/',
        async close() {
          await storage.close();
          directory.remove();
        },
      };
    },
    { histories: 10 },
  );
}

test('keys that come late or not at all end a watch, and nothing else', async () => {
  const directory = temporaryDirectory();
  const inner = await EmbeddedStorage.open(directory.path);
  const late = Promise.withResolvers<Plain>();
  const storage = new EncryptedStorage(inner, () => ({
    write: (value) => value,
    read: (_, key) => (key.endsWith('/late') ? late.promise : Promise.reject(new Error('no such key'))),
  }));
  try {
    for (const name of ['late', 'lost', 'other']) await inner.create(`/registry/things/${name}`, Buffer.from('x'));
    const recorder = new Recorder(storage, '/registry/things/', 0);
    // The second fails while the first is waited for; a failure that nobody hears would end the process.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(recorder.summary(), []);
    late.resolve({ value: Buffer.from('plain'), stale: false });
    await recorder.until('its end', ({ ended }) => ended !== undefined);
    assert.deepEqual(recorder.summary(), ['1 put late=plain@1/1 was nothing']);
    assert.match(
      recorder.ended?.error?.message ?? '',
      /unable to transform key "\/registry\/things\/lost": no such key/,
    );
  } finally {
    await storage.close();
    directory.remove();
  }
});

const key32 = Buffer.alloc(32, 7);

test('each cipher reads what it wrote, and only under the same key', () => {
  const value = Buffer.from('a secret');
  for (const make of [aesGcm, aesCbc, secretbox, extendedNonceGcm]) {
    const written = make(key32).write(value, '/registry/secrets/a') as Buffer;
    assert.ok(!written.includes(value));
    assert.deepEqual(make(key32).read(written, '/registry/secrets/a'), { value, stale: false });
    const other = (): unknown => {
      const read = make(Buffer.alloc(32, 8)).read(written, '/registry/secrets/a') as Plain;
      if (read.value.equals(value)) return read;
      throw new Error('other bytes');
    };
    assert.throws(other);
  }
  for (const authenticated of [aesGcm, extendedNonceGcm]) {
    const written = authenticated(key32).write(value, '/registry/secrets/a');
    assert.throws(() => authenticated(key32).read(written as Buffer, '/registry/secrets/b'));
  }
});

test('AES-GCM is laid out as upstream’s: nonce, ciphertext, tag, with the key as additional data', () => {
  const written = aesGcm(key32).write(Buffer.from('x'), '/k') as Buffer;
  const cipher = createDecipheriv('aes-256-gcm', key32, written.subarray(0, 12));
  cipher.setAAD(Buffer.from('/k')).setAuthTag(written.subarray(-16));
  assert.equal(Buffer.concat([cipher.update(written.subarray(12, -16)), cipher.final()]).toString(), 'x');
});

test('what is not written as it would be now is stale; identity reads no encrypted value', () => {
  const first = { prefix: Buffer.from('k8s:enc:aesgcm:v1:new:'), transformer: aesGcm(key32) };
  const second = { prefix: Buffer.from('k8s:enc:aescbc:v1:old:'), transformer: aesCbc(key32) };
  const plain = { prefix: Buffer.alloc(0), transformer: identity };
  const value = Buffer.from('v');
  const transformers = new PrefixTransformers([plain, first, second]);
  const old = new PrefixTransformers([second, plain]).write(value, '/k') as Buffer;
  assert.ok(old.toString('latin1').startsWith('k8s:enc:aescbc:v1:old:'));
  assert.deepEqual(transformers.read(old, '/k'), { value, stale: true });
  assert.deepEqual(transformers.read(value, '/k'), { value, stale: false });
  assert.throws(
    () => new PrefixTransformers([plain]).read(old, '/k'),
    /does not match any of the supported transformers/,
  );
});

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

function configuration(...resources: object[]): string {
  return JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources });
}

test('resources are found by name, by group, or by *.*; the first entry counts', () => {
  const aes = (name: string) => ({ aescbc: { keys: [{ name, secret: keyOf(1) }] } });
  const providers = new Providers(
    parseEncryptionConfiguration(
      configuration(
        { resources: ['secrets', 'deployments.apps'], providers: [aes('a')] },
        { resources: ['*.apps', '*.'], providers: [aes('b')] },
        { resources: ['*.*'], providers: [aes('c')] },
      ),
    ),
  );
  const written = (group: string, resource: string) =>
    (providers.of(group, resource)!.write(Buffer.from('x'), '/k') as Buffer).toString('latin1').split(':')[4];
  assert.equal(written('', 'secrets'), 'a');
  assert.equal(written('apps', 'deployments'), 'a');
  assert.equal(written('apps', 'daemonsets'), 'b');
  assert.equal(written('', 'configmaps'), 'b');
  assert.equal(written('batch', 'jobs'), 'c');
});

test('a configuration that contradicts itself is refused', () => {
  const refuse = (resources: object, message: RegExp) =>
    assert.throws(() => parseEncryptionConfiguration(configuration(resources)), message);
  refuse({ resources: ['*'], providers: [{ identity: {} }] }, /use '\*\.' to encrypt all the resources/);
  refuse({ resources: ['secrets'], providers: [] }, /at least one providers is required/);
  refuse(
    { resources: ['secrets'], providers: [{ aescbc: { keys: [{ name: 'a', secret: 'AAAA' }] } }] },
    /not of the expected length, got 3/,
  );
  refuse({ resources: ['secrets'], providers: [{ identity: {}, secretbox: { keys: [] } }] }, /more than one provider/);
  refuse({ resources: ['a', '*.'], providers: [{ identity: {} }] }, /overlapping/);
});

const secrets = '/api/v1/namespaces/default/secrets';
const body = { metadata: { name: 's' }, stringData: { password: 'hidden-password' } };

async function stored(api: TestServer, key: string): Promise<Buffer> {
  const storage = await EmbeddedStorage.open(path.join(api.directory, 'storage'));
  try {
    return (await storage.get(key)).entry!.value;
  } finally {
    await storage.close();
  }
}

test('a server stores secrets encrypted, reads them under a new key, and writes them anew when they are replaced', async () => {
  const api = await startTestServer();
  const file = path.join(api.directory, 'encryption');
  const keyed = (kind: string, name: string, byte: number) => ({ [kind]: { keys: [{ name, secret: keyOf(byte) }] } });
  const use = async (...providers: object[]): Promise<void> => {
    await writeFile(file, configuration({ resources: ['secrets'], providers }));
    await api.restart({ encryptionProviderConfig: file });
  };
  try {
    await use(keyed('secretbox', 'one', 1), { identity: {} });
    assert.equal((await api.call('POST', secrets, { body })).status, 201);
    assert.match((await api.call('GET', `${secrets}/s`)).text, /aGlkZGVuLXBhc3N3b3Jk/);
    await api.server.stop();
    const first = await stored(api, '/registry/secrets/default/s');
    assert.ok(first.toString('latin1').startsWith('k8s:enc:secretbox:v1:one:'));
    assert.ok(!first.includes('aGlkZGVuLXBhc3N3b3Jk'));

    await use(keyed('aesgcm', 'two', 2), keyed('secretbox', 'one', 1));
    const read = await api.call('GET', `${secrets}/s`);
    assert.match(read.text, /aGlkZGVuLXBhc3N3b3Jk/);
    assert.equal((await api.call('PUT', `${secrets}/s`, { body: JSON.parse(read.text) })).status, 200);
    await api.server.stop();
    const second = await stored(api, '/registry/secrets/default/s');
    assert.ok(second.toString('latin1').startsWith('k8s:enc:aesgcm:v1:two:'));

    await use(keyed('aescbc', 'three', 3));
    const lost = await api.call('GET', `${secrets}/s`);
    assert.equal(lost.status, 500);
    assert.equal((await api.call('GET', '/api/v1/namespaces/default/configmaps')).status, 200);
  } finally {
    await api.close();
  }
});

/** A plugin that encrypts by turning bits over, under a key that a test may change. */
async function startPlugin(socket: string) {
  const state: { keyId: string; encryptsWith?: string | undefined; healthz: string; decryptions: number } = {
    keyId: 'key-1',
    healthz: 'ok',
    decryptions: 0,
  };
  const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));
  const server = await startSocketServer(socket, 'v2.KeyManagementService', {
    Status: () => Buffer.concat([bytesField(1, 'v2'), bytesField(2, state.healthz), bytesField(3, state.keyId)]),
    Encrypt: (request) =>
      Buffer.concat([
        bytesField(1, flip(bytesOf(decodeFields(request), 1))),
        bytesField(2, state.encryptsWith ?? state.keyId),
      ]),
    Decrypt(request) {
      state.decryptions++;
      return bytesField(1, flip(bytesOf(decodeFields(request), 1)));
    },
  });
  return { state, stop: () => server.stop() };
}

test('a key management plugin: one seed for many values, decrypted again by the next server', async () => {
  const api = await startTestServer();
  const socket = path.join(api.directory, 'kms.sock');
  const kms = await startPlugin(socket);
  const file = path.join(api.directory, 'encryption');
  const provider = { kms: { apiVersion: 'v2', name: 'test', endpoint: `unix://${socket}`, timeout: '3s' } };
  await writeFile(file, configuration({ resources: ['*.'], providers: [provider, { identity: {} }] }));
  try {
    await api.restart({ encryptionProviderConfig: file });
    assert.equal((await api.call('POST', secrets, { body })).status, 201);
    assert.equal((await api.call('GET', '/readyz/kms-providers')).text, 'ok');
    assert.equal(kms.state.decryptions, 0);
    await api.server.stop();
    const value = await stored(api, '/registry/secrets/default/s');
    assert.ok(value.toString('latin1').startsWith('k8s:enc:kms:v2:test:'));
    kms.state.keyId = 'key-2';
    await api.restart({ encryptionProviderConfig: file });
    assert.match((await api.call('GET', `${secrets}/s`)).text, /aGlkZGVuLXBhc3N3b3Jk/);
    // Nodes, namespaces and all the rest of the core group were under one seed.
    assert.equal(kms.state.decryptions, 1);
    kms.state.healthz = 'on fire';
    await api.restart({ encryptionProviderConfig: file }).catch(() => undefined);
    assert.equal((await api.call('GET', '/healthz/kms-providers')).status, 500);
  } finally {
    await api.close();
    kms.stop();
  }
});

test('a configuration whose plugin is not well, or encrypts with another key than it tells, does not replace one that works', async () => {
  const directory = temporaryDirectory();
  const file = path.join(directory.path, 'encryption');
  const kms = await startPlugin(path.join(directory.path, 'kms.sock'));
  const write = (name: string, socket: string) => {
    const provider = { kms: { apiVersion: 'v2', name, endpoint: `unix://${directory.path}/${socket}`, timeout: '1s' } };
    return writeFile(file, configuration({ resources: ['secrets'], providers: [provider] }));
  };
  await write('first', 'kms.sock');
  const options = { encryptionProviderConfig: file, encryptionProviderConfigAutomaticReload: false };
  const encryption = await Encryption.open(options, '/registry/', (error) => assert.fail(String(error)));
  const inner = await EmbeddedStorage.open(path.join(directory.path, 'storage'));
  const storage = encryption.wrap(inner, false);
  encryption.folder('/registry/secrets/', { group: '', resource: 'secrets' });
  const writtenBy = async (name: string): Promise<string | undefined> => {
    await storage.create(`/registry/secrets/${name}`, Buffer.from('x'));
    const { entry } = await inner.get(`/registry/secrets/${name}`);
    return entry?.value.toString('latin1').split(':')[4];
  };
  try {
    await write('second', 'nobody.sock');
    await assert.rejects(encryption.reload());
    assert.equal(await writtenBy('a'), 'first');
    kms.state.encryptsWith = 'another';
    await write('third', 'kms.sock');
    await assert.rejects(encryption.reload(), /encrypts with another key than it tells/);
    assert.equal(await writtenBy('b'), 'first');
    kms.state.encryptsWith = undefined;
    assert.equal(await encryption.reload(), true, 'what was refused is tried again');
    assert.equal(await writtenBy('c'), 'third');
  } finally {
    encryption.close();
    await storage.close();
    kms.stop();
    directory.remove();
  }
});

test('another configuration ends no watch; whoever reads past the cache learns what is stale', async () => {
  const directory = temporaryDirectory();
  const file = path.join(directory.path, 'encryption');
  const keyed = (...names: string[]) =>
    writeFile(
      file,
      configuration({
        resources: ['secrets'],
        providers: [
          { aescbc: { keys: names.map((name) => ({ name, secret: Buffer.alloc(32, name).toString('base64') })) } },
        ],
      }),
    );
  await keyed('one');
  const options = { encryptionProviderConfig: file, encryptionProviderConfigAutomaticReload: false };
  const encryption = await Encryption.open(options, '/registry/', (error) => assert.fail(String(error)));
  const inner = await EmbeddedStorage.open(path.join(directory.path, 'storage'));
  const storage = encryption.wrap(inner, false);
  const cachers = new CacherGroup(storage, '/registry/');
  try {
    encryption.folder('/registry/secrets/', { group: '', resource: 'secrets' });
    const cached = cachers.for('/registry/secrets/');
    const key = '/registry/secrets/a';
    const { modRevision } = await cached.create(key, Buffer.from('1'));
    assert.equal((await cached.get(key)).entry?.stale, undefined);
    const heard = Promise.withResolvers<string>();
    const watch = cached.watch(
      { prefix: '/registry/secrets/', afterRevision: modRevision },
      {
        event: (event) => event.type !== 'progress' && heard.resolve(event.entry.value.toString()),
        end: (error) => heard.reject(error ?? new Error('ended')),
      },
    );
    await keyed('two', 'one');
    assert.equal(await encryption.reload(), true);
    assert.equal((await cached.get(key)).entry?.stale, undefined);
    assert.equal((await cached.get(key, { uncached: true })).entry?.stale, true);
    await cached.update(key, Buffer.from('2'), modRevision);
    assert.equal(await heard.promise, '2');
    assert.equal((await cached.get(key, { uncached: true })).entry?.stale, undefined);
    assert.match((await inner.get(key)).entry!.value.toString('latin1'), /^k8s:enc:aescbc:v1:two:/);
    watch.stop();
  } finally {
    await cachers.close();
    encryption.close();
    directory.remove();
  }
});
