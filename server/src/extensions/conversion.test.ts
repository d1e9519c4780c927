import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { definitionOf, definitions, startTestApiServer, type TestApiServer, versionOf } from './testing/api-server.ts';
import {
  type ConversionRequest,
  type ConversionWebhook,
  type Converter,
  startConversionWebhook,
  succeeded,
} from './testing/conversion-webhook.ts';

interface Conv {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    finalizers?: string[];
    managedFields?: { apiVersion: string; manager: string; fieldsV1: object }[];
  };
  hostPort?: string;
  host?: string;
  port?: string;
  message?: string;
}

let server: TestApiServer;
let webhook: ConversionWebhook;

/** v1 has hostPort, v2 has host and port. */
const convert: Converter = (request) =>
  succeeded(
    request,
    request.objects.map((object) => toVersion(object, request)),
  );

function toVersion(object: ConversionRequest['objects'][number], { desiredAPIVersion }: ConversionRequest): object {
  const { hostPort, host, port, ...rest } = object as unknown as Conv;
  if (desiredAPIVersion.endsWith('/v1')) return { ...rest, apiVersion: desiredAPIVersion, hostPort: `${host}:${port}` };
  const [name, number] = (hostPort ?? ':').split(':');
  return { ...rest, apiVersion: desiredAPIVersion, host: name, port: number };
}

const text = { type: 'string' };
const v1 = versionOf('v1', { type: 'object', properties: { hostPort: text } });
const v2 = versionOf('v2', { type: 'object', properties: { host: text, port: text } }, { storage: false });

function definition(plural: string, kind: string): object {
  return definitionOf(plural, kind, [v1, v2], {
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: webhook.clientConfig, conversionReviewVersions: ['v1', 'v1beta1'] },
    },
  });
}

const at = (version: string, plural: string, name = ''): string =>
  `/apis/stable.example.com/${version}/namespaces/default/${plural}${name === '' ? '' : `/${name}`}`;
const object = (version: string, kind: string, name: string, fields: object): object => ({
  apiVersion: `stable.example.com/${version}`,
  kind,
  metadata: { name },
  ...fields,
});

before(async () => {
  [server, webhook] = await Promise.all([startTestApiServer(), startConversionWebhook(convert)]);
});
after(async () => {
  await server.stop();
  await webhook.stop();
});

test('objects are shown, written, listed and watched in each version', async () => {
  await server.define(definition('convs', 'Conv'));
  const created = await server.call<Conv>('POST', at('v1', 'convs'), object('v1', 'Conv', 'a', { hostPort: 'h:1' }));
  assert.equal(created.status, 201);
  assert.equal(webhook.requests.length, 0, 'nothing to convert yet');
  const shown = await server.call<Conv>('GET', at('v2', 'convs', 'a'));
  assert.deepEqual([shown.body.apiVersion, shown.body.host, shown.body.port], ['stable.example.com/v2', 'h', '1']);
  assert.equal(shown.body.metadata.resourceVersion, created.body.metadata.resourceVersion);

  const other = await server.call<Conv>('POST', at('v2', 'convs'), object('v2', 'Conv', 'b', { host: 'i', port: '2' }));
  assert.equal(other.status, 201, other.body.message);
  assert.equal(other.body.host, 'i');
  assert.equal((await server.call<Conv>('GET', at('v1', 'convs', 'b'))).body.hostPort, 'i:2');

  const patched = await server.call<Conv>('PATCH', at('v2', 'convs', 'a'), { port: '7' });
  assert.equal(patched.body.port, '7');
  assert.equal((await server.call<Conv>('GET', at('v1', 'convs', 'a'))).body.hostPort, 'h:7');

  const seen = await server.watch<{ type: string; object: Conv }>(`${at('v2', 'convs')}?watch=1`, 2);
  assert.deepEqual(
    seen.events.map(({ type, object }) => [type, object.host, object.port]),
    [
      ['ADDED', 'h', '7'],
      ['ADDED', 'i', '2'],
    ],
  );
  const later = server.watch<{ type: string; object: Conv }>(
    `${at('v2', 'convs')}?watch=1&resourceVersion=${patched.body.metadata.resourceVersion}`,
    2,
    () =>
      void server
        .call('PATCH', at('v1', 'convs', 'b'), { hostPort: 'j:3' })
        .then(() => server.call('DELETE', at('v1', 'convs', 'b'))),
  );
  assert.deepEqual(
    (await later).events.map(({ type, object }) => [type, object.host, object.port]),
    [
      ['MODIFIED', 'j', '3'],
      ['DELETED', 'j', '3'],
    ],
  );
});

