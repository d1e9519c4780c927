import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '@typernetes/openapi/codec';
import { fieldErrorMessage, path } from '@typernetes/openapi/meta';
import { matchesFormat } from './formats.ts';
import {
  coerceObject,
  coercePart,
  prune,
  type Structural,
  validateDefault,
  validateEmbedded,
  validateValue,
} from './index.ts';

const told = (value: unknown, schema: Structural, old?: unknown): string[] =>
  validateValue({ x: value }, { type: 'object', properties: { x: schema } }, '', old && { x: old }).map((error) =>
    fieldErrorMessage(error).replace(/^(x|<nil>): Invalid value: /, ''),
  );

test('numbers are checked as int64 or float64, whichever they are', () => {
  const raw = (text: string): unknown => parseJson(text, { asWritten: true }).value;
  const cases: [unknown, Structural, string[]][] = [
    [raw('9223372036854775807'), { type: 'integer' }, []],
    [
      raw('100000000000000000000'),
      { type: 'integer', format: 'int64' },
      [
        '"float64": x in body must be of type int64: "float64"',
        '"": Checked value must be of type integer with format int64 in x',
      ],
    ],
    [1e300, { type: 'number', format: 'float' }, ['"": Checked value must be of type number with format float in x']],
    [
      5,
      { type: 'integer', maximum: 1e30 },
      ['"": Maximum boundary value must be of type integer (default format) in x'],
    ],
    [1, { type: 'number', maximum: 0.5 }, ['1: x in body should be less than or equal to 0']],
    [1.5, { type: 'number', maximum: 0.5 }, ['1.5: x in body should be less than or equal to 0.5']],
    [1, { type: 'number', multipleOf: 0.5 }, ['0: factor MultipleOf declared for x must be positive: 0']],
    [1.5, { type: 'number', multipleOf: 0.5 }, []],
    [
      7,
      { type: 'integer', multipleOf: 3, minimum: 8 },
      ['7: x in body should be a multiple of 3', '7: x in body should be greater than or equal to 8'],
    ],
  ];
  for (const [value, schema, expected] of cases)
    assert.deepEqual(told(value, schema), expected, JSON.stringify(schema));
});

test('what does not fit is told once, by the alternative that went best', () => {
  const schema: Structural = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'integer' } },
    anyOf: [{ properties: { a: { enum: ['y'] } } }, { properties: { b: { minimum: 5 } } }],
  };
  assert.deepEqual(told({ a: 'x', b: 1 }, schema), [
    '"": "x" must validate at least one schema (anyOf)',
    'x.b: Invalid value: 1: x.b in body should be greater than or equal to 5',
  ]);
  const twice: Structural = { type: 'string', maxLength: 1, allOf: [{ maxLength: 1 }] };
  assert.equal(told('xyz', twice).length, 2);
});

test('formats are asked for whatever else is wrong; null is never one of the values', () => {
  assert.deepEqual(told('x', { type: 'string', minLength: 3, format: 'date' }), [
    '"x": x in body should be at least 3 chars long',
    '"x": x in body must be of type date: "x"',
  ]);
  assert.deepEqual(told(null, { type: 'string', nullable: true, enum: ['a', null] }), [
    'x: Unsupported value: null: supported values: "a", "null"',
  ]);
});

test('unchanged values stay, those in list maps by their keys', () => {
  const schema: Structural = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'string', maxLength: 1 } } },
  };
  const old = [{ k: 'a', v: 'long' }, { k: 'b' }];
  assert.deepEqual(told([{ k: 'b' }, { k: 'a', v: 'long' }], schema, old), []);
  assert.deepEqual(told([{ k: 'a', v: 'long' }, { k: 'c' }], schema, old), []);
  assert.equal(told([{ k: 'a', v: 'longer' }], schema, old).length, 1);
  const plain: Structural = { type: 'array', items: { type: 'string', maxLength: 1 } };
  assert.deepEqual(told(['long'], plain, ['long']), []);
  assert.equal(told(['long', 'x'], plain, ['long']).length, 1);
});

test('fields that are forbidden are told, not pruned', () => {
  const schema: Structural = {
    type: 'object',
    properties: { x: { type: 'object', additionalProperties: false } },
  };
  const value = { x: { a: 1 } };
  assert.deepEqual(prune(value, schema), []);
  assert.deepEqual(validateValue(value, schema).map(fieldErrorMessage), [
    'x: Invalid value: "a": x.a in body is a forbidden property',
  ]);
});

test('defaults that may be integer or string may be anything', () => {
  const schema: Structural = { 'x-kubernetes-int-or-string': true };
  assert.deepEqual(validateDefault(1.5, schema, 'at'), []);
  assert.equal(validateValue(1.5, schema).length, 1);
});

test('embedded resources say what they are', () => {
  const resource: Structural = { type: 'object', 'x-kubernetes-embedded-resource': true };
  const schema: Structural = { type: 'object', additionalProperties: resource };
  const value = { a: { apiVersion: 'a/b/c', kind: 'A B', metadata: { name: 'x' } }, b: {} };
  assert.deepEqual(
    validateEmbedded(value, schema, path()).map((error) => fieldErrorMessage(error).slice(0, 60)),
    [
      '[a].apiVersion: Invalid value: "a/b/c": unexpected GroupVersi',
      '[a].kind: Invalid value: "A B": may have mixed case, but shou',
      '[b].apiVersion: Required value',
      '[b].kind: Required value',
    ].map((line) => line.slice(0, 60)),
  );
  const wrong = { kind: 5, metadata: { name: 'x', labels: 7, nonsense: 1 } };
  assert.equal(
    fieldErrorMessage(coercePart(structuredClone(wrong), resource, path('x'))!),
    'x.kind: Invalid value: 5: must be a string',
  );
  const dropped = { a: structuredClone(wrong) };
  coerceObject(dropped, schema, true);
  assert.deepEqual(dropped.a.metadata.name, 'x');
  assert.equal(dropped.a.metadata.labels, undefined);
  assert.equal('kind' in dropped.a, false);
});

test('a duration made to take long does not', () => {
  const before = process.cpuUsage().user;
  for (const text of ['1'.repeat(300_000), '1'.repeat(150_000) + ' '.repeat(150_000)])
    assert.equal(matchesFormat(text, 'duration'), false);
  assert.ok(process.cpuUsage().user - before < 2_000_000);
});

test('the items of a long list find what they were at once', () => {
  const items = { type: 'object', properties: { k: { type: 'integer' }, v: { type: 'string', maxLength: 1 } } };
  const schema: Structural = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items,
  };
  const list = (v: string): unknown[] => Array.from({ length: 30_000 }, (_, k) => ({ k, v }));
  const before = process.cpuUsage().user;
  const old = list('long');
  assert.deepEqual(validateValue(list('long').reverse(), schema, '', old), []);
  assert.deepEqual(validateValue([...list('long').slice(1), { v: 'long' }], schema, '', old).length, 1);
  assert.ok(process.cpuUsage().user - before < 3_000_000);
});
