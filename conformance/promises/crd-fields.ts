/** Unknown and repeated fields of custom resources, and what the definition's own writes do. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import {
  apply,
  type Definition,
  definitionOf,
  definitions,
  establish,
  jsonPatch,
  merge,
  type Served,
  until,
  versionOf,
} from '../src/definitions.ts';
import type { HttpResponse } from '../src/http.ts';
import { area } from '../src/promise.ts';

const promise = area('custom resource fields');
const yaml = { 'content-type': 'application/yaml' };

const embedding = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        foo: { type: 'string' },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { metadata: { type: 'object', properties: { name: { type: 'string' } } } },
        },
      },
    },
  },
};

const preserving = {
  type: 'object',
  properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
};

const noxus = (context: PromiseContext, schema: object, versions = [versionOf('v1', schema)]) =>
  definitionOf(context, { plural: 'noxus', kind: 'Noxu' }, versions);

const messageOf = (answer: HttpResponse): string => answer.json<{ message?: string }>().message ?? '';
const send = (context: PromiseContext, { collection }: Served, body: object | string, validation = 'Strict') =>
  context.http.request('POST', `${collection}?fieldValidation=${validation}`, {
    body,
    ...(typeof body === 'string' ? { headers: yaml } : {}),
  });

promise(
  'unknown metadata is found at the root and in embedded objects',
  async (context) => {
    const served = await establish(context, noxus(context, embedding));
    const body = {
      apiVersion: `${served.group}/v1`,
      kind: 'Noxu',
      metadata: { name: 'a', unknownMeta: 'x' },
      spec: { foo: 'f', template: { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'n', unknownSubMeta: 'y' } } },
    };
    const strict = await send(context, served, body);
    assert.equal(strict.status, 400);
    for (const field of ['metadata.unknownMeta', 'spec.template.metadata.unknownSubMeta'])
      assert.ok(messageOf(strict).includes(`unknown field "${field}"`), messageOf(strict));
    const warned = await send(context, served, body, 'Warn');
    assert.equal(warned.status, 201, warned.text());
    assert.match(String(warned.headers.warning), /unknown field \\"metadata.unknownMeta\\"/);
    const stored = warned.json<typeof body>();
    assert.equal(stored.metadata.unknownMeta, undefined);
    assert.deepEqual(stored.spec.template.metadata, { name: 'n' });
    const headers = apply;
    const url = `${served.collection}/b?fieldManager=m&fieldValidation=Strict`;
    const applied = await context.http.request('PATCH', url, {
      body: { ...body, metadata: { name: 'b', unknownMeta: 'x' } },
      headers,
    });
    assert.match(messageOf(applied), /field not declared in schema/);
  },
  {
    codename:
      '[sig-api-machinery] FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR [Conformance]',
  },
);

promise(
  'repeated fields are found where unknown fields are preserved',
  async (context) => {
    const served = await establish(context, noxus(context, preserving));
    const body = `apiVersion: ${served.group}/v1
kind: Noxu
metadata:
  name: a
spec:
  unknown: uk1
  foo: foo1
  foo: foo2
`;
    const strict = await send(context, served, body);
    assert.equal(strict.status, 400);
    assert.match(messageOf(strict), /line 8: key "foo" already set in map/);
    assert.doesNotMatch(messageOf(strict), /unknown field/);
    const warned = await send(context, served, body, 'Warn');
    assert.equal(warned.status, 201, warned.text());
    assert.match(String(warned.headers.warning), /line 8: key \\"foo\\" already set in map/);
    const applied = await context.http.request(
      'PATCH',
      `${served.collection}/a?fieldManager=m&fieldValidation=Strict`,
      {
        body,
        headers: apply,
      },
    );
    assert.match(messageOf(applied), /line 8: key "foo" already set in map/);
  },
  {
    codename:
      '[sig-api-machinery] FieldValidation should detect duplicates in a CR when preserving unknown fields [Conformance]',
  },
);

promise(
  'defaults come with requests and from storage',
  async (context) => {
    const spec = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } };
    const schema = { type: 'object', properties: { ...spec.properties } };
    const served = await establish(context, noxus(context, schema));
    const body = { apiVersion: `${served.group}/v1`, kind: 'Noxu', metadata: { name: 'old' } };
    assert.equal((await send(context, served, body)).status, 201);
    const url = `${definitions}/${served.name}`;
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties';
    const change = async (patch: object[]): Promise<void> => {
      const answer = await context.http.request('PATCH', url, { body: patch, headers: jsonPatch });
      assert.equal(answer.status, 200, answer.text());
    };
    const read = async (name: string): Promise<{ a?: string; b?: string }> =>
      (await context.http.request('GET', `${served.collection}/${name}`)).json();
    await change([{ op: 'add', path: `${path}/a/default`, value: 'A' }]);
    await until(context, async () => (await read('old')).a === 'A');
    const created = await send(context, served, { ...body, metadata: { name: 'new' } });
    assert.equal(created.json<{ a?: string }>().a, 'A');
    await change([
      { op: 'remove', path: `${path}/a/default` },
      { op: 'add', path: `${path}/b/default`, value: 'B' },
    ]);
    await until(context, async () => (await read('new')).b === 'B');
    assert.deepEqual(
      [(await read('old')).a, (await read('new')).a],
      [undefined, 'A'],
      'what was written stays, what was read does not',
    );
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works [Conformance]',
  },
);

promise(
  'definitions are listed, watched and deleted by label',
  async (context) => {
    const plurals = ['ones', 'twos'];
    const labels = { test: context.namespace };
    const schema = { type: 'object' };
    const made = plurals.map((plural) => {
      const definition = definitionOf(context, { plural, kind: `K${plural}` }, [versionOf('v1', schema)]);
      return { ...definition, metadata: { ...definition.metadata, labels } };
    });
    const selector = `labelSelector=test%3D${context.namespace}`;
    const watch = await context.http.open('GET', `${definitions}?watch=1&${selector}`, { signal: context.signal });
    for (const definition of made) await establish(context, definition);
    const list = (await context.http.request('GET', `${definitions}?${selector}`)).json<{ items: Definition[] }>();
    assert.deepEqual(list.items.map(({ spec }) => spec.names.plural).sort(), plurals);
    const deleted = await context.http.request('DELETE', `${definitions}?${selector}`);
    assert.equal(deleted.status, 200, deleted.text());
    const events = new Map<string, Set<string>>();
    let rest = '';
    for await (const part of watch) {
      const lines = (rest + (part as Buffer).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: Definition };
        const { plural } = object.spec.names;
        events.set(plural, (events.get(plural) ?? new Set()).add(type));
      }
      if (plurals.every((plural) => events.get(plural)?.has('DELETED'))) break;
    }
    for (const plural of plurals) assert.deepEqual([...events.get(plural)!], ['ADDED', 'MODIFIED', 'DELETED']);
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works [Conformance]',
  },
);

promise(
  'the status of a definition is read, replaced and patched apart',
  async (context) => {
    const { name } = await establish(context, noxus(context, preserving));
    const url = `${definitions}/${name}/status`;
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'Test', message: 'set by a promise' };
    await until(context, async () => {
      const current = (await context.http.request('GET', url)).json<Definition>();
      current.status!.conditions!.push(condition);
      const replaced = await context.http.request('PUT', url, { body: current });
      return replaced.status === 200;
    });
    const body = { status: { conditions: [{ ...condition, type: 'StatusPatched' }] } };
    const patched = await context.http.request('PATCH', url, { body, headers: merge });
    assert.equal(patched.status, 200, patched.text());
    assert.ok(patched.json<Definition>().status?.conditions?.some(({ type }) => type === 'StatusPatched'));
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works [Conformance]',
  },
);

promise('a change of the schema ends watches without an error, and they can be begun again', async (context) => {
  const served = await establish(context, noxus(context, preserving));
  const body = { apiVersion: `${served.group}/v1`, kind: 'Noxu', metadata: { name: 'a' } };
  const { metadata } = (await send(context, served, body)).json<{ metadata: { resourceVersion: string } }>();
  const from = `${served.collection}?watch=1&resourceVersion=${metadata.resourceVersion}`;
  const watch = await context.http.open('GET', from, { signal: context.signal });
  const rename = [{ op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/description', value: 'changed' }];
  const parts: Buffer[] = [];
  const ended = (async () => {
    for await (const part of watch) parts.push(part as Buffer);
  })();
  await context.http.request('PATCH', `${definitions}/${served.name}`, { body: rename, headers: jsonPatch });
  await ended;
  assert.equal(Buffer.concat(parts).toString(), '', 'no error is sent');
  // The new storage may ask for patience.
  let resourceVersion = '';
  await until(context, async () => {
    const list = await context.http.request('GET', served.collection);
    if (list.status === 200) ({ resourceVersion } = list.json<{ metadata: { resourceVersion: string } }>().metadata);
    return list.status === 200;
  });
  const rest = `${served.collection}?watch=1&resourceVersion=${resourceVersion}`;
  const again = await context.http.open('GET', rest, { signal: context.signal });
  await send(context, served, { ...body, metadata: { name: 'b' } });
  for await (const part of again) {
    assert.match((part as Buffer).toString(), /^\{"type":"ADDED".*"name":"b"/);
    break;
  }
});
