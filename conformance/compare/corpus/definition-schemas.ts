/** CustomResourceDefinitions: the schemas that may be written, one table for each family of rules. */
import type { Case, Changes, JsonObject, Step } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { made, update, variants } from '../requests.ts';

const schemaAt = 'spec/versions/0/schema/openAPIV3Schema';
const text = { type: 'string' };
const integer = { type: 'integer' };
const map = { type: 'object' };
const preserved = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };

type Schemas = Record<string, JsonObject>;

const asChanges = (schemas: Schemas, place: (schema: JsonObject) => Changes): Record<string, Changes> =>
  Object.fromEntries(Object.entries(schemas).map(([label, schema]) => [label, place(schema)]));

/** Each schema as that of the whole object. */
const roots = (schemas: Schemas) =>
  variants(
    customResourceDefinitions,
    asChanges(schemas, (schema) => ({ [schemaAt]: schema })),
  );

/** Each schema as that of a field `x`. */
const ofField = (schema: JsonObject): Changes => ({ [schemaAt]: { type: 'object', properties: { x: schema } } });
const fields = (schemas: Schemas) => variants(customResourceDefinitions, asChanges(schemas, ofField));

/** Each schema instead of one that is stored. */
const fieldsInstead = (before: JsonObject, schemas: Schemas): Step[] => [
  ...made(customResourceDefinitions, 'updated', ofField(before)),
  ...Object.entries(schemas).map(([label, schema]) =>
    update(
      customResourceDefinitions,
      'updated',
      { ...ofField(schema), 'metadata/resourceVersion': '{{made.metadata.resourceVersion}}' },
      { dryRun: 'All' },
      { label },
    ),
  ),
];

const list = (items: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'array', items, ...more });
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const keyed = (items: JsonObject, more: JsonObject = {}): JsonObject =>
  list(items, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], ...more });

