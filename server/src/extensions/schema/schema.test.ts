import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage, path } from '@typernetes/openapi/meta';
import {
  applyStructuralDefaults,
  compilePattern,
  JsonPath,
  prune,
  type Structural,
  validateListTypes,
  validateStructural,
  validateValue,
} from './index.ts';

const object = (properties: Record<string, Structural>, more: Structural = {}): Structural => ({
  type: 'object',
  properties,
  ...more,
});
const messages = (value: unknown, schema: Structural): string[] => validateValue(value, schema).map(fieldErrorMessage);

test("values are checked with kube-openapi's messages", () => {
  const schema = object({
    spec: object(
      {
        text: { type: 'string', pattern: '^[a-z]+$', maxLength: 5, minLength: 2 },
        count: { type: 'integer', minimum: 1, maximum: 10 },
        mode: { type: 'string', enum: ['a', 'b'] },
        list: { type: 'array', items: { type: 'string' }, maxItems: 2 },
        port: { 'x-kubernetes-int-or-string': true },
        when: { type: 'string', format: 'date-time' },
      },
      { required: ['text'] },
    ),
  });
  assert.deepEqual(messages({ spec: { text: 'abc', count: 3, port: 'http', list: [] } }, schema), []);
  assert.deepEqual(messages({ spec: { text: 'ab', port: 80 } }, schema), []);
  assert.deepEqual(messages({ spec: { text: 7 } }, schema), [
    'spec.text: Invalid value: "integer": spec.text in body must be of type string: "integer"',
  ]);
  assert.deepEqual(messages({ spec: { text: 'ABC' } }, schema), [
    'spec.text: Invalid value: "ABC": spec.text in body should match \'^[a-z]+$\'',
  ]);
  assert.deepEqual(messages({ spec: {} }, schema), ['spec.text: Required value']);
  assert.deepEqual(messages({ spec: { text: 'abcdefg', count: 11, mode: 'c', list: ['a', 1, 'b'] } }, schema), [
    'spec.text: Too long: may not be more than 5 bytes',
    'spec.count: Invalid value: 11: spec.count in body should be less than or equal to 10',
    'spec.mode: Unsupported value: "c": supported values: "a", "b"',
    'spec.list[1]: Invalid value: "integer": spec.list[1] in body must be of type string: "integer"',
    'spec.list: Too many: 3: must have at most 2 items',
  ]);
  assert.deepEqual(messages({ spec: { text: 'abc', when: 'soon' } }, schema), [
    'spec.when: Invalid value: "soon": spec.when in body must be of type date-time: "soon"',
  ]);
  assert.deepEqual(messages({ spec: { text: null } }, schema), [
    'spec.text: Invalid value: "null": spec.text in body must be of type string: "null"',
  ]);
});

test('junctors say which of them failed', () => {
  const schema = object({ spec: object({}, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }) });
  assert.deepEqual(messages({ spec: { a: 1 } }, schema), []);
  assert.deepEqual(messages({ spec: { a: 1, b: 1 } }, schema), [
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ]);
});

