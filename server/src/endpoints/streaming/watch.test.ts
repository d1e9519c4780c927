import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { encodeForStorage } from '@typernetes/openapi/codec';
import { WebSocket } from 'ws';
import { ApiMetrics } from '../metrics.ts';
import { type ServedTestApi, serveTestApi } from '../testing/api.ts';

let api: ServedTestApi;
const metrics = new ApiMetrics();
const watches = async () => {
  const lines = (await metrics.registry.text()).split('\n');
  return lines.filter((line) => /^apiserver_longrunning_requests.*"WATCH"/.test(line) && !line.endsWith(' 0')).length;
};
before(async () => {
  api = await serveTestApi({ chain: { metrics } });
});
after(() => api.close());

interface Event {
  type: string;
  object: {
    metadata: { name?: string; resourceVersion: string; annotations?: Record<string, string> };
    code?: number;
    reason?: string;
    rows?: unknown[];
    columnDefinitions?: unknown[] | null;
  };
}

const authorization = 'Bearer admin';

/** Reads events one by one; `stop` hangs up. */
async function watch(path: string, headers: Record<string, string> = {}) {
  const aborter = new AbortController();
  const response = await fetch(`${api.origin}${path}`, {
    headers: { authorization, ...headers },
    signal: aborter.signal,
  });
  assert.equal(response.status, 200);
  const lines = (async function* () {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        yield JSON.parse(text.slice(0, end)) as Event;
        text = text.slice(end + 1);
      }
    }
  })();
  return {
    next: async () => (await lines.next()).value as Event | undefined,
    stop: () => aborter.abort(),
  };
}

