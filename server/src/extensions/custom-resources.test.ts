import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { protobufMediaType, protobufSerializer } from '@typernetes/openapi/codec';
import {
  type Answer,
  definitionOf,
  definitions,
  startTestApiServer,
  type TestApiServer,
} from './testing/api-server.ts';

let server: TestApiServer;
before(async () => {
  server = await startTestApiServer();
});
after(() => server.stop());

/** Whatever of an answer the tests look at. */
interface Body {
  apiVersion?: string;
  message?: string;
  metadata?: { name?: string; generation?: number };
  spec?: {
    replicas?: number;
    added?: string;
    versions?: {
      served: boolean;
      schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, object> } } } };
    }[];
  };
  status?: {
    replicas?: number;
    acceptedNames?: { plural?: string };
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
  items?: Body[];
  columnDefinitions?: { name: string }[];
  rows?: { cells: unknown[] }[];
  resources?: { name: string; shortNames?: string[] }[];
  components?: { schemas: Record<string, { properties: Record<string, unknown> }> };
  definitions?: Record<string, object>;
}

const call = (method: string, url: string, body?: object, headers?: Record<string, string>): Promise<Answer<Body>> =>
  server.call<Body>(method, url, body, headers);

const established = (name: string): Promise<Body> => server.established<Body>(name);

const crontabs = (
  plural: string,
  kind: string,
  { versions = [version('v1')], names = {} }: { versions?: object[]; names?: object } = {},
): object => definitionOf(plural, kind, versions, { names: { plural, kind, ...names } });

function version(name: string, more: object = {}): object {
  return {
    name,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            required: ['cronSpec'],
            properties: {
              cronSpec: { type: 'string', pattern: '^\\S+( \\S+){4}$' },
              replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
              color: { type: 'string' },
            },
          },
          status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
        },
      },
    },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: [
      { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    selectableFields: [{ jsonPath: '.spec.color' }],
    ...more,
  };
}

async function gone(url: string): Promise<void> {
  while ((await call('GET', url)).status !== 404) await new Promise((resolve) => setTimeout(resolve, 20));
}

const collection = (plural: string, name = 'v1'): string =>
  `/apis/stable.example.com/${name}/namespaces/default/${plural}`;
const object = (kind: string, name: string, spec: object, more: object = {}): object => ({
  apiVersion: 'stable.example.com/v1',
  kind,
  metadata: { name },
  spec,
  ...more,
});

