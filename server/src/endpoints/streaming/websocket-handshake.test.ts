import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { acceptHandshake } from './websocket-handshake.ts';
import { sendOverWebSocket } from './websocket-reader.ts';

const server = createServer();
before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

async function upgrade(headers: readonly string[]): Promise<[request: IncomingMessage, socket: Duplex, head: Buffer]> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {}).resume();
  const arrived = once(server, 'upgrade');
  const lines = ['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', ...headers];
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
  return (await arrived) as [IncomingMessage, Duplex, Buffer];
}

const good = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const bad = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: short'];

describe('a websocket handshake', () => {
  const accepting = new WebSocketServer({ noServer: true });

  test('that is good', async () => {
    const client = await acceptHandshake(accepting, ...(await upgrade(good)));
    assert.equal(client?.readyState, client?.OPEN);
    client?.terminate();
  });

  test('that the library refuses comes to an end', async () => {
    assert.equal(await acceptHandshake(accepting, ...(await upgrade(bad))), undefined);
  });

  test('of a client that has gone already comes to an end', async () => {
    const [request, socket, head] = await upgrade(good);
    socket.destroy();
    await once(socket, 'close');
    assert.equal(await acceptHandshake(accepting, request, socket, head), undefined);
  });

  test('that fails lets go of what was to be sent', async () => {
    const source = new Readable({ read() {} });
    await sendOverWebSocket(...(await upgrade(bad)), source);
    assert.ok(source.destroyed);
  });
});
