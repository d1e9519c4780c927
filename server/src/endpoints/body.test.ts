import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { timeoutError } from '@typernetes/openapi/meta';
import { createApp } from './app.ts';
import { readBody } from './body.ts';
import type { RequestContext } from './request-context.ts';

/** What becomes of reading a body of which only a part comes; `before` runs ahead of it. */
async function reading(before: (context: RequestContext, client: Socket) => Promise<void> | void): Promise<string> {
  const clients: Socket[] = [];
  const outcome = Promise.withResolvers<string>();
  const app = createApp(async (context) => {
    await before(context, clients[0]!);
    outcome.resolve(
      await readBody(context).then(
        () => 'read',
        (error: Error) => error.message,
      ),
    );
  });
  const server = createServer((request, response) => app.handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  client.write('POST /api/v1/namespaces HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"a":');
  const said = await outcome.promise;
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return said;
}

test('a client that has gone before its body is read is not waited for', async () => {
  const said = await reading(async (context, client) => {
    const gone = once(context.signal, 'abort');
    client.destroy();
    await gone;
  });
  assert.equal(said, 'unexpected EOF');
});

test('a client that goes while its body is read is not waited for', async () => {
  const said = await reading((_, client) => void setImmediate(() => client.destroy()));
  assert.equal(said, 'unexpected EOF');
});

test('a body that does not come is waited for as long as the request may take', async () => {
  const said = await reading((context) => void setImmediate(() => context.abort(timeoutError('it took too long', 0))));
  assert.equal(said, 'Timeout: it took too long');
});