test('a definition is established, and its objects are served with everything it says', async () => {
  const made = await call(
    'POST',
    definitions,
    crontabs('crontabs', 'CronTab', { names: { shortNames: ['ct'], categories: ['all'] } }),
  );
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const definition = await established('crontabs.stable.example.com');
  assert.equal(definition.status?.acceptedNames?.plural, 'crontabs');
  const url = collection('crontabs');
  const strict = await call(
    'POST',
    `${url}?fieldValidation=Strict`,
    object('CronTab', 'a', { cronSpec: '* * * * *', odd: 1 }),
  );
  assert.equal(strict.status, 400);
  assert.match(strict.body.message ?? '', /strict decoding error: unknown field "spec.odd"/);
  const bad = await call('POST', url, object('CronTab', 'a', { cronSpec: 'x', replicas: 11 }));
  assert.equal(bad.status, 422);
  assert.match(
    bad.body.message ?? '',
    /spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10/,
  );
  const created = await call(
    'POST',
    url,
    object('CronTab', 'a', { cronSpec: '* * * * *', color: 'red', odd: 1 }, { status: { replicas: 5 } }),
  );
  assert.equal(created.status, 201, JSON.stringify(created.body));
  assert.deepEqual(created.body.spec, { cronSpec: '* * * * *', color: 'red', replicas: 1 });
  assert.equal(created.body.status, undefined);
  assert.equal(created.body.metadata?.generation, 1);

  const patched = await call('PATCH', `${url}/a`, { spec: { replicas: 3 } });
  assert.equal(patched.body.metadata?.generation, 2);
  const strategic = await call('PATCH', `${url}/a`, {}, { 'content-type': 'application/strategic-merge-patch+json' });
  assert.equal(strategic.status, 415);
  const status = await call('PATCH', `${url}/a/status`, {
    spec: { replicas: 9 },
    status: { replicas: 3, selector: 'a=b' },
  });
  assert.equal(status.status, 200, JSON.stringify(status.body));
  assert.equal(status.body.spec?.replicas, 3);
  assert.equal(status.body.metadata?.generation, 2);
  const scale = await call('GET', `${url}/a/scale`);
  assert.deepEqual([scale.body.spec, scale.body.status], [{ replicas: 3 }, { replicas: 3, selector: 'a=b' }]);
  const scaled = await call('PATCH', `${url}/a/scale`, { spec: { replicas: 4 } });
  assert.equal(scaled.status, 200, JSON.stringify(scaled.body));
  const read = await call('GET', `${url}/a`);
  assert.deepEqual([read.body.spec?.replicas, read.body.status?.replicas], [4, 3]);

  const table = await call('GET', url, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  assert.deepEqual(
    table.body.columnDefinitions?.map(({ name }) => name),
    ['Name', 'Spec', 'Replicas', 'Age'],
  );
  assert.deepEqual(table.body.rows?.[0]?.cells?.slice(0, 3), ['a', '* * * * *', 4]);
  assert.equal((await call('GET', `${url}?fieldSelector=spec.color%3Dred`)).body.items?.length, 1);
  assert.equal((await call('GET', `${url}?fieldSelector=spec.color%3Dblue`)).body.items?.length, 0);
  assert.equal((await call('GET', `${url}?fieldSelector=spec.cronSpec%3Dblue`)).status, 400);

  const resources = await call('GET', '/apis/stable.example.com/v1');
  assert.deepEqual(
    resources.body.resources?.map(({ name }) => name),
    ['crontabs', 'crontabs/status', 'crontabs/scale'],
  );
  assert.deepEqual(resources.body.resources?.[0]?.shortNames, ['ct']);
  const groups = await call('GET', '/apis', undefined, {
    accept: 'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList',
  });
  assert.ok(groups.body.items?.some((item) => item.metadata?.name === 'stable.example.com'));
  const v3 = await call('GET', '/openapi/v3/apis/stable.example.com/v1');
  assert.ok(v3.body.components?.schemas?.['com.example.stable.v1.CronTab']?.properties?.spec);
  const v2 = await call('GET', '/openapi/v2');
  assert.ok(v2.body.definitions?.['com.example.stable.v1.CronTab']);
});

test('objects have no protobuf, their metadata has', async () => {
  await server.define(crontabs('papers', 'Paper'));
  const url = collection('papers');
  const { body } = await call('POST', url, object('Paper', 'a', { cronSpec: '* * * * *' }));
  assert.equal((await call('GET', `${url}/a`, undefined, { accept: protobufMediaType })).status, 406);
  const as = (kind: string) => `${protobufMediaType};as=${kind};g=meta.k8s.io;v=v1`;
  const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: body.metadata };
  const one = await server.bytes(`${url}/a`, as('PartialObjectMetadata'));
  assert.deepEqual(protobufSerializer.decode(one).object, partial);
  const list = protobufSerializer.decode(await server.bytes(url, as('PartialObjectMetadataList'))).object as Body;
  assert.deepEqual(
    list.items?.map(({ metadata }) => metadata),
    [body.metadata],
  );
});

test('names that others have are not accepted until they are free', async () => {
  assert.equal(
    (await call('POST', definitions, crontabs('firsts', 'First', { names: { shortNames: ['fs'] } }))).status,
    201,
  );
  await established('firsts.stable.example.com');
  assert.equal(
    (await call('POST', definitions, crontabs('seconds', 'Second', { names: { shortNames: ['fs'] } }))).status,
    201,
  );
  for (;;) {
    const { body } = await call('GET', `${definitions}/seconds.stable.example.com`);
    const found = body.status?.conditions?.find(({ type }) => type === 'NamesAccepted');
    if (found !== undefined) {
      assert.deepEqual(
        [found.status, found.reason, found.message],
        ['False', 'ShortNamesConflict', '"fs" is already in use'],
      );
      break;
    }
  }
  assert.equal((await call('GET', collection('seconds'))).status, 404);
  assert.equal((await call('DELETE', `${definitions}/firsts.stable.example.com`)).status, 200);
  await gone(`${definitions}/firsts.stable.example.com`);
  await established('seconds.stable.example.com');
  assert.equal((await call('GET', collection('seconds'))).status, 200);
});

