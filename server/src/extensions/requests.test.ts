import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { definitionOf, startTestApiServer, type TestApiServer, versionOf } from './testing/api-server.ts';

let server: TestApiServer;
const root = '/apis/stable.example.com/v1';
const items = `${root}/namespaces/default/widgets`;
const widget = (name: string): object => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec: { replicas: 2 },
});

before(async () => {
  server = await startTestApiServer();
  const spec = { type: 'object', properties: { replicas: { type: 'integer' } } };
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const version = versionOf('v1', { type: 'object', properties: { spec } }, { subresources: { scale } });
  await server.define(definitionOf('widgets', 'Widget', [version]));
  assert.equal((await server.call('POST', items, widget('one'))).status, 201);
});
after(() => server.stop());

test('what each method does at each path', async () => {
  for (const [method, url, status, message] of [
    ['GET', `${root}/others`, 404, /^404 page not found/],
    ['POST', `${root}/widgets`, 404, /^404 page not found/],
    ['GET', `${root}/widgets/one`, 404, /^404 page not found/],
    ['GET', `${items}/one/status`, 404, /^widgets.stable.example.com "one" not found$/],
    [
      'DELETE',
      `${items}/one/scale`,
      405,
      /^delete is not supported on resources of kind "widgets.stable.example.com"$/,
    ],
    ['PUT', items, 400, /^name must be provided$/],
    ['PATCH', items, 400, /^name must be provided$/],
    ['OPTIONS', items, 405, /^ is not supported on resources of kind/],
    ['POST', `${items}/whatever`, 409, /^widgets.stable.example.com "one" already exists$/],
  ] as const) {
    const body = method === 'GET' || method === 'DELETE' || method === 'OPTIONS' ? undefined : widget('one');
    const answer = await server.call(method, url, body);
    assert.equal(answer.status, status, `${method} ${url}`);
    assert.match(answer.body.message ?? '', message, `${method} ${url}`);
  }
  assert.equal((await server.call('HEAD', `${items}/one`)).status, 200);
});

test('bodies must say their kind, and patches must leave it', async () => {
  const nameless = await server.call('POST', items, '{"metadata":{}}');
  assert.equal(
    nameless.body.message,
    `the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '{"metadata":{}}' ({"metadata":{}})`,
  );
  const other = await server.call('PATCH', `${items}/one`, { kind: 'Other', apiVersion: 'x/v2' });
  assert.equal(other.status, 422);
  assert.match(
    other.body.message ?? '',
    /^Other.x "one" is invalid: \[kind: .*must be Widget, apiVersion: .*must be stable/,
  );
});

test('their metadata comes as protobuf, they themselves as JSON', async () => {
  const protobuf = 'application/vnd.kubernetes.protobuf';
  const metadata = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json`;
  const list = await server.call('GET', items, undefined, { accept: metadata });
  assert.equal(list.status, 200);
  assert.match(list.body.message ?? '', /^k8s\0[\s\S]*PartialObjectMetadataList[\s\S]*one/);
  const whole = await server.call<{ kind?: string }>('GET', `${items}/one`, undefined, {
    accept: `${protobuf},application/json`,
  });
  assert.equal(whole.body.kind, 'Widget');
  for (const url of [items, `${items}/none`, `${items}?watch=true`])
    assert.equal((await server.call('GET', url, undefined, { accept: protobuf })).status, 406, url);
});

test('a scale without version is one of whatever is there, and has columns', async () => {
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'one' }, spec: { replicas: 5 } };
  assert.equal((await server.call('PUT', `${items}/one/scale`, scale)).status, 200);
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await server.call<{ rows: { cells: unknown[] }[] }>('GET', `${items}/one/scale`, undefined, { accept });
  assert.deepEqual(table.body.rows[0]?.cells.slice(0, 3), ['one', 5, 0]);
});
