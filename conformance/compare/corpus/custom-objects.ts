/** Objects of custom kinds: rules, what unchanged values may keep, owners of fields, Tables, selectors, subresources. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import {
  apply,
  collection,
  create,
  get,
  item,
  list,
  made,
  objectOf,
  patch,
  post,
  put,
  remove,
  settled,
  sub,
  table,
  tableAccept,
  update,
  variants,
} from '../requests.ts';

const text = { type: 'string' };
const whole = { type: 'integer' };
const things: Kind = {
  apiVersion: '$ns.example.com/v1',
  kind: 'Thing',
  resource: 'things',
  namespaced: true,
  example: { spec: {} },
};

const versionAt = 'spec/versions/0';
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const withRule = (schema: JsonObject, ...rules: JsonObject[]): JsonObject => ({
  ...schema,
  'x-kubernetes-validations': rules,
});
const definition = (spec: JsonObject, more: Changes = {}): Step[] =>
  made(customResourceDefinitions, 'x', {
    [`${versionAt}/schema/openAPIV3Schema`]: object({
      spec,
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    }),
    ...more,
  });
const withStatus: Changes = { [`${versionAt}/subresources`]: { status: {} } };
/** The schema of spec changes, and time goes by until it is served. */
const redefined = (spec: JsonObject): Step[] => [
  patch('json', customResourceDefinitions, 'x', [
    { op: 'replace', path: `/${versionAt}/schema/openAPIV3Schema/properties/spec`, value: spec },
  ]),
  ...settled(customResourceDefinitions, 'x'),
];
const specs = (each: Record<string, Json>): Step[] =>
  variants(things, Object.fromEntries(Object.entries(each).map(([label, spec]) => [label, { spec }])));
const dry = { dryRun: 'All' };
/** Dry-run merge patches of what is there. */
const patches = (name: string, each: Record<string, JsonObject>): Step[] =>
  Object.entries(each).map(([label, spec]) => patch('merge', things, name, { spec }, dry, { label }));

const keyed = (items: JsonObject): JsonObject => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['k'],
  items,
});