test('unspecified fields are pruned, and what is preserved is not', () => {
  const schema = object({
    spec: object({ known: { type: 'string' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
    map: { type: 'object', additionalProperties: { type: 'object', properties: { a: { type: 'string' } } } },
  });
  const value = {
    apiVersion: 'a/v1',
    kind: 'B',
    metadata: { name: 'x', odd: 1 },
    spec: { known: 'a', unknown: 1, free: { deep: { er: 1 } } },
    map: { one: { a: 'a', b: 1 } },
    other: [],
  };
  assert.deepEqual(prune(value, schema), ['spec.unknown', 'map.one.b', 'other']);
  assert.deepEqual(value, {
    apiVersion: 'a/v1',
    kind: 'B',
    metadata: { name: 'x', odd: 1 },
    spec: { known: 'a', free: { deep: { er: 1 } } },
    map: { one: { a: 'a' } },
  });
});

test('defaults go where nothing is, or where null is not allowed', () => {
  const schema = object({
    a: { type: 'string', default: 'x' },
    b: { type: 'string', default: 'y', nullable: true },
    c: { type: 'string' },
    inner: object({ d: { type: 'integer', default: 5 } }, { default: {} }),
  });
  const value: Record<string, unknown> = { a: null, b: null, c: null };
  applyStructuralDefaults(value, schema);
  assert.deepEqual(value, { a: 'x', b: null, inner: { d: 5 } });
});

test('sets and maps are unique', () => {
  const schema = object({
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    map: {
      type: 'array',
      items: object({ name: { type: 'string' } }),
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  });
  const errors = validateListTypes({ set: ['a', 'b', 'a', 'a'], map: [{ name: 'x' }, { name: 'x' }] }, schema);
  assert.deepEqual(errors.map(fieldErrorMessage), [
    'set[2]: Duplicate value: "a"',
    'map[1]: Duplicate value: {"name":"x"}',
  ]);
});

test('schemas that are not structural are told so', () => {
  const at = path('spec');
  const of = (schema: Structural): string[] => validateStructural(at, schema).map(fieldErrorMessage);
  assert.deepEqual(of(object({ a: { type: 'string' } })), []);
  assert.deepEqual(of({}), ['spec.type: Required value: must not be empty at the root']);
  assert.deepEqual(of(object({ a: {} })), [
    'spec.properties[a].type: Required value: must not be empty for specified object fields',
  ]);
  assert.deepEqual(of(object({}, { anyOf: [{ type: 'string' }, { properties: { a: { minimum: 1 } } }] })), [
    'spec.anyOf[0].type: Forbidden: must be empty to be structural',
    'spec.properties[a]: Required value: because it is defined in spec.anyOf[1].properties[a]',
  ]);
  assert.deepEqual(
    of(
      object({
        a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      }),
    ),
    [],
  );
  assert.match(of(object({ a: { type: 'string', pattern: '(' } }))[0]!, /must be a valid regular expression/);
});

test('paths lead to values', () => {
  const value = {
    spec: {
      list: [
        { type: 'Ready', status: 'True' },
        { type: 'Other', status: 'False' },
      ],
    },
  };
  assert.equal(new JsonPath('.spec.list[1].type').first(value), 'Other');
  assert.equal(new JsonPath('.spec.list[?(@.type=="Ready")].status').first(value), 'True');
  assert.deepEqual(new JsonPath('.spec.list[*].type').find(value), ['Ready', 'Other']);
  assert.equal(new JsonPath('.spec.missing.deep').first(value), undefined);
  assert.throws(() => new JsonPath('.spec['));
});

test("patterns are Go's", () => {
  assert.equal(compilePattern('^(?P<word>[[:alpha:]]+)$').test?.('abc'), true);
  assert.equal(compilePattern('(?i)^abc$').test?.('ABC'), true);
  assert.notEqual(compilePattern('(?=a)').error, undefined);
});

test('formats are judged as upstream judges them, in time that no text can stretch', () => {
  const fits = (format: string, value: string): boolean =>
    validateValue(value, { type: 'string', format }, 'at').length === 0;
  for (const [format, good, bad] of [
    ['date-time', '2020-01-01T00:00:00Z', '2020-01-01 00:00:00Z'],
    ['email', 'Some One <a@b>', 'a b@c'],
    ['ipv4', '01.2.3.4', '256.1.1.1'],
    ['ipv6', '::1', '1.2.3.4'],
    ['hostname', 'localhost', 'a.b'],
    ['mac', '0102.0304.0506', '01:02'],
    ['byte', 'YQ==', ''],
    ['duration', '3 weeks', 'x'],
    ['creditcard', '4111111111111111', '4111111111111112'],
    ['rgbcolor', 'rgb(1,2,3)', 'rgb(300,1,1)'],
    ['unknown', 'anything', undefined],
  ] as const) {
    assert.equal(fits(format, good), true, `${format} ${good}`);
    if (bad !== undefined) assert.equal(fits(format, bad), false, `${format} ${bad}`);
  }
  // Processor time: others may be at work on the machine.
  const started = process.cpuUsage();
  for (const format of ['email', 'hostname']) assert.equal(fits(format, `${'a'.repeat(60)}!@`), false);
  assert.ok(process.cpuUsage(started).user < 2000_000);
});
