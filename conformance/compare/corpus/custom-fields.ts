/** Objects of custom kinds: what each keyword of their schemas refuses, sets and drops. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { create, made, objectOf, patch, put, variants } from '../requests.ts';

const text = { type: 'string' };
const things: Kind = {
  apiVersion: '$ns.example.com/v1',
  kind: 'Thing',
  resource: 'things',
  namespaced: true,
  example: {},
};

const rootAt = 'spec/versions/0/schema/openAPIV3Schema';
const definition = (properties: JsonObject, more: JsonObject = {}): Step[] =>
  made(customResourceDefinitions, 'x', { [rootAt]: { type: 'object', properties, ...more } });

/** Fields, each with its schema and with values that are tried, one object for each. */
type Fields = Record<string, [schema: JsonObject, ...values: Json[]]>;

const trying = (fields: Fields): Step[] => [
  ...definition(Object.fromEntries(Object.entries(fields).map(([name, [schema]]) => [name, schema]))),
  ...Object.entries(fields).flatMap(([name, [, ...values]]) =>
    variants(
      things,
      Object.fromEntries(
        values.map((value): [string, Changes] => [`${name} = ${JSON.stringify(value)}`, { [name]: value }]),
      ),
    ),
  ),
];

const list = (items: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'array', items, ...more });
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const mapOf = (additionalProperties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  additionalProperties,
  ...more,
});
const whole = { type: 'integer' };
const preserved = { 'x-kubernetes-preserve-unknown-fields': true };
const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };

/** Each format with values that are of it and not. */
const formats: Record<string, Json[]> = {
  'date-time': ['2026-01-02T03:04:05Z', '2026-01-02 03:04:05', '2026-13-02T03:04:05Z', '2026-01-02T03:04:05.123+01:00'],
  date: ['2026-01-02', '2026-02-30', '26-01-02'],
  duration: ['1h30m', '5 s', '1w', 'P1D', ''],
  byte: ['eA==', 'x', 'eA'],
  password: ['x'],
  email: ['a@example.com', 'a', 'A <a@example.com>'],
  hostname: ['example.com', 'a_b', '-a', 'a'.repeat(64), ''],
  ipv4: ['10.0.0.1', '10.0.0.256', '::1', '010.0.0.1'],
  ipv6: ['::1', '10.0.0.1', 'fe80::1%eth0', '::ffff:10.0.0.1'],
  cidr: ['10.0.0.0/8', '10.0.0.1/8', '10.0.0.0', '::/0'],
  mac: ['01:23:45:67:89:ab', '01-23-45-67-89-ab', '01:23'],
  uri: ['https://example.com/a', 'a', '/a', 'https://%zz'],
  uuid: ['01234567-89ab-cdef-0123-456789abcdef', '0123456789abcdef0123456789abcdef', 'x'],
  uuid3: ['01234567-89ab-3def-8123-456789abcdef', '01234567-89ab-4def-8123-456789abcdef'],
  uuid4: ['01234567-89ab-4def-8123-456789abcdef', '01234567-89ab-4def-0123-456789abcdef'],
  uuid5: ['01234567-89ab-5def-8123-456789abcdef', '01234567-89ab-3def-8123-456789abcdef'],
  isbn: ['0321751043', '978-0321751041', 'x'],
  isbn10: ['0321751043', '0321751044'],
  isbn13: ['978-0321751041', '978-0321751042'],
  creditcard: ['4111111111111111', '4111111111111112'],
  ssn: ['111-22-3333', '111223333', '1112-2-3333'],
  hexcolor: ['#fff', 'ffffff', '#ggg'],
  rgbcolor: ['rgb(1,2,3)', 'rgb(1,2,300)', 'x'],
  bsonobjectid: ['507f1f77bcf86cd799439011', 'x'],
  'k8s-short-name': ['a-b', 'A', 'a.b', ''],
  'k8s-long-name': ['a.b', 'A.b', 'a..b'],
  'int-or-string': ['x', '5'],
};

/** One field of the object twice. */
const twice = '{"apiVersion":"$ns.example.com/v1","kind":"Thing","metadata":{"name":"one"},"spec":{"a":"x","a":"y"}}';

