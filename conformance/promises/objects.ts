/** Create, read, update, patch and delete through raw HTTP: codes, reasons and what the server fills in. */
import assert from 'node:assert/strict';
import { area } from '../src/promise.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('objects');

const configMap = (name: string, data: Record<string, string> = { key: 'value' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

interface StatusBody {
  kind: string;
  status: string;
  reason?: string;
  message?: string;
  code?: number;
  details?: { name?: string; kind?: string; causes?: { reason?: string; message?: string; field?: string }[] };
}

promise('a created object has uid, resourceVersion, creationTimestamp and namespace', async (context) => {
  const created = await context.create('v1', 'configmaps', configMap('made'));
  const metadata = created.metadata as WatchedObject['metadata'] & { creationTimestamp: string };
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(metadata.resourceVersion, /^[0-9]+$/);
  assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(metadata.namespace, context.namespace);
  assert.deepEqual(await context.get('v1', 'configmaps', 'made'), created);
});

promise('a second create of the same name is 409 AlreadyExists', async (context) => {
  await context.create('v1', 'configmaps', configMap('twice'));
  const response = await context.http.request('POST', context.path('v1', 'configmaps'), { body: configMap('twice') });
  const status = response.json<StatusBody>();
  assert.equal(response.status, 409);
  assert.equal(status.reason, 'AlreadyExists');
  assert.equal(status.message, 'configmaps "twice" already exists');
});

promise('an update with an old resourceVersion is 409 Conflict and changes nothing', async (context) => {
  const first = await context.create<WatchedObject & { data: Record<string, string> }>(
    'v1',
    'configmaps',
    configMap('stale'),
  );
  const path = context.path('v1', 'configmaps', 'stale');
  const second = await context.http.request('PUT', path, { body: { ...first, data: { key: 'second' } } });
  assert.equal(second.status, 200);
  const third = await context.http.request('PUT', path, { body: { ...first, data: { key: 'third' } } });
  const status = third.json<StatusBody>();
  assert.equal(third.status, 409);
  assert.equal(status.reason, 'Conflict');
  assert.equal(
    status.message,
    'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
  );
  assert.deepEqual(await context.get('v1', 'configmaps', 'stale'), second.json());
});

promise('an update that changes nothing keeps the resourceVersion', async (context) => {
  const created = await context.create('v1', 'configmaps', configMap('same'));
  const response = await context.http.request('PUT', context.path('v1', 'configmaps', 'same'), { body: created });
  assert.equal(response.status, 200);
  assert.equal(response.json<WatchedObject>().metadata.resourceVersion, created.metadata.resourceVersion);
});

promise('what is not there is 404 NotFound with the upstream message', async (context) => {
  const response = await context.http.request('GET', context.path('v1', 'configmaps', 'absent'));
  const status = response.json<StatusBody>();
  assert.equal(response.status, 404);
  assert.equal(status.reason, 'NotFound');
  assert.equal(status.message, 'configmaps "absent" not found');
  assert.deepEqual(status.details, { name: 'absent', kind: 'configmaps' });
});

promise('generateName gives a name of the prefix and five characters', async (context) => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } };
  const names = await Promise.all(
    Array.from({ length: 5 }, async () => (await context.create('v1', 'configmaps', body)).metadata.name),
  );
  for (const name of names) assert.match(name, /^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(new Set(names).size, names.length);
});

for (const [type, patch] of [
  ['application/merge-patch+json', { data: { added: 'yes', key: null } }],
  ['application/strategic-merge-patch+json', { data: { added: 'yes', key: null } }],
  [
    'application/json-patch+json',
    [
      { op: 'add', path: '/data/added', value: 'yes' },
      { op: 'remove', path: '/data/key' },
    ],
  ],
] as const) {
  promise(`${type} changes what it names`, async (context) => {
    await context.create('v1', 'configmaps', configMap('patched', { key: 'value', stays: 'here' }));
    const response = await context.http.request('PATCH', context.path('v1', 'configmaps', 'patched'), {
      body: JSON.stringify(patch),
      headers: { 'content-type': type },
    });
    assert.equal(response.status, 200, response.text());
    assert.deepEqual(response.json<{ data: unknown }>().data, { added: 'yes', stays: 'here' });
  });
}

promise('strategic merge patch merges containers by name', async (context) => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'merged' },
    spec: {
      schedulerName: 'nobody',
      containers: [
        { name: 'one', image: 'example.invalid/one' },
        { name: 'two', image: 'example.invalid/two' },
      ],
    },
  };
  await context.create('v1', 'pods', pod);
  const response = await context.http.request('PATCH', context.path('v1', 'pods', 'merged'), {
    body: JSON.stringify({ spec: { containers: [{ name: 'two', image: 'example.invalid/other' }] } }),
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
  });
  assert.equal(response.status, 200, response.text());
  const { spec } = response.json<{ spec: { containers: { name: string; image: string }[] } }>();
  assert.deepEqual(
    spec.containers.map(({ name, image }) => [name, image]),
    [
      ['one', 'example.invalid/one'],
      ['two', 'example.invalid/other'],
    ],
  );
});