test('deleting a definition removes its objects, finalizers first', async () => {
  await call('POST', definitions, crontabs('holds', 'Hold'));
  await established('holds.stable.example.com');
  const url = collection('holds');
  const held = object('Hold', 'held', { cronSpec: '* * * * *' }) as { metadata: object };
  held.metadata = { name: 'held', finalizers: ['example.com/hold'] };
  assert.equal((await call('POST', url, held)).status, 201);
  await call('POST', url, object('Hold', 'free', { cronSpec: '* * * * *' }));
  const watch = server.watch(url + '?watch=true', Infinity);
  await call('DELETE', `${definitions}/holds.stable.example.com`);
  for (;;) if (((await call('GET', url)).body.items ?? []).length === 1) break;
  const terminating = await call('GET', `${definitions}/holds.stable.example.com`);
  assert.ok(
    terminating.body.status?.conditions?.some(({ type, status }) => type === 'Terminating' && status === 'True'),
  );
  assert.equal((await call('POST', url, object('Hold', 'late', { cronSpec: '* * * * *' }))).status, 403);
  // Terminating leaves no way to patch; the finalizer's owner must still be able to let go.
  const released = await call('PATCH', `${url}/held`, { metadata: { finalizers: null } });
  assert.equal(released.status, 200, JSON.stringify(released.body));
  await gone(`${definitions}/holds.stable.example.com`);
  await watch;
  await gone(url);
});

test('versions share objects; a new schema counts at once', async () => {
  const both = crontabs('multis', 'Multi', { versions: [version('v1', { storage: false }), version('v2')] });
  assert.equal((await call('POST', definitions, both)).status, 201);
  const definition = await established('multis.stable.example.com');
  await call('POST', collection('multis'), object('Multi', 'a', { cronSpec: '* * * * *' }));
  const read = await call('GET', `${collection('multis', 'v2')}/a`);
  assert.equal(read.body.apiVersion, 'stable.example.com/v2');
  const put = await call('PUT', `${collection('multis')}/a`, { ...read.body, apiVersion: 'stable.example.com/v1' });
  assert.deepEqual([put.status, put.body.metadata?.generation], [200, 1]);

  for (const { schema } of definition.spec?.versions ?? [])
    schema.openAPIV3Schema.properties.spec.properties.added = { type: 'string', default: 'new' };
  const changed = await call('PUT', `${definitions}/multis.stable.example.com`, definition);
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  for (;;) {
    const { body } = await call('GET', `${collection('multis')}/a`);
    if (body.spec?.added === 'new') break;
  }
});

test('a version that is served no longer is gone, and its objects still go with the definition', async () => {
  assert.equal((await call('POST', definitions, crontabs('hiddens', 'Hidden'))).status, 201);
  const definition = await established('hiddens.stable.example.com');
  const url = collection('hiddens');
  assert.equal((await call('POST', url, object('Hidden', 'a', { cronSpec: '* * * * *' }))).status, 201);
  for (const each of definition.spec?.versions ?? []) each.served = false;
  assert.equal((await call('PUT', `${definitions}/hiddens.stable.example.com`, definition)).status, 200);
  await gone(url);
  await call('DELETE', `${definitions}/hiddens.stable.example.com`);
  await gone(`${definitions}/hiddens.stable.example.com`);
  await call('POST', definitions, crontabs('hiddens', 'Hidden'));
  await established('hiddens.stable.example.com');
  assert.deepEqual((await call('GET', url)).body.items, []);
});

test('definitions are checked', async () => {
  const refused = async (given: object): Promise<string> => {
    const { status, body } = await call('POST', definitions, given);
    assert.equal(status, 422, JSON.stringify(body));
    return body.message ?? '';
  };
  const schema = (openAPIV3Schema: object): object[] => [
    { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } },
  ];
  assert.match(
    await refused(crontabs('bads', 'Bad', { versions: schema({ type: 'object', properties: { a: {} } }) })),
    /spec.validation.openAPIV3Schema.properties\[a\].type: Required value: must not be empty for specified object fields/,
  );
  assert.match(
    await refused(
      crontabs('bads', 'Bad', {
        versions: schema({ type: 'object', properties: { a: { type: 'string', default: 5 } } }),
      }),
    ),
    /properties\[a\].default: Invalid value: "integer"/,
  );
  assert.match(
    await refused(
      crontabs('bads', 'Bad', {
        versions: schema({ type: 'object', 'x-kubernetes-validations': [{ rule: 'self.x' }] }),
      }),
    ),
    /x-kubernetes-validations\[0\].rule: Invalid value: \{"Rule":"self.x".*: compilation failed: ERROR: <input>:1:5: undefined field 'x'/,
  );
  assert.match(
    await refused(crontabs('bads', 'Bad', { names: { listKind: 'Bad' } })),
    /kind and listKind may not be the same/,
  );
});