export const customFieldCases: readonly Case[] = [
  {
    name: 'custom/values: text and numbers',
    steps: trying({
      text: [text, 'x', 5, true, null, [], {}, ''],
      short: [{ type: 'string', maxLength: 3, minLength: 2 }, 'ab', 'a', 'abcd', 'äöü', '😀😀', '😀'],
      matching: [{ type: 'string', pattern: '^a+$' }, 'aaa', 'b', 'a\n', ''],
      unanchored: [{ type: 'string', pattern: 'b' }, 'abc', 'ac'],
      classes: [{ type: 'string', pattern: '^\\p{L}[[:digit:]]\\z' }, 'ä5', 'ä', 'a٥'],
      chosen: [{ type: 'string', enum: ['a', 'b'] }, 'a', 'c', '', 'A', 5],
      numbers: [{ type: 'integer', enum: [1, 2] }, 1, 3, '1'],
      mixture: [{ ...preserved, enum: ['a', 1, null, { x: 1 }, [1], true] }, 'a', 1, { x: 1 }, { x: 2 }, [1], false],
      everything: [
        { type: 'string', minLength: 3, pattern: '^a', enum: ['abc'], format: 'date' },
        'abc',
        'x',
        'xyz',
        'abd',
      ],
      whole: [whole, 1, -1, 1.5, 2.0, '1', 1e10, true, 9_007_199_254_740_992],
      int32: [{ type: 'integer', format: 'int32' }, 5, 4_294_967_296, -2_147_483_648, 1.5],
      int64: [{ type: 'integer', format: 'int64' }, 5, 1e18, 1e20],
      number: [{ type: 'number' }, 1, 1.5, -0.5, '1', 1e100],
      float: [{ type: 'number', format: 'float' }, 1.5, 1e300],
      double: [{ type: 'number', format: 'double' }, 1.5, 3],
      bounded: [{ type: 'integer', minimum: 1, maximum: 5 }, 0, 1, 5, 6],
      inside: [{ type: 'number', minimum: 1, maximum: 5, exclusiveMinimum: true, exclusiveMaximum: true }, 1, 5, 3],
      wide: [{ type: 'number', minimum: -1e25, maximum: 1e25 }, -1e26, 1e26, 0],
      small: [{ type: 'number', maximum: 0.00001 }, 1, 0.000001],
      even: [{ type: 'integer', multipleOf: 2 }, 4, 5, 0],
      tenths: [{ type: 'number', multipleOf: 0.1 }, 0.3, 0.35, 1],
      flag: [{ type: 'boolean' }, true, 'true', 0],
      nullable: [{ ...text, nullable: true }, null, 'x', 5],
      object: [
        {
          type: 'object',
          properties: {
            n: { ...text, nullable: true, enum: ['a', null] as never },
            m: { ...text, nullable: true, maxLength: 1 },
          },
        },
        { n: null },
        { n: 'b' },
        { m: null },
      ],
      thirds: [{ type: 'integer', multipleOf: 3, maximum: 10.5 }, 9, 10, 12],
      halves: [{ type: 'integer', multipleOf: 0.5, minimum: 0.5 }, 1, 0, 1.5],
      mixed: [{ 'x-kubernetes-int-or-string': true }, 5, '5', 1.5, true, null, {}],
      'mixed-bounded': [
        { 'x-kubernetes-int-or-string': true, pattern: '^[0-9]+%$', maximum: 10, minimum: 1 },
        5,
        50,
        '5%',
        '5',
      ],
    }),
  },
  {
    name: 'custom/values: formats',
    steps: trying(
      Object.fromEntries(
        Object.entries(formats).map(([format, values]) => [`f-${format}`, [{ type: 'string', format }, ...values]]),
      ),
    ),
  },
  {
    name: 'custom/values: lists and objects',
    steps: trying({
      list: [list(text), [], ['a'], ['a', 5], 'a', {}, [null], null],
      few: [list(text, { minItems: 1, maxItems: 2 }), [], ['a', 'b', 'c']],
      set: [list(text, { 'x-kubernetes-list-type': 'set' }), ['a', 'b'], ['a', 'a'], ['a', 'b', 'a', 'b', 'a']],
      'set-of-numbers': [list({ type: 'number' }, { 'x-kubernetes-list-type': 'set' }), [1, 1.0, 2], [1, 2]],
      'set-of-lists': [list(list(whole), { 'x-kubernetes-list-type': 'set' }), [[1], [1]], [[1], [2]]],
      'set-of-objects': [
        list(
          { ...object({ a: text, b: text }), 'x-kubernetes-map-type': 'atomic' },
          { 'x-kubernetes-list-type': 'set' },
        ),
        [
          { a: 'x', b: 'y' },
          { b: 'y', a: 'x' },
        ],
      ],
      keyed: [
        list(object({ k: text, p: { ...whole, default: 80 }, v: text }, { required: ['k'] }), {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k', 'p'],
        }),
        [{ k: 'a' }, { k: 'b' }],
        [{ k: 'a' }, { k: 'a', p: 80 }],
        [{ k: 'a' }, { k: 'a', p: 81 }],
        [{ v: 'x' }],
        [{ k: 'a' }, null],
        ['a'],
        [{ k: 5 }],
      ],
      map: [mapOf(text), { a: 'x' }, { a: 'x', 'b.c/d': 6 }, 'x', { a: null }],
      bounded: [mapOf(text, { minProperties: 1, maxProperties: 2 }), {}, { a: 'x', b: 'x', c: 'x' }],
      'map-of-lists': [mapOf(list(text)), { a: ['x'] }, { a: [5] }],
      'map-of-objects': [mapOf(object({ a: text }, { required: ['a'] })), { x: {} }, { x: { a: 5 } }, { x: { b: 1 } }],
      anything: [{ type: 'object', additionalProperties: true }, { a: { b: 1 } }, { a: [1, { c: 2 }] }],
      nothing: [{ type: 'object', additionalProperties: false }, {}, { a: 1 }],
      object: [object({ a: text, b: whole }, { required: ['a', 'b'] }), {}, { a: 'x' }, { a: 'x', b: 'x' }, [], null],
      deep: [object({ a: object({ b: list(object({ c: whole })) }) }), { a: { b: [{ c: 1 }, { c: 'x' }] } }],
      preserved: [{ type: 'object', ...preserved }, { a: { b: [null, 1.5] } }, 5],
      any: [preserved, 5, 'x', null, [1], { a: null }],
      'preserved-partly': [object({ a: object({ b: text }) }, preserved), { a: { b: 'x', c: 'y' }, d: { e: 1 } }],
      'pruned-inside': [object({ a: { type: 'object', ...preserved } }), { a: { x: 1 }, b: 2 }],
      'named-like-objects': [object({ constructor: text }), { constructor: 'x', toString: 'y', __proto__x: 1 }],
    }),
  },
  {
    name: 'custom/values: alternatives',
    steps: trying({
      all: [{ type: 'string', allOf: [{ minLength: 2 }, { maxLength: 3 }, { pattern: '^a' }] }, 'ab', 'b', 'bbbb'],
      any: [{ type: 'string', anyOf: [{ minLength: 5 }, { pattern: '^a' }] }, 'a', 'b', 'bbbbb'],
      one: [{ type: 'string', oneOf: [{ minLength: 3 }, { pattern: '^a' }] }, 'a', 'aaa', 'b'],
      not: [{ type: 'string', not: { enum: ['a', 'b'] } }, 'a', 'c'],
      fields: [
        object({ a: text, b: text }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
        {},
        { a: 'x' },
        { a: 'x', b: 'y' },
      ],
      values: [
        object(
          { a: text, b: whole },
          { anyOf: [{ properties: { a: { enum: ['x'] } } }, { properties: { b: { minimum: 5 } } }] },
        ),
        { a: 'y', b: 1 },
        { a: 'x', b: 1 },
      ],
      texts: [list(text, { allOf: [{ items: { maxLength: 1 } }] }), ['a'], ['ab', 'a', 'abc']],
      'not-fields': [object({ a: text }, { not: { required: ['a'] } }), { a: 'x' }, {}],
      nested: [
        object({ a: text }, { allOf: [{ anyOf: [{ required: ['a'] }, { not: { minProperties: 0 } }] }] }),
        {},
        { a: 'x' },
      ],
      mixed: [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, 5, 'x', 1.5],
      formats: [{ type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }, '10.0.0.1', '::1', 'x'],
    }),
  },
  {
    name: 'custom/values: resources in resources',
    steps: trying({
      embedded: [
        { ...embedded, ...preserved },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: {} },
        { kind: 'Pod' },
        { apiVersion: 5, kind: '' },
        { apiVersion: 'a/b/c', kind: 'Pod' },
        { apiVersion: 'v1', kind: 'A B' },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'A B', labels: { 'a b': 'c' }, generateName: 5 } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { nonsense: 1, labels: { a: 'b' } } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { labels: 'x' } },
        { apiVersion: 'v1', kind: 'Pod', metadata: 'x' },
        { apiVersion: 'v1', kind: 'Pod', metadata: { creationTimestamp: 'x' } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'A B', finalizers: ['x'], ownerReferences: [{}] } },
        'x',
      ],
      strict: [
        {
          ...embedded,
          properties: { spec: object({ a: text }), metadata: object({ name: { ...text, maxLength: 2 } }) },
        },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'xyz' }, spec: { a: 'x', b: 'y' }, status: {} },
      ],
      listed: [list({ ...embedded, ...preserved }), [{ apiVersion: 'v1', kind: 'Pod' }, {}]],
      mapped: [mapOf({ ...embedded, ...preserved }), { a: { kind: 'x' } }],
    }),
  },
  {
    name: 'custom/defaults and null',
    steps: trying({
      text: [{ type: 'string', default: 'x' }, 'y', '', null],
      nullable: [{ type: 'string', nullable: true, default: 'x' }, null],
      'default-null': [{ type: 'string', nullable: true, default: null }, null, 'x'],
      object: [
        object({ a: { type: 'string', default: 'x' }, b: object({ c: { ...whole, default: 1 } }) }),
        {},
        { b: {} },
      ],
      whole: [
        object({ a: { type: 'string', default: 'x' }, b: { type: 'string', default: 'y' } }, { default: { a: 'z' } }),
        null,
        {},
        { b: 'w' },
      ],
      listed: [list(object({ a: { type: 'string', default: 'x' } })), [{}, { a: 'y' }, { a: null }]],
      'items-null': [list({ type: 'string', default: 'x' }), [null, 'y']],
      'nullable-items': [list({ type: 'string', nullable: true }), [null, 'y']],
      values: [mapOf({ type: 'string', default: 'x' }), { a: null, b: 'y' }],
      'null-values': [mapOf(text), { a: null }],
      'nullable-values': [mapOf({ ...text, nullable: true }), { a: null }],
      'null-object': [object({ a: text }), null],
      'null-required': [object({ a: text }, { required: ['a'] }), { a: null }],
      'null-int-or-string': [{ 'x-kubernetes-int-or-string': true }, null],
      'null-preserved': [{ type: 'object', ...preserved }, { a: null }, null],
      fractions: [{ type: 'number', default: 1.0 }, 2.0, 2.5],
    }),
  },
  {
    name: 'custom/unknown fields',
    steps: [
      ...definition({
        spec: object({ a: text, list: list(object({ b: text })), map: mapOf(object({ c: text })), meta: embedded }),
        kept: { type: 'object', ...preserved },
      }),
      ...['Strict', 'Warn', 'Ignore', 'Nonsense'].flatMap((fieldValidation) => {
        const parameters = { dryRun: 'All', fieldValidation };
        const changes: Changes = {
          spec: { a: 'x', z: 1, list: [{ b: 'x', y: 2 }, { x: 3 }], map: { m: { c: 'x', w: 4 } } },
          kept: { v: 5 },
          'metadata/nonsense': 'x',
          top: { u: 6 },
        };
        const label = fieldValidation;
        return [
          create(things, 'one', changes, parameters, { label }),
          create(things, 'one', changes, parameters, {
            label: `${label}, YAML`,
            headers: { 'content-type': 'application/yaml' },
          }),
          { ...create(things, 'one', {}, parameters, { label: `${label}, twice` }), body: twice },
        ];
      }),
      create(things, 'one', { spec: { a: 'x' } }),
      ...(['merge', 'json', 'apply'] as const).flatMap((type) =>
        ['Strict', 'Warn'].map((fieldValidation) =>
          patch(
            type,
            things,
            'one',
            type === 'json'
              ? [{ op: 'add', path: '/spec/z', value: 1 }]
              : { ...(type === 'apply' ? objectOf(things, 'one') : {}), spec: { a: 'y', z: 1, list: [{ y: 1 }] } },
            { dryRun: 'All', fieldValidation, fieldManager: 'compare' },
            { label: `${type}, ${fieldValidation}` },
          ),
        ),
      ),
      patch('strategic', things, 'one', { spec: { a: 'y' } }),
      put(things, 'one', objectOf(things, 'one', { 'spec/z': 1, 'metadata/resourceVersion': '0' })),
      create(things, 'odd', { spec: 5 }),
      create(things, 'odd', { apiVersion: '$ns.example.com/v2' }),
      create(things, 'odd', { kind: 'Other' }),
      create(things, 'odd', { kind: undefined }),
      create(things, 'odd', { apiVersion: undefined }),
      create(things, 'odd', { metadata: 'x' }),
      create(things, 'odd', { metadata: undefined }),
      create(things, 'odd', { 'metadata/labels': { a: 5 } }),
      create(things, 'odd', { 'metadata/labels': { 'a b': 'c' } }),
      create(things, 'odd', { 'metadata/name': 'A B' }),
      create(things, 'odd', { 'metadata/creationTimestamp': 'x' }),
      create(things, 'odd', { 'metadata/generation': 'x' }),
      create(things, 'odd', { 'metadata/finalizers': ['x'] }),
      create(things, 'odd', { 'metadata/ownerReferences': [{ kind: 'x' }] }),
      create(things, 'odd', { 'metadata/managedFields': [{ manager: 'x', operation: 'Nonsense' }] }),
    ],
  },
];