async function write(method: string, path: string, body?: unknown, type = 'application/json') {
  const response = await fetch(`${api.origin}${path}`, {
    method,
    headers: { authorization, 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return (await response.json()) as Event['object'];
}

const collection = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
const label = (value: string | null) => ({ metadata: { labels: { app: value } } });

describe('watch', () => {
  test('delivers every change after its resourceVersion, in order', async () => {
    const path = collection('order');
    const first = await write('POST', path, { metadata: { name: 'a' } });
    const events = await watch(`${path}?watch=1&resourceVersion=${first.metadata.resourceVersion}`);
    await write('POST', path, { metadata: { name: 'b' } });
    await write('PATCH', `${path}/a`, { data: { x: 'y' } }, 'application/merge-patch+json');
    await write('DELETE', `${path}/b`);
    const seen: string[] = [];
    let last = Number(first.metadata.resourceVersion);
    for (let index = 0; index < 3; index++) {
      const event = (await events.next())!;
      seen.push(`${event.type} ${event.object.metadata.name}`);
      assert.ok(Number(event.object.metadata.resourceVersion) > last);
      last = Number(event.object.metadata.resourceVersion);
    }
    events.stop();
    assert.deepEqual(seen, ['ADDED b', 'MODIFIED a', 'DELETED b']);
  });

  test('hundreds of watchers see every change of a burst, in order', async () => {
    const path = collection('crowd');
    const first = await write('POST', path, { metadata: { name: 'first' } });
    const watchers = await Promise.all(
      Array.from({ length: 200 }, () => watch(`${path}?watch=1&resourceVersion=${first.metadata.resourceVersion}`)),
    );
    const names = Array.from({ length: 12 }, (_, index) => `burst-${index}`);
    const data = { text: 'x'.repeat(10_000) };
    const made = await Promise.all(names.map((name) => write('POST', path, { metadata: { name }, data })));
    const revisions = made.map(({ metadata }) => Number(metadata.resourceVersion)).sort((a, b) => a - b);
    await Promise.all(
      watchers.map(async (events) => {
        const seen: number[] = [];
        for (const _ of names) seen.push(Number((await events.next())?.object.metadata.resourceVersion));
        assert.deepEqual(seen, revisions);
        events.stop();
      }),
    );
  });

  test('an object that stops matching the selector is deleted for the watcher', async () => {
    const path = collection('selected');
    const list = await write('POST', path, { metadata: { name: 'a' } });
    const events = await watch(
      `${path}?watch=1&labelSelector=app%3Dx&resourceVersion=${list.metadata.resourceVersion}`,
    );
    for (const value of ['x', 'x', 'z', null]) {
      await write(
        'PATCH',
        `${path}/a`,
        { ...label(value), data: { at: String(Math.random()) } },
        'application/merge-patch+json',
      );
    }
    const types = [await events.next(), await events.next(), await events.next()].map((event) => event?.type);
    events.stop();
    assert.deepEqual(types, ['ADDED', 'MODIFIED', 'DELETED']);
  });

  test('sendInitialEvents ends the state with its bookmark', async () => {
    const path = collection('initial');
    await write('POST', path, { metadata: { name: 'a' } });
    const events = await watch(
      `${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    assert.equal((await events.next())?.type, 'ADDED');
    const bookmark = (await events.next())!;
    events.stop();
    assert.equal(bookmark.type, 'BOOKMARK');
    assert.deepEqual(bookmark.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
  });

  test('a compacted resourceVersion is an ERROR event with 410', async () => {
    const path = collection('compacted');
    const old = await write('POST', path, { metadata: { name: 'a' } });
    for (let index = 0; index < 3; index++)
      await write('PATCH', `${path}/a`, { data: { n: String(index) } }, 'application/merge-patch+json');
    const store = api.served.stores.get('secrets')!;
    // A store nobody has read from yet: its cache begins after what is compacted now.
    await store.storage.compact(await store.storage.currentRevision());
    const events = await watch(
      `/api/v1/namespaces/compacted/secrets?watch=1&resourceVersion=${old.metadata.resourceVersion}`,
    );
    const event = (await events.next())!;
    events.stop();
    assert.equal(event.type, 'ERROR');
    assert.equal(event.object.code, 410);
    assert.equal(event.object.reason, 'Expired');
  });

  test('a continue token of a compacted version is 410, with another for the rest as it is by then', async () => {
    const path = collection('pages');
    for (const name of ['a', 'b', 'c']) await write('POST', path, { metadata: { name } });
    const page = (await write('GET', `${path}?limit=1`)) as unknown as { metadata: { continue: string } };
    await write('DELETE', `${path}/b`);
    const store = api.served.stores.get('configmaps')!;
    await store.storage.compact(await store.storage.currentRevision());
    const next = (token: string) =>
      fetch(`${api.origin}${path}?limit=5&continue=${encodeURIComponent(token)}`, { headers: { authorization } });
    const refused = await next(page.metadata.continue);
    const status = (await refused.json()) as { reason: string; message: string; metadata: { continue: string } };
    assert.deepEqual([refused.status, status.reason], [410, 'Expired']);
    assert.match(status.message, /^The provided continue parameter is too old to display a consistent list result\./);
    const rest = (await (await next(status.metadata.continue)).json()) as { items: Event['object'][] };
    assert.deepEqual(
      rest.items.map(({ metadata }) => metadata.name),
      ['c'],
    );
  });

  test('timeoutSeconds ends it', async () => {
    const events = await watch(`${collection('timeout')}?watch=1&timeoutSeconds=1`);
    assert.equal(await events.next(), undefined);
  });

  test('a Table’s columns come once', async () => {
    const path = collection('table');
    const events = await watch(`${path}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    await write('POST', path, { metadata: { name: 'a' } });
    await write('POST', path, { metadata: { name: 'b' } });
    const first = (await events.next())!;
    const second = (await events.next())!;
    events.stop();
    assert.equal(first.object.columnDefinitions?.length, 2);
    assert.equal(second.object.columnDefinitions, null);
    assert.equal(second.object.rows?.length, 1);
  });

  test('over a websocket', async () => {
    const path = collection('websocket');
    const socket = new WebSocket(`${api.websocketOrigin}${path}?watch=1`, {
      headers: { authorization, origin: 'https://anywhere.example.com' },
    });
    const message = new Promise<string>((resolve, reject) => {
      socket.once('message', (data) => resolve((data as Buffer).toString()));
      socket.once('error', reject);
    });
    await new Promise((resolve) => socket.once('open', resolve));
    await write('POST', path, { metadata: { name: 'a' } });
    assert.equal((JSON.parse(await message) as Event).type, 'ADDED');
    socket.terminate();
  });

  const refused: [string, Record<string, string>, number][] = [
    ['no origin', {}, 403],
    ['an origin that is no URL', { origin: 'nonsense' }, 403],
    ['the origin null', { origin: 'null' }, 403],
    ['two protocols', { origin: 'https://a.example.com', 'sec-websocket-protocol': 'a, b' }, 400],
  ];
  for (const [title, headers, code] of refused) {
    test(`a websocket with ${title} is refused`, async () => {
      const socket = new WebSocket(`${api.websocketOrigin}${collection('x')}?watch=1`, {
        headers: { authorization, ...headers },
      });
      socket.on('error', () => undefined);
      const answer = await new Promise((resolve) =>
        socket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
      );
      assert.equal(answer, code);
      socket.terminate();
    });
  }

  test('a websocket whose handshake the library refuses leaves no watch behind', async () => {
    const request = get(`${api.origin}${collection('x')}?watch=1`, {
      headers: {
        authorization,
        connection: 'Upgrade',
        upgrade: 'websocket',
        origin: 'https://a.example.com',
        'sec-websocket-version': '13',
      },
    });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 400);
    answer.resume();
    while ((await watches()) > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('an object that cannot be encoded ends the watches that would see it, with an error', async () => {
    const store = api.served.stores.get('configmaps')!;
    const stored = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad', namespace: 'odd' }, data: { a: 5 } };
    const response = await fetch(`${api.origin}${collection('odd')}?watch=1`, {
      headers: { authorization, accept: 'application/vnd.kubernetes.protobuf;stream=watch' },
    });
    await store.storage.create(store.key('odd', 'bad'), encodeForStorage(stored as never), {});
    const frames = Buffer.from(await response.arrayBuffer());
    assert.match(frames.toString('latin1'), /ERROR.*cannot unmarshal number into Go value of type string/s);
  });

  test('a websocket of an old version is refused', async () => {
    const socket = new WebSocket(`${api.websocketOrigin}${collection('x')}?watch=1`, {
      headers: { authorization },
      protocolVersion: 8,
    });
    socket.on('error', () => undefined);
    const answer = await new Promise((resolve) =>
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
    );
    assert.equal(answer, 400);
    socket.terminate();
  });

  test('a websocket without permission is refused with a Status', async () => {
    const socket = new WebSocket(`${api.websocketOrigin}${collection('x')}?watch=1`, {
      headers: { authorization: 'Bearer nobody' },
    });
    const code = await new Promise((resolve) =>
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
    );
    assert.equal(code, 403);
    socket.on('error', () => undefined);
    socket.terminate();
  });
});
