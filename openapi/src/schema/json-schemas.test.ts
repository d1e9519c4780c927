import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaByName } from '../catalogue/index.ts';
import { checkTypes } from './index.ts';

const definition = { $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion' };
const check = (openAPIV3Schema: unknown) => {
  const value = { name: 'v1', schema: { openAPIV3Schema } };
  const { error, unknownFields } = checkTypes(value, definition, schemaByName);
  return { error, unknownFields, schema: value.schema.openAPIV3Schema };
};

test('what may be a schema or something else is read as Go reads it', () => {
  assert.deepEqual(check({ type: 'array', items: { type: 'string', none: 1 } }), {
    error: undefined,
    unknownFields: [],
    schema: { type: 'array', items: { type: 'string' } },
  });
  for (const items of ['x', true, 5, []]) assert.deepEqual(check({ type: 'array', items }).schema, { type: 'array' });
  assert.deepEqual(check({ additionalProperties: false }).schema, { additionalProperties: false });
  for (const value of ['x', 5, []])
    assert.equal(check({ additionalProperties: value }).error, 'boolean or JSON schema expected');
  assert.match(
    check({ items: { type: 5 } }).error ?? '',
    /unmarshal number into Go struct field JSONSchemaProps\..*items\.type/,
  );
  assert.match(check({ items: ['x'] }).error ?? '', /unmarshal string .*items of type v1.JSONSchemaProps$/);
  assert.deepEqual(check({ dependencies: { a: ['b'], c: { type: 'string', none: 1 } } }).schema, {
    dependencies: { a: ['b'], c: { type: 'string' } },
  });
});

test('a struct without fields is a struct', () => {
  const value = { name: 'v1', subresources: { status: { x: 1 } } };
  assert.deepEqual(checkTypes(value, definition, schemaByName).unknownFields, ['subresources.status.x']);
  const wrong = { name: 'v1', subresources: { status: 'x' } };
  assert.match(checkTypes(wrong, definition, schemaByName).error ?? '', /of type v1.CustomResourceSubresourceStatus$/);
});
