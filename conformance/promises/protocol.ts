/** Below the objects: methods and paths as bytes, websockets, HTTP/2, compression. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { call, refusal } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import type { WatchEvent, WatchedObject } from '../src/watch.ts';
import { connectWebSocket, openWebSocket, type WebSocketConnection } from '../src/websocket.ts';

const promise = area('protocol');

const notAllowed = '405 MethodNotAllowed: the server does not allow this method on the requested resource';

promise('a method that a path does not know is 405', async (context) => {
  const configMaps = context.path('v1', 'configmaps');
  for (const [method, path] of [
    ['BREW', configMaps],
    ['OPTIONS', configMaps],
    ['TRACE', configMaps],
    ['PUT', configMaps],
    ['PATCH', configMaps],
    ['POST', `${configMaps}/x`],
    ['POST', '/version'],
    ['DELETE', '/api'],
  ] as const)
    assert.equal(await refusal(context, method, path), notAllowed, `${method} ${path}`);
  assert.equal((await context.http.request('HEAD', configMaps)).status, 405);
});

promise('paths are taken as they are: nothing climbs, nothing is decoded twice', async (context) => {
  const configMaps = context.path('v1', 'configmaps');
  for (const path of [
    `${configMaps}/../../kube-system/configmaps`,
    `${configMaps}/..%2F..%2Fkube-system%2Fconfigmaps`,
    `/api/v1/namespaces/%2e%2e/namespaces`,
    `/api/v1/./namespaces`,
    `/api//v1/namespaces`,
    `//api/v1/namespaces`,
    `${configMaps}/kube-root-ca.crt%2Fstatus`,
    `/api/v1/namespaces/${context.namespace}/namespaces`,
    `/api/v1/namespaces/${context.namespace}/namespaces/kube-system`,
    `/api/v1/namespaces/${context.namespace}/nodes`,
    `/API/v1/namespaces`,
    `/api/v1/Namespaces`,
  ])
    assert.equal((await context.http.request('GET', path)).status, 404, path);
  assert.equal(
    await refusal(context, 'GET', `${configMaps}/%2E`),
    `400 BadRequest: Name parameter invalid: ".": may not be '.'`,
  );
  assert.equal(
    await refusal(context, 'GET', `${configMaps}/a%2525b`),
    `400 BadRequest: Name parameter invalid: "a%25b": may not contain '%'`,
  );
  assert.equal((await context.http.request('GET', `${configMaps}/%zz`)).status, 400);
  await call(context, 200, 'GET', `${configMaps}/`);
});

const origin = { Origin: 'https://anywhere.example.com' };

async function event(watch: WebSocketConnection): Promise<{ text: boolean; event: WatchEvent }> {
  const { value } = (await watch.messages.next()) as { value: { text: boolean; data: Buffer } };
  return { text: value.text, event: JSON.parse(value.data.toString()) as WatchEvent };
}

async function watchPath(context: PromiseContext): Promise<string> {
  const path = context.path('v1', 'configmaps');
  const { metadata } = await call<{ metadata: { resourceVersion: string } }>(context, 200, 'GET', path);
  return `${path}?watch=1&resourceVersion=${metadata.resourceVersion}&labelSelector=watched`;
}

const watched = (name: string): object => ({ metadata: { name, labels: { watched: 'yes' } } });

promise('a watch over a websocket sends each event as a text message', async (context) => {
  const watch = await connectWebSocket(context, await watchPath(context), { headers: origin });
  assert.equal(watch.protocol, undefined);
  for (const name of ['a', 'b']) {
    await context.create('v1', 'configmaps', watched(name));
    const next = await event(watch);
    assert.deepEqual([next.text, next.event.type, next.event.object.metadata.name], [true, 'ADDED', name]);
  }
  watch.close();
});

promise('a watch over a websocket speaks the one protocol that is offered', async (context) => {
  const path = await watchPath(context);
  const watch = await connectWebSocket(context, path, { headers: origin, protocols: ['binary.k8s.io'] });
  assert.equal(watch.protocol, 'binary.k8s.io');
  const two = await openWebSocket(context, path, { headers: origin, protocols: ['one', 'two'] });
  assert.equal('status' in two && two.status, 400);
});

promise('a watch over a websocket wants an origin that is a URL, and version 13', async (context) => {
  const path = await watchPath(context);
  const refused = async (headers: Record<string, string>): Promise<number | false> => {
    const opened = await openWebSocket(context, path, { headers });
    return 'status' in opened && opened.status;
  };
  assert.equal(await refused({}), 403);
  assert.equal(await refused({ Origin: 'nonsense' }), 403);
  assert.equal(await refused({ Origin: 'null' }), 403);
  assert.equal(await refused({ ...origin, 'Sec-WebSocket-Version': '8' }), 400);
});

promise('a browser shows its token as a protocol of the websocket, beside the one to speak', async (context) => {
  await context.create('v1', 'serviceaccounts', { metadata: { name: 'browser' } });
  const tokenPath = context.path('v1', 'serviceaccounts', 'browser/token');
  const { status } = await call<{ status: { token: string } }>(context, 201, 'POST', tokenPath, { body: {} });
  const bearer = `base64url.bearer.authorization.k8s.io.${Buffer.from(status.token).toString('base64url')}`;
  const path = await watchPath(context);
  const open = (...protocols: string[]) =>
    openWebSocket(context, path, { headers: origin, protocols, anonymous: true });
  const code = async (...protocols: string[]): Promise<number> => {
    const opened = await open(...protocols);
    if ('status' in opened) return opened.status;
    opened.close();
    return 101;
  };
  assert.equal(await code('binary.k8s.io'), 403, 'nobody');
  assert.equal(await code(bearer), 401, 'the token alone');
  assert.equal(await code(bearer.slice(0, -8), 'binary.k8s.io'), 401, 'a broken token');
  assert.equal(await code(bearer, bearer, 'binary.k8s.io'), 401, 'two tokens');
  assert.equal(await code(bearer, 'binary.k8s.io'), 403, 'known, but without rights');
  await context.create('rbac.authorization.k8s.io/v1', 'rolebindings', {
    metadata: { name: 'browser' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'browser', namespace: context.namespace }],
  });
  for (;;) {
    const opened = await open(bearer, 'binary.k8s.io');
    if ('status' in opened) {
      assert.equal(opened.status, 403, opened.body);
      continue;
    }
    assert.equal(opened.protocol, 'binary.k8s.io');
    await context.create('v1', 'configmaps', watched('seen'));
    assert.equal((await event(opened)).event.object.metadata.name, 'seen');
    return;
  }
});

function connectHttp2(context: PromiseContext): http2.ClientHttp2Session {
  const { server } = context.cluster.access;
  const session = http2.connect(server.origin, context.http.credentials(true));
  session.on('error', () => undefined);
  context.onCleanup(async () => session.destroy());
  return session;
}

async function get(
  session: http2.ClientHttp2Session,
  path: string,
  token?: string,
): Promise<{ status: number; body: string }> {
  const stream = session.request({ ':path': path, ...(token ? { authorization: `Bearer ${token}` } : {}) });
  let status = 0;
  stream.once('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  let body = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) body += String(chunk);
  return { status, body };
}

promise('HTTP/2 carries many requests and a watch over one connection', async (context) => {
  const session = connectHttp2(context);
  await once(session, 'connect');
  assert.equal(session.alpnProtocol, 'h2');
  const { token } = context.cluster.access;
  const path = await watchPath(context);
  const watch = session.request({ ':path': path, ...(token ? { authorization: `Bearer ${token}` } : {}) });
  watch.setEncoding('utf8');
  const [headers] = (await once(watch, 'response')) as [{ ':status': number }];
  assert.equal(headers[':status'], 200);
  const names = Array.from({ length: 20 }, (_, index) => `many-${index}`);
  await Promise.all(names.map((name) => context.create('v1', 'configmaps', watched(name))));
  const answers = await Promise.all(names.map((name) => get(session, context.path('v1', 'configmaps', name), token)));
  assert.deepEqual(
    answers.map(({ status, body }) => [status, (JSON.parse(body) as WatchedObject).metadata.name]),
    names.map((name) => [200, name]),
  );
  let seen = '';
  for await (const chunk of watch) {
    seen += String(chunk);
    if (seen.split('\n').length > names.length) break;
  }
  for (const name of names) assert.ok(seen.includes(`"name":"${name}"`), name);
});

promise('large answers are compressed for those who take gzip, small ones never', async (context) => {
  const path = context.path('v1', 'configmaps');
  await context.create('v1', 'configmaps', { metadata: { name: 'large' }, data: { text: 'abcdefgh'.repeat(40_000) } });
  const headers = { 'accept-encoding': 'gzip' };
  const large = await context.http.request('GET', `${path}/large`, { headers });
  assert.equal(large.headers['content-encoding'], 'gzip');
  assert.equal(large.headers['vary'], 'Accept-Encoding');
  const plain = await context.http.request('GET', `${path}/large`);
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.ok(large.body.length * 10 < plain.body.length);
  assert.equal(gunzipSync(large.body).toString(), plain.text());
  const small = await context.http.request('GET', `${path}/kube-root-ca.crt`, { headers });
  assert.equal(small.headers['content-encoding'], undefined);
});
