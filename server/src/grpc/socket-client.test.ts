import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../storage/testing/directory.ts';
import { RpcError, socketClient } from './socket-client.ts';
import { startSocketServer } from './testing/socket-server.ts';

const service = 'test.Service';
const none = Buffer.alloc(0);

test('each client has connections of its own: none is answered, or held up, through another', async () => {
  const directory = temporaryDirectory();
  const socket = path.join(directory.path, 's.sock');
  const early = socketClient({ socket, service });
  await assert.rejects(early.call('Ask', none, 60_000), (error) => (error as RpcError).code === 'Unavailable');
  const server = await startSocketServer(socket, service, { Ask: () => none });
  const first = socketClient({ socket, service });
  const late = socketClient({ socket, service });
  try {
    await first.call('Ask', none, 60_000);
    await rename(socket, `${socket}.moved`);
    await assert.rejects(late.call('Ask', none, 60_000), (error) => {
      assert.ok(error instanceof RpcError);
      return error.code === 'Unavailable';
    });
    await first.call('Ask', none, 60_000);
  } finally {
    for (const client of [early, first, late]) client.close();
    server.stop();
    directory.remove();
  }
});