promise('finalizers hold a deleted object until they are gone', async (context) => {
  const held = { ...configMap('held'), metadata: { name: 'held', finalizers: ['example.com/hold'] } };
  await context.create('v1', 'configmaps', held);
  const path = context.path('v1', 'configmaps', 'held');
  const deleted = await context.http.request('DELETE', path);
  assert.equal(deleted.status, 200);
  const waiting = await context.get('v1', 'configmaps', 'held');
  assert.ok(waiting.metadata.deletionTimestamp);
  const released = await context.http.request('PATCH', path, {
    body: JSON.stringify({ metadata: { finalizers: null } }),
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(released.status, 200);
  assert.equal((await context.http.request('GET', path)).status, 404);
});

promise('dry run answers as if it had happened and stores nothing', async (context) => {
  const response = await context.http.request('POST', `${context.path('v1', 'configmaps')}?dryRun=All`, {
    body: configMap('dry'),
  });
  assert.equal(response.status, 201);
  assert.equal(response.json<WatchedObject>().metadata.name, 'dry');
  assert.equal((await context.http.request('GET', context.path('v1', 'configmaps', 'dry'))).status, 404);
});

promise('deletecollection deletes what the selector names and nothing else', async (context) => {
  for (const [name, color] of [
    ['a', 'red'],
    ['b', 'red'],
    ['c', 'blue'],
  ] as const) {
    await context.create('v1', 'configmaps', { ...configMap(name), metadata: { name, labels: { color } } });
  }
  const response = await context.http.request(
    'DELETE',
    `${context.path('v1', 'configmaps')}?labelSelector=color%3Dred`,
  );
  assert.equal(response.status, 200, response.text());
  const list = await context.http.request('GET', `${context.path('v1', 'configmaps')}?labelSelector=color`);
  assert.deepEqual(
    list.json<{ items: WatchedObject[] }>().items.map(({ metadata }) => metadata.name),
    ['c'],
  );
});

promise('preconditions keep a delete from hitting another object of the same name', async (context) => {
  await context.create('v1', 'configmaps', configMap('guarded'));
  const response = await context.http.request('DELETE', context.path('v1', 'configmaps', 'guarded'), {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: '00000000-0000-0000-0000-000000000000' } },
  });
  assert.equal(response.status, 409);
  assert.equal(response.json<StatusBody>().reason, 'Conflict');
  await context.get('v1', 'configmaps', 'guarded');
});

promise('a strategic merge patch of the wrong type is 422 and names the patch', async (context) => {
  const object = { ...configMap('patched'), metadata: { name: 'patched', labels: { app: 'patched' } } };
  await context.create('v1', 'configmaps', object);
  const response = await context.http.request('PATCH', context.path('v1', 'configmaps', 'patched'), {
    body: { metadata: { labels: 'wrong' } },
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
  });
  const status = response.json<StatusBody>();
  assert.equal(response.status, 422);
  assert.equal(status.reason, 'Invalid');
  assert.deepEqual(status.details?.causes, [
    {
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "map[metadata:map[labels:wrong]]": cannot restore map from string',
      field: 'patch',
    },
  ]);
});

promise('metadata.generation counts the changes of a spec, also of a DaemonSet', async (context) => {
  const template = (image: string): object => ({
    metadata: { labels: { app: 'counted' } },
    spec: { nodeSelector: { absent: 'true' }, containers: [{ name: 'main', image }] },
  });
  interface Counted extends WatchedObject {
    metadata: WatchedObject['metadata'] & { generation?: number };
  }
  await context.create('apps/v1', 'daemonsets', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'counted' },
    spec: { selector: { matchLabels: { app: 'counted' } }, template: template('one') },
  });
  const patch = async (body: object): Promise<number | undefined> => {
    const path = context.path('apps/v1', 'daemonsets', 'counted');
    const headers = { 'content-type': 'application/merge-patch+json' };
    const response = await context.http.request('PATCH', path, { body, headers });
    assert.equal(response.status, 200, response.text());
    return response.json<Counted>().metadata.generation;
  };
  assert.equal(await patch({ metadata: { labels: { color: 'blue' } } }), 1);
  assert.equal(await patch({ spec: { template: template('two') } }), 2);
  assert.equal(await patch({ spec: { minReadySeconds: 3 } }), 3);
});
