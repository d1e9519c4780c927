/** Lists that stay exact, watches that miss nothing. */
import assert from 'node:assert/strict';
import { area } from '../src/promise.ts';
import { type WatchedObject, watchEvents } from '../src/watch.ts';

const promise = area('lists and watches');

const configMap = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
});

interface ListBody {
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: WatchedObject[];
}

promise('limit and continue give every object once, as of the first page', async (context) => {
  const names = Array.from({ length: 10 }, (_, index) => `page-${index}`);
  for (const name of names) await context.create('v1', 'configmaps', configMap(name, { paged: 'yes' }));
  const seen: string[] = [];
  let query = '?limit=3&labelSelector=paged';
  let revision: string | undefined;
  for (let page = 0; ; page += 1) {
    const response = await context.http.request('GET', context.path('v1', 'configmaps') + query);
    assert.equal(response.status, 200, response.text());
    const list = response.json<ListBody>();
    revision ??= list.metadata.resourceVersion;
    assert.equal(list.metadata.resourceVersion, revision);
    seen.push(...list.items.map(({ metadata }) => metadata.name));
    if (page === 0) await context.create('v1', 'configmaps', configMap('page-later', { paged: 'yes' }));
    if (!list.metadata.continue) break;
    query = `?limit=3&labelSelector=paged&continue=${encodeURIComponent(list.metadata.continue)}`;
  }
  assert.deepEqual(seen, names);
});

promise('label and field selectors pick objects', async (context) => {
  for (const [name, labels] of [
    ['one', { tier: 'front', app: 'a' }],
    ['two', { tier: 'back', app: 'a' }],
    ['three', { tier: 'back', app: 'b' }],
  ] as const) {
    await context.create('v1', 'configmaps', configMap(name, labels));
  }
  const names = async (query: string): Promise<string[]> => {
    const response = await context.http.request('GET', `${context.path('v1', 'configmaps')}?${query}`);
    assert.equal(response.status, 200, response.text());
    return response.json<ListBody>().items.map(({ metadata }) => metadata.name);
  };
  assert.deepEqual(await names(`labelSelector=${encodeURIComponent('app=a,tier!=front')}`), ['two']);
  assert.deepEqual(await names(`labelSelector=${encodeURIComponent('tier in (back,middle)')}`), ['three', 'two']);
  assert.deepEqual(await names(`labelSelector=${encodeURIComponent('app,!nothing,app notin (b)')}`), ['one', 'two']);
  assert.deepEqual(await names('fieldSelector=metadata.name%3Dthree'), ['three']);
});

promise(
  'a watch from a list delivers every later change once and in order',
  async (context) => {
    const path = context.path('v1', 'configmaps');
    const list = (await context.http.request('GET', path)).json<ListBody>();
    for (let round = 0; round < 5; round += 1) {
      await context.create('v1', 'configmaps', configMap(`event-${round}`));
      await context.http.request('PATCH', `${path}/event-${round}`, {
        body: JSON.stringify({ data: { round: String(round) } }),
        headers: { 'content-type': 'application/merge-patch+json' },
      });
      await context.http.request('DELETE', `${path}/event-${round}`);
    }
    const events: string[] = [];
    const revisions: number[] = [];
    for await (const event of watchEvents(
      context.http,
      `${path}?watch=1&resourceVersion=${list.metadata.resourceVersion}`,
      context.signal,
    )) {
      if (!event.object.metadata.name.startsWith('event-')) continue;
      events.push(`${event.type} ${event.object.metadata.name}`);
      revisions.push(Number(event.object.metadata.resourceVersion));
      if (events.length === 15) break;
    }
    assert.deepEqual(
      events,
      Array.from({ length: 5 }, (_, round) => [
        `ADDED event-${round}`,
        `MODIFIED event-${round}`,
        `DELETED event-${round}`,
      ]).flat(),
    );
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, revisions.length);
  },
  { codename: 'watch-consistency' },
);

promise('under a selector an object that stops matching is DELETED and one that starts is ADDED', async (context) => {
  const path = context.path('v1', 'configmaps');
  const created = await context.create('v1', 'configmaps', configMap('moves', { watch: 'yes' }));
  const label = (value: string): Promise<unknown> =>
    context.http.request('PATCH', `${path}/moves`, {
      body: JSON.stringify({ metadata: { labels: { watch: value } } }),
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  await label('no');
  await label('yes');
  const seen: string[] = [];
  const query = `?watch=1&labelSelector=watch%3Dyes&resourceVersion=${created.metadata.resourceVersion}`;
  for await (const event of watchEvents(context.http, path + query, context.signal)) {
    seen.push(event.type);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, ['DELETED', 'ADDED']);
});

promise('a watch ends by itself after timeoutSeconds', async (context) => {
  const started = performance.now();
  for await (const _ of watchEvents(
    context.http,
    `${context.path('v1', 'secrets')}?watch=1&timeoutSeconds=1`,
    context.signal,
  ));
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds >= 0.9, `it ended after ${seconds} s`);
});

promise('sendInitialEvents streams the state and closes it with an annotated bookmark', async (context) => {
  await context.create('v1', 'configmaps', configMap('first', { initial: 'yes' }));
  const query =
    '?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=initial';
  const seen: string[] = [];
  for await (const event of watchEvents(context.http, context.path('v1', 'configmaps') + query, context.signal)) {
    seen.push(event.type);
    if (event.type !== 'BOOKMARK') continue;
    const { annotations } = event.object.metadata as { annotations?: Record<string, string> };
    if (annotations?.['k8s.io/initial-events-end'] === 'true') break;
  }
  assert.deepEqual(seen, ['ADDED', 'BOOKMARK']);
});

promise('a resourceVersion from the far future is refused, not waited for for ever', async (context) => {
  const response = await context.http.request(
    'GET',
    `${context.path('v1', 'configmaps')}?resourceVersion=999999999999`,
  );
  assert.equal(response.status, 504, response.text());
  assert.equal(response.json<{ reason: string }>().reason, 'Timeout');
});

promise('a Table has the columns that kubectl prints', async (context) => {
  await context.create('v1', 'configmaps', { ...configMap('row'), data: { a: '1', b: '2' } });
  const response = await context.http.request('GET', context.path('v1', 'configmaps', 'row'), {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  const table = response.json<{
    kind: string;
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[]; object: { kind: string; metadata: { name: string } } }[];
  }>();
  assert.equal(table.kind, 'Table');
  assert.deepEqual(
    table.columnDefinitions.map(({ name }) => name),
    ['Name', 'Data', 'Age'],
  );
  assert.deepEqual(table.rows[0]?.cells.slice(0, 2), ['row', 2]);
  assert.equal(table.rows[0]?.object.kind, 'PartialObjectMetadata');
});
