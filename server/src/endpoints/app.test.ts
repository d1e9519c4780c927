import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createApp } from './app.ts';
import { sendText } from './respond.ts';

/** Refuses everybody, whatever is on its way to it. */
const app = createApp(async (context) => sendText(context, 403, 'no\n'), { lingerMs: 50 });
const servers = [createServer((...given) => app.listener(...given)), createHttp2Server()] as const;
servers[1].on('request', (request, response) => app.handle(request as never, response as never));
const [http1, http2] = servers;
const portOf = (server: (typeof servers)[number]) => (server.address() as AddressInfo).port;

before(() => Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening'))));
after(() => servers.forEach((server) => server.close()));

describe('a body that nobody waits for', () => {
  test('ends its connection if it does not end', async () => {
    const client = connect(portOf(http1), '127.0.0.1');
    client.write('POST /api/v1/pods HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{');
    const [answer] = (await once(client, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 403 /);
    await once(client, 'close');
  });

  test('may come late: the connection is good for more', async () => {
    const client = connect(portOf(http1), '127.0.0.1');
    client.write('POST /api/v1/pods HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{');
    await once(client, 'data');
    client.write('}');
    await new Promise((resolve) => setTimeout(resolve, 150));
    client.write('GET /api/v1/pods HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(client, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 403 /);
    await once(client, 'close');
  });

  test('ends its stream, but not the connection, over HTTP/2', async () => {
    const session = connectHttp2(`http://127.0.0.1:${portOf(http2)}`);
    const stream = session.request({ ':method': 'POST', ':path': '/api/v1/pods' });
    stream.write('{');
    stream.resume();
    await once(stream, 'close');
    const next = session.request({ ':path': '/api/v1/pods' });
    next.resume();
    const [head] = (await once(next, 'response')) as [{ ':status': number }];
    assert.equal(head[':status'], 403);
    await new Promise<void>((resolve) => session.close(() => resolve()));
  });
});
