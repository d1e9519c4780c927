import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
const configMaps = '/api/v1/namespaces/default/configmaps';

const connect = (to = server): ClientHttp2Session => http2.connect(to.server.url, to.identity);

before(async () => {
  server = await startTestServer({});
});
after(() => server.close());

interface Answer {
  status: number;
  headers: http2.IncomingHttpHeaders;
  text: string;
}

async function call(
  session: ClientHttp2Session,
  method: string,
  url: string,
  body?: string,
  headers: http2.OutgoingHttpHeaders = {},
): Promise<Answer> {
  const stream = session.request({
    ':method': method,
    ':path': url,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  });
  stream.end(body);
  const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  let text = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return { status: Number(head[':status']), headers: head, text };
}

const close = (session: ClientHttp2Session): Promise<void> => new Promise((resolve) => session.close(() => resolve()));

test('one connection carries many requests, in the name of its certificate', async () => {
  const session = connect();
  const review = await call(
    session,
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
  );
  assert.equal(review.status, 201, review.text);
  assert.match(review.text, /"username":"kubernetes-admin"/);
  const many = await Promise.all(Array.from({ length: 80 }, () => call(session, 'GET', '/api/v1/namespaces/default')));
  assert.ok(many.every(({ status }) => status === 200));
  assert.equal(session.remoteSettings.maxConcurrentStreams, 100);
  const head = await call(session, 'HEAD', '/readyz');
  assert.deepEqual([head.status, head.text], [200, '']);
  const impersonated = await call(session, 'GET', '/api/v1/namespaces', undefined, {
    'impersonate-user': 'jane',
    'impersonate-group': ['a,b', 'system:masters'],
  });
  assert.equal(impersonated.status, 200, 'groups come one by one, commas and all');
  const oddly = await call(session, 'GET', '/api/v1/namespaces', undefined, {
    'impersonate-user': 'jane',
    'impersonate-group': 'system:masters',
    constructor: 'is a header like any other',
    ['__proto__']: 'this too',
  });
  assert.equal(oddly.status, 200, oddly.text);
  const missing = await call(session, 'GET', '/api/v1/namespaces/none');
  assert.match(missing.text, /"reason":"NotFound"/);
  await close(session);
});

test('bodies of any size are judged as over HTTP/1.1', async () => {
  const session = connect();
  const object = (name: string, size: number): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'x'.repeat(size) } });
  const large = await call(session, 'POST', configMaps, object('large', 900_000));
  assert.equal(large.status, 201, large.text.slice(0, 200));
  const got = await call(session, 'GET', `${configMaps}/large`);
  assert.equal((JSON.parse(got.text) as { data: { a: string } }).data.a.length, 900_000);
  const zipped = session.request({ ':path': configMaps, 'accept-encoding': 'gzip' });
  const [head] = (await once(zipped, 'response')) as [http2.IncomingHttpHeaders];
  assert.equal(head['content-encoding'], 'gzip');
  zipped.resume();
  await once(zipped, 'end');
  const other = connect();
  other.on('error', () => undefined);
  const refused = other.request({ ':method': 'POST', ':path': configMaps, 'content-type': 'application/json' });
  refused.on('error', () => undefined);
  refused.write(Buffer.alloc(4 * 1024 * 1024, 'x'));
  const [answer] = (await once(refused, 'response')) as [http2.IncomingHttpHeaders];
  assert.equal(answer[':status'], 413);
  other.destroy();
  assert.equal((await call(session, 'GET', '/readyz')).text, 'ok');
  await close(session);
});

test('many watches share a connection; one that is not read holds up nobody', async () => {
  const session = connect();
  const url = `${configMaps}?watch=1&fieldSelector=metadata.name%3Dwatched`;
  const open = async () => {
    const stream = session.request({ ':path': url });
    await once(stream, 'response');
    return stream;
  };
  const stuck = await open();
  stuck.pause();
  const watches = await Promise.all(Array.from({ length: 90 }, open));
  const first = watches.map(async (stream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterable<string>)
      if ((text += chunk).includes('\n')) break;
    return JSON.parse(text.split('\n', 1)[0]!) as { type: string };
  });
  const created = await call(
    session,
    'POST',
    configMaps,
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'watched' } }),
  );
  assert.equal(created.status, 201, created.text);
  assert.ok((await Promise.all(first)).every(({ type }) => type === 'ADDED'));
  const gone = watches[0]!;
  gone.close(http2.constants.NGHTTP2_CANCEL);
  await once(gone, 'close');
  assert.equal((await call(session, 'DELETE', `${configMaps}/watched`)).status, 200);
  const metrics = (await call(session, 'GET', '/metrics')).text;
  assert.match(metrics, /apiserver_longrunning_requests\{[^}]*resource="configmaps"[^}]*\} 90\n/);
  session.destroy();
});

test('the same port takes HTTP/1.1 and websockets', async () => {
  const { url } = server.server;
  const status = await new Promise<string>((resolve, reject) => {
    https
      .get(`${url}/api/v1/namespaces/default`, { ...server.identity, agent: false }, (response) => {
        response.resume();
        resolve(`${response.httpVersion} ${response.statusCode}`);
      })
      .once('error', reject);
  });
  assert.equal(status, '1.1 200');
  const socket = new WebSocket(`${url.replace('https', 'wss')}${configMaps}?watch=1`, {
    ...server.identity,
    origin: 'https://anywhere.example.com',
  });
  const [message] = (await once(socket, 'message')) as [Buffer];
  assert.match(message.toString(), /"type":"ADDED"/);
  socket.terminate();
});

test('a stopping server says so, ends watches, and finishes what it has begun', async () => {
  const stopping = await startTestServer({});
  const session = connect(stopping);
  const goaway = once(session, 'goaway');
  const watch = session.request({ ':path': `${configMaps}?watch=1` });
  await once(watch, 'response');
  watch.resume();
  const ended = once(watch, 'end');
  const stopped = stopping.close();
  assert.equal(((await goaway) as [number])[0], http2.constants.NGHTTP2_NO_ERROR);
  await ended;
  await stopped;
});

test('--goaway-chance makes clients connect anew, --http2-max-streams-per-connection is told', async () => {
  const other = await startTestServer({ goawayChance: 1, http2MaxStreamsPerConnection: 7 });
  const session = connect(other);
  const goaway = once(session, 'goaway');
  assert.equal((await call(session, 'GET', '/api/v1/namespaces/default')).status, 200);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 7);
  await goaway;
  session.destroy();
  await other.close();
});