export const definitionSchemaCases: readonly Case[] = [
  {
    name: 'definitions/schemas: the root',
    steps: [
      ...roots({
        nothing: {},
        'no type': { properties: { x: text } },
        'another type': { type: 'array', items: text },
        'a type of nonsense': { type: 'nonsense' },
        nullable: { type: 'object', nullable: true },
        'additional properties': { type: 'object', additionalProperties: text },
        'no additional properties': { type: 'object', additionalProperties: false },
        'any additional properties': { type: 'object', additionalProperties: true },
        'a default': { type: 'object', default: {} },
        'a default that is whole': { type: 'object', default: { apiVersion: 'v1', kind: 'Thing' } },
        'a default with more than it may have': { type: 'object', default: { apiVersion: 'v1', kind: 'Thing', x: 1 } },
        embedded,
        'preserves unknown fields': preserved,
        'preserves no unknown fields': { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
        'int or string': { 'x-kubernetes-int-or-string': true },
        'an alternative': { type: 'object', oneOf: [{ required: ['spec'] }, { required: ['other'] }] },
        'alternatives of what is not there': { type: 'object', anyOf: [{ properties: { y: { minimum: 1 } } }] },
        'a reference': { $ref: '#/definitions/x' },
        'a schema of schemas': { type: 'object', $schema: 'http://json-schema.org/draft-04/schema#', id: 'x' },
        'an example': { type: 'object', example: { x: 1 }, externalDocs: { url: 'https://example.com' } },
        'an enum': { type: 'object', enum: [{ x: 1 }] },
        'a map type': { type: 'object', 'x-kubernetes-map-type': 'atomic' },
        'unknown fields of a schema': { type: 'object', nonsense: true, 'x-kubernetes-nonsense': 'x' },
      }),
    ],
  },
  {
    name: 'definitions/schemas: metadata, kind and version',
    steps: [
      ...roots({
        metadata: object({ metadata: map }),
        'no type': object({ metadata: {} }),
        'another type': object({ metadata: text }),
        'a pattern of names': object({ metadata: object({ name: { type: 'string', pattern: '^a' } }) }),
        'a length of generated names': object({ metadata: object({ generateName: { type: 'string', maxLength: 5 } }) }),
        labels: object({ metadata: object({ labels: { type: 'object', additionalProperties: text } }) }),
        'a description': object({ metadata: { type: 'object', description: 'some' } }),
        'required metadata': object({ metadata: { type: 'object', required: ['name'] } }),
        'metadata with rules': object({ metadata: { ...map, 'x-kubernetes-validations': [{ rule: 'true' }] } }),
        'nullable metadata': object({ metadata: { ...map, nullable: true } }),
        'default metadata': object({ metadata: { ...map, default: {} } }),
        'a default name': object({ metadata: object({ name: { type: 'string', default: 'x' } }) }),
        'a default kind': object({ kind: { type: 'string', default: 'x' } }),
        'an enum of kinds': object({ kind: { type: 'string', enum: ['Thing'] } }),
        'a kind of numbers': object({ kind: integer }),
        'a version without type': object({ apiVersion: {} }),
        'metadata in an alternative': object(
          { metadata: map },
          { allOf: [{ properties: { metadata: { minProperties: 1 } } }] },
        ),
        'metadata in an alternative of a field': object({
          x: object({ metadata: map }, { allOf: [{ properties: { metadata: { minProperties: 1 } } }] }),
        }),
        'embedded metadata': object({ metadata: embedded }),
      }),
      ...fields({
        embedded,
        'embedded, preserved': { ...embedded, ...preserved },
        'embedded with fields': { ...embedded, properties: { spec: map } },
        'embedded without type': { 'x-kubernetes-embedded-resource': true },
        'embedded text': { type: 'string', 'x-kubernetes-embedded-resource': true },
        'embedded with additional properties': { ...embedded, additionalProperties: text },
        'embedded kind of numbers': { ...embedded, properties: { kind: integer } },
        'embedded metadata of text': { ...embedded, properties: { metadata: text } },
        'embedded metadata with labels': {
          ...embedded,
          properties: { metadata: object({ labels: { type: 'object', additionalProperties: text } }) },
        },
        'embedded metadata with default labels': {
          ...embedded,
          properties: {
            metadata: object({ labels: { type: 'object', additionalProperties: { type: 'string', default: 'x' } } }),
          },
        },
        'embedded in embedded metadata': { ...embedded, properties: { metadata: object({ x: embedded }) } },
        'embedded with a default kind of nonsense': {
          ...embedded,
          properties: { kind: { type: 'string', default: 'A B' } },
        },
        'embedded with a default name of nonsense': {
          ...embedded,
          properties: { metadata: object({ name: { type: 'string', default: 'a/b' } }) },
        },
        'embedded with default labels': {
          ...embedded,
          properties: {
            metadata: object({
              labels: { type: 'object', additionalProperties: text, default: { 'a b': 'c', d: 'e' } },
            }),
          },
        },
        'embedded with a default of nonsense in a list': list({
          ...embedded,
          ...preserved,
          default: { apiVersion: 'v1', kind: 'A B' },
        }),
        'embedded with a default kind': { ...embedded, properties: { kind: { type: 'string', default: 'Pod' } } },
        'embedded with a default': {
          ...embedded,
          ...preserved,
          default: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
        },
        'embedded with a default without kind': { ...embedded, ...preserved, default: { apiVersion: 'v1' } },
        'embedded with a default of bad metadata': {
          ...embedded,
          ...preserved,
          default: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'A B', labels: { 'a b': 'c' } } },
        },
      }),
    ],
  },
  {
    name: 'definitions/schemas: types',
    steps: fields({
      'no type': {},
      'no type but a description': { description: 'some' },
      'an empty type': { type: '' },
      null: { type: 'null' },
      nonsense: { type: 'nonsense' },
      'a list of types': { type: ['string', 'integer'] } as unknown as JsonObject,
      'a list without items': { type: 'array' },
      'a list of anything': list({}),
      'a list of schemas': { type: 'array', items: [text, integer] },
      'a list of no schemas': { type: 'array', items: [] },
      'items of text': { type: 'string', items: text },
      'a map without type of values': { type: 'object', additionalProperties: {} },
      'a map of text': { type: 'object', additionalProperties: text },
      'a map of anything': { type: 'object', additionalProperties: true },
      'a map of nothing': { type: 'object', additionalProperties: false },
      'a map with fields': { type: 'object', properties: { a: text }, additionalProperties: text },
      'any map with fields': { type: 'object', properties: { a: text }, additionalProperties: true },
      'no map with fields': { type: 'object', properties: { a: text }, additionalProperties: false },
      'fields of text': { type: 'string', properties: { a: text } },
      'preserves unknown fields, no type': { 'x-kubernetes-preserve-unknown-fields': true },
      'preserves unknown fields of text': { type: 'string', 'x-kubernetes-preserve-unknown-fields': true },
      'preserves no unknown fields': { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
      'int or string': { 'x-kubernetes-int-or-string': true },
      'int or string with a type': { type: 'string', 'x-kubernetes-int-or-string': true },
      'int or string, said twice': {
        'x-kubernetes-int-or-string': true,
        anyOf: [{ type: 'integer' }, { type: 'string' }],
      },
      'int or string, said among all': {
        'x-kubernetes-int-or-string': true,
        allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { minimum: 1 }],
      },
      'int or string, said second among all': {
        'x-kubernetes-int-or-string': true,
        allOf: [{ minimum: 1 }, { anyOf: [{ type: 'integer' }, { type: 'string' }] }],
      },
      'string or int': { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'string' }, { type: 'integer' }] },
      'int or string, undeclared': { anyOf: [{ type: 'integer' }, { type: 'string' }] },
      'int or string with a pattern': { 'x-kubernetes-int-or-string': true, pattern: '^[0-9]+%?$' },
      'int or string that preserves': {
        'x-kubernetes-int-or-string': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      'int or string that is embedded': { 'x-kubernetes-int-or-string': true, 'x-kubernetes-embedded-resource': true },
      'a format of nonsense': { type: 'string', format: 'nonsense' },
      'a format of another type': { type: 'string', format: 'int64' },
      'a pattern that is none': { type: 'string', pattern: '(' },
      'a pattern of other engines': { type: 'string', pattern: '^(?!x)a$' },
      'unique items': list(text, { uniqueItems: true }),
      'not unique items': list(text, { uniqueItems: false }),
      'a reference': { $ref: '#/definitions/x' },
      'a reference and a type': { type: 'object', $ref: '#/definitions/x' },
      definitions: { type: 'object', definitions: { y: text } },
      dependencies: { type: 'object', dependencies: { y: ['z'] } },
      'dependencies of schemas': { type: 'object', dependencies: { y: { type: 'string' } } },
      'patterns of fields': { type: 'object', patternProperties: { '^y': text } },
      'additional items': { type: 'array', items: text, additionalItems: false },
      'an id': { type: 'object', id: 'x' },
      'negative lengths': { type: 'string', minLength: -1, maxLength: -2 },
      'a half of a length': { type: 'string', minLength: 1.5 },
      'multiples of nothing': { type: 'integer', multipleOf: 0 },
      'multiples of less': { type: 'integer', multipleOf: -2 },
      'bounds the wrong way': { type: 'integer', minimum: 5, maximum: 1, exclusiveMinimum: true },
      'an enum of nothing': { type: 'string', enum: [] },
      'an enum of one twice': { type: 'string', enum: ['a', 'a'] },
      'an enum of another type': { type: 'string', enum: [1, null, { a: 1 }] },
      'required twice': { type: 'object', required: ['a', 'a'] },
      'required nothing': { type: 'object', required: [] },
      'an empty name': object({ '': text }),
      'a field with strange letters': object({ 'a b/c.d~e["f"]': { type: 'nonsense' } }),
      'a field called constructor': object({ constructor: text, __proto__x: text }),
      title: { type: 'string', title: 'some', description: 'more', example: 5, externalDocs: { description: 'x' } },
      'bounds for maps': { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: text },
      'an unknown field in items': list({ type: 'string', nonsense: 1 }),
      'an unknown field in values': { type: 'object', additionalProperties: { type: 'string', nonsense: 1 } },
      'an unknown field in alternatives': { type: 'object', not: { nonsense: 1 } },
      'an unknown field in items of items': list(list({ type: 'string', nonsense: 1 })),
      'a wrong type in items': list({ type: 5 }),
      'a wrong type in values': { type: 'object', additionalProperties: { type: ['x'] } },
      'a wrong type in fields of items': list(object({ a: { minLength: 'x' } })),
      'a wrong type in dependencies': { type: 'object', dependencies: { y: 5 } },
      'items that are text': { type: 'array', items: 'x' },
      'items of a truth': { type: 'array', items: true },
      'items of a list of text': { type: 'array', items: ['x'] },
      'values of text': { type: 'object', additionalProperties: 'x' },
      'values of null': { type: 'object', additionalProperties: null },
      'values of a number': { type: 'object', additionalProperties: 1 },
      'more items of text': { type: 'array', items: text, additionalItems: 'x' },
      'more items of a schema': { type: 'array', items: text, additionalItems: text },
      'a pattern of nothing': { type: 'string', pattern: '' },
      'a schema of its own': { type: 'object', $schema: 'x' },
      'a maximum that is no whole number': { type: 'integer', maximum: 1.5, minimum: 0.5, multipleOf: 0.5 },
      'a schema of text': 'x' as unknown as JsonObject,
      'a schema of a list': [] as unknown as JsonObject,
      'a schema that is true': true as unknown as JsonObject,
      'a schema that is null': null as unknown as JsonObject,
    }),
  },
  {
    name: 'definitions/schemas: alternatives',
    steps: fields(
      Object.fromEntries(
        Object.entries<JsonObject>({
          'a value': { minLength: 1 },
          'a type': { type: 'string' },
          'a title': { title: 'x' },
          'a description': { description: 'x' },
          'a default': { default: 'x' },
          'a default of null': { default: null },
          nullable: { nullable: true },
          'not nullable': { nullable: false },
          'additional properties': { additionalProperties: text },
          'no additional properties': { additionalProperties: false },
          'any additional properties': { additionalProperties: true },
          'preserves unknown fields': { 'x-kubernetes-preserve-unknown-fields': true },
          embedded: { 'x-kubernetes-embedded-resource': true },
          'int or string': { 'x-kubernetes-int-or-string': true },
          'a list type': { 'x-kubernetes-list-type': 'set' },
          'list keys': { 'x-kubernetes-list-map-keys': ['a'] },
          'a map type': { 'x-kubernetes-map-type': 'atomic' },
          rules: { 'x-kubernetes-validations': [{ rule: 'true' }] },
          'a known field': { properties: { a: { minLength: 1 } } },
          'an unknown field': { properties: { b: { minLength: 1 } } },
          'items of an unknown list': { items: { minLength: 1 } },
          'nested alternatives': { anyOf: [{ not: { properties: { b: {} } } }] },
          'nested types': { anyOf: [{ not: { properties: { a: { type: 'string' } } } }] },
          'metadata of a field': { properties: { metadata: { minProperties: 1 } } },
          'a pattern that is none': { properties: { a: { pattern: '(' } } },
          'a format': { format: 'email' },
          'an enum': { enum: [1] },
        }).flatMap(([label, part]): [string, JsonObject][] => [
          [`allOf: ${label}`, object({ a: text }, { allOf: [part] })],
          [`not: ${label}`, object({ a: text }, { not: part })],
        ]),
      ),
    ),
  },
  {
    name: 'definitions/schemas: more alternatives',
    steps: fields({
      'anyOf, one and the other': object({ a: text }, { anyOf: [{ type: 'object' }, { required: ['a'] }] }),
      'oneOf, one and the other': object({ a: text }, { oneOf: [{ default: {} }, { required: ['a'], title: 'x' }] }),
      'of items': list(text, { anyOf: [{ items: { minLength: 1 } }, { items: { type: 'string' } }] }),
      'of values of maps': { type: 'object', additionalProperties: text, allOf: [{ additionalProperties: text }] },
      'of nothing': object({ a: text }, { anyOf: [], oneOf: [], allOf: [], not: {} }),
      'of fields of fields': object(
        { a: object({ b: text }) },
        { oneOf: [{ properties: { a: { properties: { b: { enum: ['x'] }, c: { enum: ['y'] } } } } }] },
      ),
      'inside of preserved fields': { ...preserved, allOf: [{ properties: { b: { minLength: 1 } } }] },
    }),
  },
  {
    name: 'definitions/schemas: lists and maps',
    steps: fields({
      'a set': list(text, { 'x-kubernetes-list-type': 'set' }),
      'a set of objects': list(object({ a: text }), { 'x-kubernetes-list-type': 'set' }),
      'a set of atomic objects': list(
        { ...object({ a: text }), 'x-kubernetes-map-type': 'atomic' },
        { 'x-kubernetes-list-type': 'set' },
      ),
      'a set of granular objects': list(
        { ...object({ a: text }), 'x-kubernetes-map-type': 'granular' },
        { 'x-kubernetes-list-type': 'set' },
      ),
      'a set of lists': list(list(text), { 'x-kubernetes-list-type': 'set' }),
      'a set of sets': list(list(text, { 'x-kubernetes-list-type': 'set' }), { 'x-kubernetes-list-type': 'set' }),
      'a set of nullable items': list({ ...text, nullable: true }, { 'x-kubernetes-list-type': 'set' }),
      'a set that is no list': { type: 'object', 'x-kubernetes-list-type': 'set' },
      'a set without type': { 'x-kubernetes-list-type': 'set' },
      'a list type of nonsense': list(text, { 'x-kubernetes-list-type': 'nonsense' }),
      'an empty list type': list(text, { 'x-kubernetes-list-type': '' }),
      'a set with keys': list(text, { 'x-kubernetes-list-type': 'set', 'x-kubernetes-list-map-keys': ['k'] }),
      'keys without list type': list(text, { 'x-kubernetes-list-map-keys': ['k'] }),
      'a map, its key required': keyed(object({ k: text }, { required: ['k'] })),
      'a map, its key by default': keyed(object({ k: { type: 'string', default: 'x' } })),
      'a map, its key left out': keyed(object({ k: text })),
      'a map, its key nullable': keyed(object({ k: { ...text, nullable: true } }, { required: ['k'] })),
      'a map of nullable items': keyed({ ...object({ k: text }, { required: ['k'] }), nullable: true }),
      'a map, its key unknown': keyed(object({ other: text })),
      'a map, its key a list': keyed(object({ k: list(text) }, { required: ['k'] })),
      'a map, its key an object': keyed(object({ k: map }, { required: ['k'] })),
      'a map without keys': list(object({ k: text }), { 'x-kubernetes-list-type': 'map' }),
      'a map of one key twice': keyed(object({ k: text }, { required: ['k'] }), {
        'x-kubernetes-list-map-keys': ['k', 'k'],
      }),
      'a map of text': keyed(text),
      'a map without items': {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      'a map of two schemas': {
        type: 'array',
        items: [text, text],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      'an atomic object': { ...object({ a: text }), 'x-kubernetes-map-type': 'atomic' },
      'an object of nonsense': { ...object({ a: text }), 'x-kubernetes-map-type': 'nonsense' },
      'an atomic list of maps': list(text, { 'x-kubernetes-map-type': 'atomic' }),
      'a map type without type': { 'x-kubernetes-map-type': 'atomic' },
    }),
  },
  {
    name: 'definitions/schemas: defaults',
    steps: [
      ...fields({
        text: { type: 'string', default: 'x' },
        'of another type': { type: 'string', default: 5 },
        'too long': { type: 'string', maxLength: 2, default: 'xyz' },
        'too short and not matching': { type: 'string', minLength: 2, pattern: '^a', default: 'x' },
        'not in the enum': { type: 'string', enum: ['a', 'b'], default: 'x' },
        null: { type: 'string', default: null },
        'null for what may be': { type: 'string', nullable: true, default: null },
        'of a format': { type: 'string', format: 'date-time', default: 'yesterday' },
        'a whole number': { type: 'integer', default: 1.5 },
        'a whole number that is written as a fraction': { type: 'integer', default: 2.0 },
        'out of bounds': { type: 'integer', minimum: 1, maximum: 3, default: 7 },
        'of int32': { type: 'integer', format: 'int32', default: 4_294_967_296 },
        'a number': { type: 'number', default: 3 },
        'int or string': { 'x-kubernetes-int-or-string': true, default: 1.5 },
        'int or string that is': { 'x-kubernetes-int-or-string': true, default: '25%' },
        'an unknown field': object({ a: text }, { default: { a: 'x', b: 'y' } }),
        'an unknown field of items': list(object({ a: text }), { default: [{ a: 'x', b: 'y' }] }),
        'unknown fields that stay': { ...preserved, default: { b: 'y' } },
        'a field of a wrong type': object({ a: text, b: integer }, { default: { a: 'x', b: 'x' } }),
        'a field that is missing': object({ a: text }, { required: ['a'], default: {} }),
        'a field that has a default': object({ a: { type: 'string', default: 'x' } }, { required: ['a'], default: {} }),
        'in values of maps': { type: 'object', additionalProperties: { type: 'string', default: 'x' } },
        'in items': list({ type: 'string', default: 'x' }),
        'of a list': list(text, { default: ['a', 5] }),
        'of a set with duplicates': list(text, { 'x-kubernetes-list-type': 'set', default: ['a', 'a'] }),
        'of a list map with duplicates': keyed(object({ k: text }, { required: ['k'] }), {
          default: [{ k: 'a' }, { k: 'a' }],
        }),
        'that breaks a rule': {
          type: 'string',
          default: 'x',
          'x-kubernetes-validations': [{ rule: "self == 'y'", message: 'must be y' }],
        },
        'that breaks a rule of transitions': {
          type: 'string',
          default: 'x',
          'x-kubernetes-validations': [{ rule: 'self != oldSelf' }],
        },
        'that breaks a rule above': object(
          { a: { type: 'string', default: 'x' } },
          { default: {}, 'x-kubernetes-validations': [{ rule: "self.a == 'y'" }] },
        ),
        'that breaks an alternative': { type: 'string', default: 'x', oneOf: [{ enum: ['a'] }, { enum: ['b'] }] },
        'that breaks not': { type: 'string', default: 'x', not: { enum: ['x'] } },
        'that is too small a map': object({ a: text }, { minProperties: 1, default: {} }),
        'for what preserves nothing': { type: 'object', default: { a: 1 } },
        'with metadata': object({ metadata: object({ name: text }) }, { default: { metadata: { name: 'x' } } }),
      }),
      ...variants(customResourceDefinitions, {
        'with preserved unknown fields': {
          'spec/preserveUnknownFields': true,
          ...ofField({ type: 'string', default: 'x' }),
        },
      }),
    ],
  },
  {
    name: 'definitions/schemas: updates',
    steps: [
      ...fieldsInstead(
        { type: 'string', default: 'x' },
        {
          'no default': text,
          'a default of another type': { type: 'string', default: 5 },
          'another type': { type: 'integer' },
          'no type': {},
          nonsense: { type: 'nonsense' },
        },
      ),
    ],
  },
];