export const customObjectCases: readonly Case[] = [
  {
    name: 'custom/rules',
    steps: [
      ...definition(
        withRule(
          object({
            a: withRule(text, { rule: "self.startsWith('a')", message: 'must start with a' }),
            b: withRule(text, { rule: 'self.size() < 3' }),
            c: withRule(text, { rule: "self == 'c'", messageExpression: "'is ' + self" }),
            d: withRule(text, { rule: "self == 'd'", message: 'is no d', messageExpression: "self.replace('x', '')" }),
            e: withRule(text, { rule: "self == 'e'", reason: 'FieldValueForbidden', message: 'no e' }),
            f: withRule(object({ g: text, h: whole }), {
              rule: "self.g == 'g'",
              fieldPath: '.g',
              reason: 'FieldValueRequired',
            }),
            list: {
              type: 'array',
              maxItems: 5,
              items: withRule(object({ x: whole }), { rule: 'self.x > 1' }),
            },
            map: {
              type: 'object',
              maxProperties: 5,
              additionalProperties: withRule({ type: 'string', maxLength: 9 }, { rule: "self != 'bad'" }),
            },
            fails: withRule(whole, { rule: '1 / self == 1' }),
            missing: withRule(object({ x: text }), { rule: "self.x == 'x'" }),
            message: withRule(whole, { rule: 'self == 1', messageExpression: 'string(1 / (self - 2))' }),
            empty: withRule(whole, { rule: 'self == 1', messageExpression: "self == 3 ? '' : ' '" }),
            lines: withRule(whole, { rule: 'self == 1', messageExpression: "'a\\nb'" }),
            duplicate: withRule(whole, { rule: 'self == 1', reason: 'FieldValueDuplicate' }),
            mixed: withRule({ 'x-kubernetes-int-or-string': true }, { rule: "self == 1 || self == 'x'" }),
            time: withRule(
              { type: 'string', format: 'date-time' },
              { rule: "self > timestamp('2026-01-01T00:00:00Z')" },
            ),
            quantity: withRule(text, { rule: "quantity(self).isLessThan(quantity('1Gi'))" }),
            nullable: withRule({ type: 'string', nullable: true }, { rule: "self == 'x'" }),
            inner: withRule(object({ 'a-b': text, namespace: text }), {
              rule: 'has(self.a__dash__b) && self.a__dash__b == self.namespace',
            }),
            two: withRule(whole, { rule: 'self > 1' }, { rule: 'self > 2' }),
            typed: withRule(text, { rule: "self == 'x'" }),
          }),
          { rule: '!has(self.a) || !has(self.b)', message: 'not both a and b' },
        ),
      ),
      ...specs({
        'a fits': { a: 'ab' },
        'a does not': { a: 'b' },
        'a and b': { a: 'a', b: 'bbbb' },
        'a message of an expression': { c: 'x' },
        'an expression that yields nothing': { d: 'x' },
        'an expression instead of the message': { d: 'xy' },
        'a reason': { e: 'x' },
        'a path': { f: { g: 'x' } },
        'a path to what is not there': { f: { h: 1 } },
        'an item': { list: [{ x: 2 }, { x: 1 }] },
        'an item without the field': { list: [{}] },
        'a value of a map': { map: { one: 'bad', two: 'good' } },
        'a division by zero': { fails: 0 },
        'a field that is missing': { missing: {} },
        'a message that fails': { message: 2 },
        'an empty message': { empty: 3 },
        'a blank message': { empty: 4 },
        'a message of lines': { lines: 2 },
        'a duplicate': { duplicate: 2 },
        'int or string': { mixed: 2 },
        'a time': { time: '2025-01-01T00:00:00Z' },
        'a quantity': { quantity: '2Gi' },
        'no quantity': { quantity: 'x' },
        null: { nullable: null },
        'names with dashes': { inner: { 'a-b': 'x', namespace: 'y' } },
        'two rules': { two: 1 },
        'beside a wrong type': { a: 'b', typed: 5 },
        'beside an unknown field': { a: 'b', unknown: 1 },
      }),
    ],
  },
  {
    name: 'custom/rules of transitions',
    steps: [
      ...definition(
        object({
          fixed: withRule(text, { rule: 'self == oldSelf', message: 'is immutable' }),
          grows: withRule(whole, {
            rule: 'self >= oldSelf',
            messageExpression: "string(self) + ' < ' + string(oldSelf)",
          }),
          either: withRule(whole, { rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true }),
          list: keyed(
            withRule(
              object({ k: { type: 'string', maxLength: 5 }, v: { type: 'string', maxLength: 5 } }, { required: ['k'] }),
              {
                rule: 'self.v == oldSelf.v',
              },
            ),
          ),
          kept: withRule(object({ x: text, y: text }), { rule: 'has(self.x) == has(oldSelf.x)' }),
        }),
        { ...withStatus },
      ),
      ...specs({ 'a wrong first value': { either: 2 }, 'a right first value': { either: 1 } }),
      create(things, 'one', {
        spec: { fixed: 'a', grows: 5, either: 1, list: [{ k: 'a', v: 'x' }], kept: { x: 'x' } },
      }),
      ...patches('one', {
        'another value': { fixed: 'b' },
        'no value': { fixed: null } as unknown as JsonObject,
        'a smaller value': { grows: 4 },
        'a larger value': { grows: 6 },
        'a value of two': { either: 2 },
        'an item changed': { list: [{ k: 'a', v: 'y' }] },
        'an item more': {
          list: [
            { k: 'b', v: 'y' },
            { k: 'a', v: 'x' },
          ],
        },
        'a field gone': { kept: { x: null } as unknown as JsonObject },
      }),
      apply(things, 'one', { spec: { fixed: 'b' } }, { ...dry, force: true }),
      sub('status', patch('merge', things, 'one', { status: { a: 1 } })),
      patch('merge', things, 'one', { spec: { fixed: null } }),
      patch('merge', things, 'one', { spec: { fixed: 'c' } }),
    ],
  },
  {
    name: 'custom/what may stay as it is',
    steps: [
      ...definition(
        object({
          text,
          other: text,
          list: keyed(object({ k: text, v: text }, { required: ['k'] })),
          plain: { type: 'array', items: text },
          deep: object({ a: object({ b: text }) }),
          set: { type: 'array', items: text },
        }),
      ),
      create(things, 'one', {
        spec: {
          text: 'abc',
          list: [
            { k: 'a', v: 'abc' },
            { k: 'b', v: 'b' },
          ],
          plain: ['abc', 'd'],
          deep: { a: { b: 'abc' } },
          set: ['a', 'a'],
        },
      }),
      ...redefined(
        object(
          {
            text: withRule({ type: 'string', maxLength: 2 }, { rule: "self != 'abc'", message: 'not abc' }),
            other: text,
            list: keyed(object({ k: text, v: { type: 'string', pattern: '^b' } }, { required: ['k'] })),
            plain: { type: 'array', maxItems: 10, items: { type: 'string', enum: ['d', 'e'] } },
            deep: object({ a: object({ b: { type: 'string', minLength: 5 } }) }),
            set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
            needed: text,
          },
          { required: ['needed'] },
        ),
      ),
      get(things, 'one'),
      ...patches('one', { 'without what is needed now': { other: 'x' } }),
      ...redefined(
        object({
          text: withRule({ type: 'string', maxLength: 20 }, { rule: "self != 'abc'", message: 'not abc' }),
          other: text,
          list: keyed(object({ k: text, v: { type: 'string', pattern: '^b' } }, { required: ['k'] })),
          plain: { type: 'array', maxItems: 10, items: { type: 'string', enum: ['d', 'e'] } },
          deep: object({ a: object({ b: { type: 'string', minLength: 5 } }) }),
          set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
        }),
      ),
      ...patches('one', {
        'another field': { other: 'x' },
        'the text changed, still wrong': { text: 'abc', other: 'y' },
        'another wrong text': { text: 'abcd' },
        'an item of the list map more': {
          list: [
            { k: 'b', v: 'b' },
            { k: 'a', v: 'abc' },
            { k: 'c', v: 'c' },
          ],
        },
        'items in another order': {
          list: [
            { k: 'b', v: 'b' },
            { k: 'a', v: 'abc' },
          ],
        },
        'the plain list changed': { plain: ['abc', 'e'] },
        'the plain list in order': { plain: ['d', 'e'] },
        'a field beside the deep one': { deep: { a: { b: 'abcd' } } },
        'the set changed': { set: ['a', 'a', 'b'] },
        'the set mended': { set: ['a'] },
      }),
      update(things, 'one', { spec: { text: 'abc' }, 'metadata/labels': { a: 'b' } }, dry),
      patch('merge', things, 'one', { metadata: { labels: { a: 'b' } } }),
      create(things, 'two', { spec: { text: 'abc' } }, dry),
    ],
  },
  {
    name: 'custom/owners of fields',
    steps: [
      ...definition(
        object({
          list: keyed(object({ k: text, v: text, w: text }, { required: ['k'] })),
          numbered: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['port', 'protocol'],
            items: object(
              { port: whole, protocol: { type: 'string', default: 'TCP' }, name: text },
              { required: ['port'] },
            ),
          },
          set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
          plain: { type: 'array', items: text },
          atomic: { ...object({ a: text, b: text }), 'x-kubernetes-map-type': 'atomic' },
          granular: object({ a: text, b: text }),
          map: { type: 'object', additionalProperties: text },
          any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          flag: { type: 'boolean', default: true },
        }),
        withStatus,
      ),
      apply(things, 'one', {
        spec: {
          list: [{ k: 'a', v: 'x' }],
          numbered: [{ port: 80, name: 'web' }],
          set: ['a'],
          plain: ['a'],
          atomic: { a: 'x' },
          granular: { a: 'x' },
          map: { a: 'x' },
          any: { a: { b: [1] } },
        },
      }),
      apply(
        things,
        'one',
        {
          spec: {
            list: [{ k: 'a', w: 'y' }, { k: 'b' }],
            numbered: [{ port: 80, protocol: 'UDP' }],
            set: ['b'],
            granular: { b: 'y' },
            map: { b: 'y' },
            any: { c: 1 },
          },
        },
        { fieldManager: 'other' },
      ),
      apply(
        things,
        'one',
        {
          spec: {
            list: [{ k: 'a', v: 'z' }],
            plain: ['b'],
            atomic: { b: 'y' },
            map: { a: 'z' },
            any: { a: { b: [2] } },
          },
        },
        { fieldManager: 'other' },
        { label: 'conflicts' },
      ),
      apply(things, 'one', { spec: { plain: ['b'], atomic: { b: 'y' } } }, { fieldManager: 'other', force: true }),
      apply(things, 'one', { spec: { list: [{ k: 'a' }] } }, {}, { label: 'less than before' }),
      apply(things, 'one', { spec: { list: [{ v: 'x' }] } }, {}, { label: 'without key' }),
      apply(things, 'one', { spec: { list: [{ k: 'a' }, { k: 'a' }] } }, {}, { label: 'one key twice' }),
      apply(things, 'one', { spec: { set: ['a', 'a'] } }, {}, { label: 'one item twice' }),
      apply(
        things,
        'one',
        { spec: { numbered: [{ port: 80 }, { port: 80, protocol: 'TCP' }] } },
        {},
        { label: 'by default' },
      ),
      apply(things, 'one', { spec: { unknown: 1 } }, {}, { label: 'an unknown field' }),
      apply(things, 'one', { spec: { granular: 'x' } }, {}, { label: 'a wrong type' }),
      apply(things, 'one', { spec: { list: [{ k: 5 }] } }, {}, { label: 'a key of a wrong type' }),
      apply(things, 'two', { spec: {} }, { fieldManager: '' }, { label: 'no manager' }),
      apply(things, 'two', { spec: {}, 'metadata/managedFields': [] }, {}, { label: 'with managed fields' }),
      apply(things, 'two', { spec: { flag: false } }, { fieldValidation: 'Strict' }),
      apply(things, 'two', { spec: { flag: false }, 'metadata/uid': 'x' }, {}, { label: 'another uid' }),
      sub('status', apply(things, 'one', { spec: undefined, status: { phase: 'x', list: [1] } })),
      update(things, 'two', { 'metadata/resourceVersion': undefined, spec: { list: [{ k: 'a' }] } }),
      get(things, 'one'),
    ],
  },
  {
    name: 'custom/columns',
    steps: [
      ...definition(
        { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        {
          [`${versionAt}/additionalPrinterColumns`]: (
            [
              ['text', 'string', '.spec.text'],
              ['number', 'integer', '.spec.number'],
              ['float', 'number', '.spec.float'],
              ['flag', 'boolean', '.spec.flag'],
              ['date', 'date', '.spec.date'],
              ['age', 'date', '.metadata.creationTimestamp'],
              ['map', 'string', '.spec.map'],
              ['list', 'string', '.spec.list'],
              ['item', 'string', '.spec.list[1]'],
              ['last', 'string', '.spec.list[-1]'],
              ['all', 'string', '.spec.list[*]'],
              ['some', 'string', '.spec.list[0:2]'],
              ['names', 'string', '.spec.items[*].name'],
              ['filtered', 'string', ".spec.items[?(@.name=='b')].value"],
              ['existing', 'string', '.spec.items[?(@.value)].name'],
              ['larger', 'string', '.spec.items[?(@.value>1)].name'],
              ['quoted', 'string', ".metadata.labels['example\\.com/a']"],
              ['escaped', 'string', '.metadata.labels.example\\.com/a'],
              ['anywhere', 'string', '.spec..value'],
              ['none', 'string', '.spec.none.deep'],
              ['whole', 'string', '.'],
              ['numbertext', 'integer', '.spec.text'],
              ['textnumber', 'string', '.spec.number'],
              ['textflag', 'string', '.spec.flag'],
              ['floatint', 'integer', '.spec.float'],
              ['intfloat', 'number', '.spec.number'],
              ['broken', 'string', '.spec['],
              ['null', 'string', '.spec.null'],
              ['union', 'string', "['spec','kind'].text"],
            ] as const
          ).map(([name, type, jsonPath]) => ({ name, type, jsonPath })),
        },
      ),
      create(things, 'full', {
        'metadata/labels': { 'example.com/a': 'b' },
        spec: {
          text: 'a "b"',
          number: 5,
          float: 1.5,
          flag: true,
          date: '2020-01-02T03:04:05Z',
          map: { b: 1, a: { c: [] } },
          list: ['a', 'b', 'c'],
          items: [{ name: 'a' }, { name: 'b', value: 1 }, { name: 'c', value: 2 }],
          null: null,
        },
      }),
      create(things, 'empty'),
      create(things, 'odd', {
        spec: { text: 5, number: 'x', float: 'x', flag: 'x', date: 'yesterday', map: 5, list: 'x', items: {} },
      }),
      table(things),
      { ...get(things, 'full'), headers: { accept: tableAccept } },
      table(things, { includeObject: 'None' }),
      table(things, { includeObject: 'Object', limit: 1 }),
      table(things, { watch: true, timeoutSeconds: 1, resourceVersion: '0' }),
    ],
  },
  {
    name: 'custom/lists, selectors, media types',
    steps: [
      ...definition(
        object({
          text,
          number: whole,
          flag: { type: 'boolean', default: false },
          nested: object({ a: text }),
        }),
        {
          [`${versionAt}/selectableFields`]: ['.spec.text', '.spec.number', '.spec.flag', '.spec.nested.a'].map(
            (jsonPath) => ({ jsonPath }),
          ),
          'spec/names/shortNames': ['th'],
        },
      ),
      { method: 'GET', path: '/apis/$ns.example.com/v1' },
      create(things, 'a', { spec: { text: 'x', number: 1, flag: true }, 'metadata/labels': { l: 'a' } }),
      create(things, 'b', { spec: { text: 'y', nested: { a: 'z' } } }),
      create(things, 'c', { 'metadata/generateName': 'c-', 'metadata/name': undefined }),
      ...[
        'spec.text=x',
        'spec.text!=x',
        'spec.text=',
        'spec.number=1',
        'spec.number=',
        'spec.flag=true',
        'spec.flag=false,spec.text=y',
        'spec.nested.a=z',
        'spec.nonsense=x',
        'metadata.name=a',
        'metadata.namespace=$ns',
        'metadata.name=a,spec.text=y',
        'status.x=y',
        'x',
      ].map((fieldSelector) => list(things, { fieldSelector, limit: 2 }, { label: fieldSelector })),
      list(things, { labelSelector: 'l in (a,b)' }),
      ...[
        'application/json',
        'application/yaml',
        'application/vnd.kubernetes.protobuf',
        'application/vnd.kubernetes.protobuf,application/json',
        'application/cbor',
        'text/html',
        'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
        'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
        tableAccept,
        'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io',
        '*/*',
      ].map((accept) => get(things, 'a', {}, { headers: { accept }, label: accept })),
      list(things, {}, { headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' } }),
      ...[
        'application/json',
        'application/yaml',
        'application/vnd.kubernetes.protobuf',
        'application/cbor',
        'text/plain',
      ].map((type) => create(things, 'm', {}, dry, { headers: { 'content-type': type }, label: type })),
      list(things, { watch: true, timeoutSeconds: 1, resourceVersion: '0', fieldSelector: 'spec.text=x' }),
      list(things, { watch: true, timeoutSeconds: 1, fieldSelector: 'spec.nonsense=x' }),
      list(things, { resourceVersion: '0', limit: 1 }),
      remove(things, 'a', {}, { propagationPolicy: 'Foreground' }),
      get(things, 'a'),
      patch('merge', things, 'a', { metadata: { finalizers: null } }),
      remove(things, 'b'),
      remove(things, 'b'),
      { method: 'DELETE', path: collection(things) },
      list(things),
    ],
  },
  {
    name: 'custom/subresources',
    steps: [
      ...made(customResourceDefinitions, 'x', {
        [`${versionAt}/schema/openAPIV3Schema`]: object({
          spec: object({ replicas: whole, text }),
          status: object({
            replicas: { ...whole, minimum: 0 },
            selector: text,
            phase: withRule(text, { rule: "self != 'Bad'", message: 'is bad' }),
          }),
        }),
        [`${versionAt}/subresources`]: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
      }),
      create(things, 'one', { spec: { replicas: 2, text: 'x' }, status: { phase: 'Dropped' } }),
      create(things, 'none'),
      create(things, 'negative', { spec: { replicas: -1 } }),
      sub('status', get(things, 'one')),
      sub(
        'status',
        patch('merge', things, 'one', { status: { phase: 'Good', replicas: 1, selector: 'a=b' }, spec: { text: 'y' } }),
      ),
      sub('status', patch('merge', things, 'one', { status: { phase: 'Bad' } })),
      sub('status', patch('merge', things, 'one', { status: { replicas: -1 } })),
      sub('status', patch('merge', things, 'one', { status: { replicas: 'x' } })),
      sub('status', patch('merge', things, 'one', { status: { unknown: 1 } }, { fieldValidation: 'Strict' })),
      sub('status', patch('merge', things, 'one', { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } })),
      sub(
        'status',
        put(
          things,
          'one',
          objectOf(things, 'one', { status: { phase: 'Put' }, 'metadata/resourceVersion': undefined }),
        ),
      ),
      patch('merge', things, 'one', { status: { phase: 'Ignored' } }),
      sub('scale', get(things, 'one')),
      sub('scale', get(things, 'none')),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: 5 } })),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: -5 } })),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: 'x' } })),
      sub('scale', patch('merge', things, 'one', { metadata: { labels: { a: 'b' } } })),
      sub(
        'scale',
        put(things, 'one', {
          apiVersion: 'autoscaling/v1',
          kind: 'Scale',
          metadata: { name: 'one' },
          spec: { replicas: 3 },
        }),
      ),
      sub(
        'scale',
        put(things, 'one', {
          apiVersion: 'autoscaling/v1',
          kind: 'Scale',
          metadata: { name: 'other' },
          spec: { replicas: 3 },
        }),
      ),
      sub('scale', put(things, 'one', { metadata: { name: 'one', resourceVersion: '1' }, spec: { replicas: 3 } })),
      sub('scale', put(things, 'one', { kind: 'Nonsense', metadata: { name: 'one' } })),
      sub('scale', apply(things, 'one', { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 4 } })),
      sub('scale', { ...get(things, 'one'), headers: { accept: 'application/vnd.kubernetes.protobuf' } }),
      sub('scale', { ...get(things, 'one'), headers: { accept: tableAccept } }),
      patch('merge', things, 'one', { spec: { replicas: null } }),
      sub('scale', get(things, 'one')),
      sub('scale', patch('merge', things, 'none', { spec: { replicas: 1 } })),
      get(things, 'one'),
    ],
  },
  {
    name: 'custom/versions',
    steps: [
      ...made(customResourceDefinitions, 'x', {
        'spec/versions': [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: object({ spec: object({ a: text, b: { type: 'string', default: 'one' } }) }) },
          },
          {
            name: 'v2',
            served: true,
            storage: false,
            deprecated: true,
            schema: {
              openAPIV3Schema: object({
                spec: object({ a: { ...text, maxLength: 3 }, c: { type: 'string', default: 'two' } }),
              }),
            },
            additionalPrinterColumns: [{ name: 'C', type: 'string', jsonPath: '.spec.c' }],
          },
          {
            name: 'v3alpha1',
            served: true,
            storage: false,
            deprecated: true,
            deprecationWarning: 'v3alpha1 "goes"',
            schema: {
              openAPIV3Schema: object({ spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
            },
          },
          { name: 'v4', served: false, storage: false, schema: { openAPIV3Schema: object({}) } },
        ],
      }),
      { method: 'GET', path: '/apis/$ns.example.com' },
      { method: 'GET', path: '/apis/$ns.example.com/v2' },
      { method: 'GET', path: '/apis/$ns.example.com/v4' },
      create(things, 'one', { spec: { a: 'abcdef' } }),
      ...['v2', 'v3alpha1', 'v4'].flatMap((version): Step[] => {
        const kind = { ...things, apiVersion: `$ns.example.com/${version}` };
        return [
          get(kind, 'one'),
          table(kind),
          create(kind, version, { spec: { a: 'abcdef', b: 'x', c: 'y' } }),
          create(kind, version, { spec: { a: 'a', b: 'x', c: 'y' } }),
          patch('merge', kind, 'one', { spec: { c: 'z' } }),
          apply(kind, 'one', { spec: { a: 'b' } }, { force: true }),
          get(things, 'one'),
        ];
      }),
      list(things),
      create(things, 'x', { apiVersion: '$ns.example.com/v2' }),
    ],
  },
  {
    name: 'custom/paths',
    steps: [
      ...definition(object({ a: text }), { 'spec/names/singular': 'thing' }),
      create(things, 'one', { spec: { a: 'x' } }),
      ...(
        [
          ['GET', '/apis/$ns.example.com/v1/things'],
          ['POST', '/apis/$ns.example.com/v1/things'],
          ['DELETE', '/apis/$ns.example.com/v1/things'],
          ['PUT', '/apis/$ns.example.com/v1/things'],
          ['GET', '/apis/$ns.example.com/v1/things/one'],
          ['GET', '/apis/$ns.example.com/v1/thing'],
          ['GET', '/apis/$ns.example.com/v1/nonsense'],
          ['GET', '/apis/$ns.example.com/v1/namespaces/$ns/nonsense'],
          ['GET', '/apis/$ns.example.com/v2/things'],
          ['GET', `${item(things, 'one')}/status`],
          ['GET', `${item(things, 'one')}/scale`],
          ['GET', `${item(things, 'one')}/nonsense`],
          ['GET', `${item(things, 'one')}/status/more`],
          ['POST', item(things, 'one')],
          ['PUT', collection(things)],
          ['PATCH', collection(things)],
          ['OPTIONS', collection(things)],
          ['HEAD', item(things, 'one')],
          ['GET', item(things, 'none')],
          ['GET', `/apis/$ns.example.com/v1/watch/namespaces/$ns/things/none?timeoutSeconds=1`],
          ['GET', `${collection(things)}/`],
        ] as const
      ).map(
        ([method, path]): Step => ({
          method,
          path,
          ...(method === 'POST' || method === 'PUT' || method === 'PATCH' ? { body: objectOf(things, 'one') } : {}),
        }),
      ),
      post(things, 'x'),
      post(things, '[]'),
      post(things, '{'),
      post(things, {}),
      patch('json', things, 'one', [{ op: 'test', path: '/spec/a', value: 'y' }]),
      patch('json', things, 'one', [{ op: 'remove', path: '/spec/nonsense' }]),
      patch('json', things, 'one', { op: 'remove' }),
      patch('merge', things, 'one', 'x'),
      patch('merge', things, 'one', { metadata: { name: 'two' } }),
      patch('merge', things, 'one', { kind: 'Other' }),
      patch('merge', things, 'one', { apiVersion: 'x/v1' }),
      patch('merge', things, 'one', { metadata: { resourceVersion: '1' } }),
      patch('merge', things, 'none', { spec: {} }),
      patch('merge', things, 'one', { spec: { a: 5 } }),
      patch('merge', things, 'one', { metadata: { labels: { a: 5 } } }),
      patch('merge', things, 'one', { metadata: { uid: 'x' } }),
      update(things, 'none'),
      update(things, 'one', { 'metadata/resourceVersion': '1' }),
      update(things, 'one', { 'metadata/uid': 'x' }),
      remove(customResourceDefinitions, 'x'),
      remove(customResourceDefinitions, 'x', undefined, {}, { label: 'again' }),
    ],
  },
];
