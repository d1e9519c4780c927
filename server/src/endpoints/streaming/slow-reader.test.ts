import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { type ServedTestApi, serveTestApi } from '../testing/api.ts';

let api: ServedTestApi;
before(async () => {
  api = await serveTestApi();
});
after(() => api.close());

const resource = { group: '', resource: 'configmaps' };
/** What the sockets' own buffers may hold is taken up by large events; the queue takes 10,000 more. */
const large = 800;
const small = 10_100;

async function startWatch(): Promise<Socket> {
  const { hostname, port } = new URL(api.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const path = '/api/v1/namespaces/slow/configmaps?watch=1&resourceVersion=0';
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n`);
  await once(socket, 'readable');
  assert.match(String(socket.read()), /^HTTP\/1\.1 200 /);
  return socket;
}

/** Resolves when so many events came, or the server hung up, to how many did. */
async function count(socket: Socket, wanted: number): Promise<number> {
  const mark = '"type":"ADDED"';
  let seen = 0;
  let rest = '';
  socket.on('data', (chunk) => {
    const parts = (rest + chunk.toString('latin1')).split(mark);
    seen += parts.length - 1;
    rest = (parts.at(-1) ?? '').slice(1 - mark.length);
    if (seen >= wanted) socket.destroy();
  });
  await once(socket, 'close');
  return seen;
}

test('a client that stops reading is cut off 10,000 events later, and one that reads misses none', async () => {
  const [slow, quick] = [await startWatch(), await startWatch()];
  const counted = count(quick, large + small);
  const create = (name: string, text: string) =>
    api.registry.create(resource, 'slow', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'slow' },
      data: { text },
    } as KubernetesObject);
  const text = 'x'.repeat(20_000);
  for (let index = 0; index < large; index += 100)
    await Promise.all(Array.from({ length: 100 }, (_, each) => create(`large-${index + each}`, text)));
  for (let index = 0; index < small; index += 100)
    await Promise.all(Array.from({ length: 100 }, (_, each) => create(`small-${index + each}`, '')));
  assert.equal(await counted, large + small);
  const seen = await count(slow, Number.POSITIVE_INFINITY);
  assert.ok(seen < large, `${seen} events were waiting in the sockets`);
});
