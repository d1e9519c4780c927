import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortedByGroupAndVersion } from './api-service.ts';
import { identityHeaders } from './identity-headers.ts';
import { convertToV3, filteredByPath, mergeOpenApiV2 } from './openapi-merge.ts';

const reference = (name: string) => ({ $ref: `#/definitions/${name}` });

test('a document is cut down to its paths and what they need, shared parameters and all', () => {
  const document = {
    paths: {
      '/apis/a/v1/x': {
        get: { parameters: [{ $ref: '#/parameters/p' }], responses: { 200: { schema: reference('A') } } },
      },
      '/apis/b/v1/y': { get: { responses: { 200: { schema: reference('C') } } } },
    },
    parameters: { p: { name: 'p', in: 'query', type: 'string' } },
    definitions: { A: { properties: { b: reference('B') } }, B: { type: 'string' }, C: { type: 'string' } },
  };
  const { paths, definitions } = filteredByPath(document, '/apis/a/v1/');
  assert.deepEqual(Object.keys(paths), ['/apis/a/v1/x']);
  assert.deepEqual(Object.keys(definitions), ['A', 'B']);
  assert.match(JSON.stringify(paths), /"parameters":\[\{"name":"p","in":"query","type":"string"\}\]/);
});

test('definitions of the same name are shared where they are equal, renamed where they differ', () => {
  const base = {
    paths: { '/x': { get: {} } },
    definitions: { A: { type: 'string' }, B: { type: 'string' }, B_v2: {} },
  };
  mergeOpenApiV2(base, {
    paths: { '/x': { get: { changed: true } }, '/y': { get: reference('B') } },
    definitions: { A: { type: 'string' }, B: { type: 'object', properties: { a: reference('A'), b: reference('B') } } },
  });
  assert.deepEqual(base, {
    paths: { '/x': { get: {} }, '/y': { get: reference('B_v3') } },
    definitions: {
      A: { type: 'string' },
      B: { type: 'string' },
      B_v2: {},
      B_v3: { type: 'object', properties: { a: reference('A'), b: reference('B_v3') } },
    },
  });
});

test('version 2 becomes version 3', () => {
  const schema = reference('A');
  const converted = convertToV3(
    { info: { title: 't', version: 'v' } },
    {
      paths: {
        '/apis/a/v1/x': {
          parameters: [{ name: 'namespace', in: 'path', required: true, type: 'string', uniqueItems: true }],
          post: {
            operationId: 'create',
            schemes: ['https'],
            consumes: ['application/json'],
            produces: ['application/json', 'application/yaml'],
            parameters: [
              { name: 'body', in: 'body', required: true, schema },
              { name: 'dryRun', in: 'query', type: 'string' },
            ],
            responses: { 200: { description: 'OK', schema }, 401: { description: 'Unauthorized' } },
          },
        },
      },
      definitions: { A: { type: 'object' } },
    },
  );
  const toA = { schema: { $ref: '#/components/schemas/A' } };
  assert.deepEqual(converted, {
    openapi: '3.0.0',
    info: { title: 't', version: 'v' },
    paths: {
      '/apis/a/v1/x': {
        parameters: [{ name: 'namespace', in: 'path', required: true, schema: { type: 'string', uniqueItems: true } }],
        post: {
          operationId: 'create',
          parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'string' } }],
          requestBody: { content: { 'application/json': toA }, required: true },
          responses: {
            200: { description: 'OK', content: { 'application/json': toA, 'application/yaml': toA } },
            401: { description: 'Unauthorized' },
          },
        },
      },
    },
    components: { schemas: { A: { type: 'object' } } },
  });
});

test('groups by priority, then by the names of their APIServices; versions as Kubernetes orders them', () => {
  const at = (group: string, version: string, groupPriority: number, versionPriority: number) => ({
    group,
    version,
    priority: { group: groupPriority, version: versionPriority },
  });
  const sorted = sortedByGroupAndVersion([
    at('b', 'v1', 100, 10),
    at('a', 'v1', 100, 10),
    at('c', 'v1beta1', 100, 10),
    at('c', 'v1', 200, 10),
    at('c', 'v2', 100, 5),
  ]);
  assert.deepEqual(
    sorted.map(([group, versions]) => [group, ...versions.map(({ version }) => version)]),
    [
      ['c', 'v1', 'v1beta1', 'v2'],
      ['a', 'v1'],
      ['b', 'v1'],
    ],
  );
});

test('who asks is written into headers, whatever the names hold', () => {
  assert.deepEqual(
    identityHeaders({ name: 'ä', groups: ['a,b', 'c'], uid: '', extra: { 'example.com/Key%': ['1', '2'], none: [] } }),
    {
      'X-Remote-User': Buffer.from('ä').toString('latin1'),
      'X-Remote-Group': ['a,b', 'c'],
      'X-Remote-Extra-example.com%2FKey%25': ['1', '2'],
    },
  );
});
