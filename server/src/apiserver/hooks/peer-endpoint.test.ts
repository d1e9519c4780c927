/** Where other API servers read how this one is reached. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { EmbeddedStorage } from '../../storage/index.ts';
import { startPeerEndpoint } from './peer-endpoint.ts';

let directory: string;
let storage: EmbeddedStorage;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'peer-endpoint-'));
  storage = await EmbeddedStorage.open(directory);
});

afterEach(async () => {
  await storage.close();
  await rm(directory, { recursive: true });
});

const key = '/registry/peerserverleases/apiserver-one';
const options = () => ({
  storage,
  root: '/registry/',
  identity: 'apiserver-one',
  address: { ip: '192.0.2.1', port: 6443 },
  report: (error: unknown) => assert.fail(String(error)),
});

async function stored(): Promise<unknown> {
  const { entry } = await storage.get(key);
  return entry === undefined ? undefined : JSON.parse(entry.value.toString());
}

test('an address is there while its server runs, and changes with each renewal', async () => {
  const expected = (generation: number) => ({
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { generation, labels: { apiserverIdentity: 'apiserver-one' } },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
  });
  const first = await startPeerEndpoint(options());
  assert.deepEqual(await stored(), expected(1));
  const second = await startPeerEndpoint(options());
  assert.deepEqual(await stored(), expected(2));
  await first.stop();
  assert.equal(await stored(), undefined);
  await second.stop();
});

test('what another server wrote in a form of its own is replaced', async () => {
  await storage.create(key, Buffer.from([0x6b, 0x38, 0x73, 0x00]));
  const endpoint = await startPeerEndpoint(options());
  assert.equal(((await stored()) as { metadata: { generation: number } }).metadata.generation, 1);
  await endpoint.stop();
});