test('a list is converted by one call, and once', async () => {
  await server.define(definition('manies', 'Many'));
  for (let index = 0; index < 20; index++)
    await server.call('POST', at('v1', 'manies'), object('v1', 'Many', `m${index}`, { hostPort: `h:${index}` }));
  const before = webhook.requests.length;
  const list = await server.call<{ items: Conv[] }>('GET', at('v2', 'manies'));
  assert.equal(list.body.items.filter(({ host }) => host === 'h').length, 20);
  assert.equal(webhook.requests.length, before + 1);
  assert.equal(webhook.requests.at(-1)?.objects.length, 20);
  const page = await server.call<{ items: Conv[] }>('GET', `${at('v2', 'manies')}?labelSelector=a!%3Db&limit=5`);
  assert.equal(page.body.items.length, 5);
  assert.equal(webhook.requests.length, before + 1, 'what did not change is not converted again');
});

test('a webhook may change labels and annotations, and nothing else of the metadata', async () => {
  await server.define(definition('metas', 'Meta'));
  await server.call('POST', at('v1', 'metas'), object('v1', 'Meta', 'a', { hostPort: 'h:1' }));
  webhook.answer = (request) =>
    succeeded(
      request,
      request.objects.map((each) => {
        const converted = toVersion(each, request) as Conv;
        return { ...converted, metadata: { ...converted.metadata, labels: { a: 'b' }, finalizers: ['x/y'] } };
      }),
    );
  const { body } = await server.call<Conv>('GET', at('v2', 'metas', 'a'));
  assert.deepEqual([body.metadata.labels, body.metadata.finalizers], [{ a: 'b' }, undefined]);
  webhook.answer = (request) =>
    succeeded(
      request,
      request.objects.map((each) => ({ ...toVersion(each, request), metadata: { ...each.metadata, name: 'other' } })),
    );
  const renamed = await server.call('POST', at('v2', 'metas'), object('v2', 'Meta', 'b', { host: 'h', port: '1' }));
  const failed = 'conversion webhook for stable.example.com/v2, Kind=Meta';
  assert.deepEqual(
    [renamed.status, renamed.body.message],
    [500, `${failed} returned invalid object: must have the same name: b != other`],
  );
  webhook.answer = convert;
});

test('failures are told in the words of the webhook', async () => {
  await server.define(definition('fails', 'Fail'));
  const failed = 'conversion webhook for stable.example.com/v2, Kind=Fail';
  const create = async (answer: Converter): Promise<[number, string | undefined]> => {
    webhook.answer = answer;
    const { status, body } = await server.call(
      'POST',
      at('v2', 'fails'),
      object('v2', 'Fail', 'a', { host: 'h', port: '1' }),
    );
    webhook.answer = convert;
    return [status, body.message];
  };
  assert.deepEqual(await create(({ uid }) => ({ uid, result: { status: 'Failure', message: 'cannot do that' } })), [
    500,
    `${failed} failed: cannot do that`,
  ]);
  assert.deepEqual(await create(({ uid }) => ({ uid, convertedObjects: [], result: { status: 'Success' } })), [
    500,
    `${failed} returned 0 objects, expected 1`,
  ]);
  assert.deepEqual(await create(() => ({ status: 400, text: 'no' })), [
    500,
    `${failed} failed: the server rejected our request for an unknown reason`,
  ]);
  const [, otherUid] = await create(() => ({ uid: 'x', result: { status: 'Success' } }));
  assert.match(otherUid ?? '', /failed: expected response.uid="[^"]+", got "x"$/);
});

