import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Definition } from './definition.ts';
import { formatWarnings } from './format-warnings.ts';

const withSchema = (openAPIV3Schema: object): Definition =>
  ({ spec: { versions: [{ schema: { openAPIV3Schema } }] } }) as unknown as Definition;

test('formats that nobody checks are told of once', () => {
  const a = { type: 'string', format: 'colour' };
  const b = { type: 'integer', format: 'int16' };
  const schema = {
    type: 'object',
    properties: { a, list: { type: 'array', items: b }, c: { type: 'string', format: 'date-time' } },
  };
  const definition = withSchema(schema);
  assert.deepEqual(formatWarnings(definition, undefined), [
    'unrecognized format "colour"',
    'unrecognized format "int16"',
  ]);
  assert.deepEqual(formatWarnings(definition, definition), []);
  assert.deepEqual(formatWarnings(definition, withSchema({ properties: { a } })), ['unrecognized format "int16"']);
});