test('a new storage version is written by updates that change nothing', async () => {
  await server.define(definition('moves', 'Move'));
  await server.call('POST', at('v1', 'moves'), object('v1', 'Move', 'a', { hostPort: 'h:1' }));
  const json = { 'content-type': 'application/json-patch+json' };
  const url = `${definitions}/moves.stable.example.com`;
  const switched = await server.call<{ status: { storedVersions: string[] } }>(
    'PATCH',
    url,
    [0, 1].map((index) => ({ op: 'replace', path: `/spec/versions/${index}/storage`, value: index === 1 })),
    json,
  );
  assert.deepEqual(switched.body.status.storedVersions, ['v1', 'v2']);
  const read = async (version: string): Promise<Conv> =>
    (await server.call<Conv>('GET', at(version, 'moves', 'a'))).body;
  const old = await read('v2');
  assert.equal(old.host, 'h');
  const first = await server.call<Conv>('PUT', at('v2', 'moves', 'a'), old);
  assert.notEqual(first.body.metadata.resourceVersion, old.metadata.resourceVersion);
  const second = await server.call<Conv>('PUT', at('v2', 'moves', 'a'), first.body);
  assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  assert.equal((await read('v1')).hostPort, 'h:1');
  const gone = await server.call<{ message: string }>('PATCH', url, [{ op: 'remove', path: '/spec/versions/0' }], json);
  assert.match(gone.body.message, /v1 was previously a storage version, and must remain in spec.versions/);
  const dropped = await server.call<{ status: { storedVersions: string[] } }>('PATCH', `${url}/status`, {
    status: { storedVersions: ['v2'] },
  });
  assert.deepEqual(dropped.body.status.storedVersions, ['v2']);
  assert.equal((await server.call('PATCH', url, [{ op: 'remove', path: '/spec/versions/0' }], json)).status, 200);
});

test('managers own fields across versions', async () => {
  await server.define(definition('owners', 'Owner'));
  const apply = (version: string, fields: object, manager: string) =>
    server.call<Conv>(
      'PATCH',
      `${at(version, 'owners', 'a')}?fieldManager=${manager}`,
      JSON.stringify(object(version, 'Owner', 'a', fields)),
      { 'content-type': 'application/apply-patch+yaml' },
    );
  assert.equal((await apply('v1', { hostPort: 'h:1' }, 'one')).status, 201);
  const { status, body } = await apply('v2', { host: 'i', port: '1' }, 'two');
  assert.equal(status, 409, JSON.stringify(body));
  assert.match(body.message ?? '', /conflict with "one": .hostPort/);
  const updated = await server.call<Conv>('PATCH', `${at('v2', 'owners', 'a')}?fieldManager=three`, { port: '9' });
  const owners = (updated.body.metadata.managedFields ?? []).map(({ manager, apiVersion }) => [manager, apiVersion]);
  assert.deepEqual(owners, [['three', 'stable.example.com/v2']], 'what three changed is not owned by one any more');
});

test('definitions whose webhook does not answer can go', async () => {
  await server.define(definition('deads', 'Dead'));
  await server.call('POST', at('v1', 'deads'), object('v1', 'Dead', 'a', { hostPort: 'h:1' }));
  await server.call('PATCH', `${definitions}/deads.stable.example.com`, {
    spec: { conversion: { webhook: { clientConfig: { url: 'https://127.0.0.1:1/' } } } },
  });
  const read = await server.call('GET', at('v2', 'deads', 'a'));
  assert.equal(read.status, 500);
  assert.match(
    read.body.message ?? '',
    /^conversion webhook for stable.example.com\/v1, Kind=Dead failed: Post "https:\/\/127.0.0.1:1\/\?timeout=30s"/,
  );
  await server.call('DELETE', `${definitions}/deads.stable.example.com`);
  while ((await server.call('GET', `${definitions}/deads.stable.example.com`)).status !== 404)
    await new Promise((resolve) => setTimeout(resolve, 20));
});
