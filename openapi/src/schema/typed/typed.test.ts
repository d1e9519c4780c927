/** Validation, field sets of values, comparison, merging, removal and extraction, over one kind with all sorts of fields. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { compareTyped } from './compare.ts';
import { FieldSet } from './field-set.ts';
import { mergeTyped } from './merge.ts';
import type { PathStep } from './path-element.ts';
import { extractItems, removeItems } from './remove-items.ts';
import { ensureNamedFields, reconcileFieldSet } from './schema-changes.ts';
import { listed, resolve, specNode, widgetSpec } from './testing/widget.ts';
import { toFieldSet } from './to-field-set.ts';
import { deducedNode, typedNode, untypedNode } from './typed-node.ts';
import { type TypedObject, Updater } from './updater.ts';
import { TypedValidationError, validateTyped } from './validate.ts';
import { valuesEqual } from './value.ts';

test('validation', () => {
  const cases: [value: JsonValue, message: string | undefined, allowDuplicates?: boolean][] = [
    [
      { name: 'a', count: 1.5, on: true, either: 1, amount: '1Gi', any: { x: [1] }, free: { y: { z: [{}] } } },
      undefined,
    ],
    [{ either: 'a', amount: 3, name: null, items: null, struct: null }, undefined],
    [{ nope: 1 }, '.nope: field not declared in schema'],
    [{ name: 5 }, '.name: expected string, got &value.valueUnstructured{Value:5}'],
    [{ count: 'x' }, '.count: expected numeric (int or float), got string'],
    [{ on: 'x' }, '.on: expected boolean, got &{x}'],
    [{ amount: { a: 1 } }, '.amount: expected any scalar, got &{map[a:1]}'],
    [{ labels: 'x' }, '.labels: expected map, got &{x}'],
    [{ set: { a: 'b' } }, '.set: expected list, got &{map[a:b]}'],
    [{ set: ['a', 'b', 'a'] }, '.set: duplicate entries for key [="a"]'],
    [{ set: ['a', 'b', 'a'] }, undefined, true],
    [{ set: [['a']] }, '.set: element 0: not supported: associative list with lists as elements'],
    [{ set: [{}] }, ".set: element 0: associative list without keys has an element that's a map type"],
    [{ set: ['a', null] }, ".set: element 1: associative list without keys has an element that's an explicit null"],
    [{ items: [{ name: 'a' }, { name: 'a' }] }, '.items: duplicate entries for key [name="a"]'],
    [
      { items: [{ value: 'x' }] },
      `.items: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    ],
    [{ items: ['a'] }, '.items: element 0: associative list with keys may not have non-map elements'],
    [{ items: [null] }, '.items: element 0: associative list with keys may not have a null element'],
    [
      { items: [{ name: 'a', items: [{ name: 'b', value: 1 }] }] },
      '.items[name="a"].items[name="b"].value: expected string, got &value.valueUnstructured{Value:1}',
    ],
    [{ ports: [{ port: 1 }, { port: 1, protocol: 'UDP' }, { note: 'defaults count as keys' }] }, undefined],
    [
      { ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] },
      '.ports: duplicate entries for key [port=1,protocol="TCP"]',
    ],
    [{ atomicList: ['a', 1] }, '.atomicList[1]: expected string, got &value.valueUnstructured{Value:1}'],
    [
      { name: 1, count: 'a' },
      'errors:\n  .name: expected string, got &value.valueUnstructured{Value:1}\n  .count: expected numeric (int or float), got string',
    ],
  ];
  for (const [value, message, allowDuplicates] of cases) {
    const issues = validateTyped(specNode, value, { allowDuplicates: allowDuplicates === true });
    const found = issues.length === 0 ? undefined : new TypedValidationError(issues).message;
    assert.equal(found, message, JSON.stringify(value));
  }
  const missing = typedNode({ type: 'object', properties: { a: { $ref: 'Missing' } } }, resolve);
  assert.deepEqual(validateTyped(missing, { a: 1 }), [
    { path: '.a', message: 'schema error: no type found matching: Missing' },
  ]);
});

test('the fields a value mentions', () => {
  const cases: [value: JsonObject, fields: string[]][] = [
    [{}, []],
    [{ name: 'a', count: 0 }, ['.count', '.name']],
    [{ name: null, struct: null, items: null }, ['.items', '.name', '.struct']],
    [{ struct: { a: 'x', inner: { b: 'y' } } }, ['.struct.a', '.struct.inner.b']],
    [{ struct: {}, labels: {} }, ['.labels', '.struct']],
    [{ set: [], items: [], atomicList: [] }, ['.atomicList']],
    [
      { atomicStruct: { a: 'x' }, atomicMap: { k: 'v' }, plainList: ['a'] },
      ['.atomicMap', '.atomicStruct', '.plainList'],
    ],
    [{ labels: { x: 'y' } }, ['.labels.x']],
    [{ set: ['b', 'a'], numbers: [10, 9] }, ['.numbers[=9]', '.numbers[=10]', '.set[="a"]', '.set[="b"]']],
    [
      { items: [{ name: 'a', value: 'v', tags: ['t'] }] },
      ['.items[name="a"]', '.items[name="a"].name', '.items[name="a"].value', '.items[name="a"].tags[="t"]'],
    ],
    [{ items: [{ name: 'a', value: 'v' }, { name: 'a' }] }, ['.items[name="a"]']],
    [{ ports: [{ port: 1 }] }, ['.ports[port=1,protocol="TCP"]', '.ports[port=1,protocol="TCP"].port']],
    [
      { free: { a: { b: 1, c: [1] } }, any: { d: { e: 1 } } },
      ['.any.d', '.any.d.e', '.free.a', '.free.a.b', '.free.a.c'],
    ],
    [{ any: [1, 2] }, ['.any']],
  ];
  for (const [value, fields] of cases)
    assert.deepEqual(listed(toFieldSet(specNode, value)), fields, JSON.stringify(value));
});

type Changes = { added?: string[]; modified?: string[]; removed?: string[] };

function changes(left: JsonValue | undefined, right: JsonValue | undefined, node = specNode): Changes {
  const { added, modified, removed } = compareTyped(node, left, right);
  const result: Changes = {};
  if (!added.isEmpty) result.added = listed(added);
  if (!modified.isEmpty) result.modified = listed(modified);
  if (!removed.isEmpty) result.removed = listed(removed);
  return result;
}

const swapped = ({ added, modified, removed }: Changes): Changes => ({
  ...(removed === undefined ? {} : { added: removed }),
  ...(modified === undefined ? {} : { modified }),
  ...(added === undefined ? {} : { removed: added }),
});

test('comparison, in both directions', () => {
  const cases: [left: JsonObject, right: JsonObject, changes: Changes][] = [
    [{ name: 'a' }, { name: 'a' }, {}],
    [{ name: 'a' }, { name: 'b', count: 1 }, { added: ['.count'], modified: ['.name'] }],
    [{ name: 'a' }, { name: null }, { modified: ['.name'] }],
    [{}, { struct: { a: 'x' } }, { added: ['.struct', '.struct.a'] }],
    [{ struct: {} }, { struct: { a: 'x' } }, { added: ['.struct.a'] }],
    [{}, { struct: {} }, { added: ['.struct'] }],
    [{ struct: null }, { struct: {} }, { modified: ['.struct'] }],
    [{ set: ['a', 'b'] }, { set: ['b', 'a'] }, {}],
    [{ set: ['a'] }, { set: ['b', 'a'] }, { added: ['.set[="b"]'] }],
    [{}, { set: ['a'] }, { added: ['.set', '.set[="a"]'] }],
    [{}, { set: [] }, { added: ['.set'] }],
    [{ set: [] }, { set: ['a'] }, { added: ['.set[="a"]'] }],
    [{ atomicList: ['a', 'b'] }, { atomicList: ['b', 'a'] }, { modified: ['.atomicList'] }],
    [{ atomicMap: { a: '1' } }, { atomicMap: { a: '1', b: '2' } }, { modified: ['.atomicMap'] }],
    [{ atomicStruct: { a: '1' } }, { atomicStruct: { b: '1' } }, { modified: ['.atomicStruct'] }],
    [{ labels: { a: '1' } }, { labels: { a: '2', b: '3' } }, { added: ['.labels.b'], modified: ['.labels.a'] }],
    [
      { items: [{ name: 'a', value: '1' }] },
      { items: [{ name: 'b' }, { name: 'a', value: '2' }] },
      { added: ['.items[name="b"]', '.items[name="b"].name'], modified: ['.items[name="a"].value'] },
    ],
    [
      { ports: [{ port: 1 }] },
      { ports: [{ port: 1, protocol: 'TCP' }] },
      { added: ['.ports[port=1,protocol="TCP"].protocol'] },
    ],
    [{ any: 1 }, { any: 'a' }, { modified: ['.any'] }],
    [{ any: 1 }, { any: { a: 1 } }, { added: ['.any.a'], modified: ['.any'] }],
    [{ either: 1 }, { either: '1' }, { modified: ['.either'] }],
    [{ free: { a: { b: 1 } } }, { free: { a: { b: 2, c: [1] } } }, { added: ['.free.a.c'], modified: ['.free.a.b'] }],
    [{ set: ['a', 'a'] }, { set: ['a', 'a'] }, {}],
    [{ set: ['a'] }, { set: ['a', 'a'] }, { added: ['.set[="a"]'], removed: ['.set[="a"]'] }],
    [
      { items: [{ name: 'a', value: '1' }, { name: 'a' }] },
      { items: [{ name: 'a', value: '2' }, { name: 'a' }] },
      { modified: ['.items[name="a"]'] },
    ],
    [
      { items: [{ name: 'a', value: '1' }] },
      { items: [{ name: 'a', value: '1' }, { name: 'a' }] },
      { added: ['.items[name="a"]'], removed: ['.items[name="a"]', '.items[name="a"].name', '.items[name="a"].value'] },
    ],
  ];
  for (const [left, right, expected] of cases) {
    assert.deepEqual(changes(left, right), expected, JSON.stringify([left, right]));
    assert.deepEqual(changes(right, left), swapped(expected), JSON.stringify([right, left]));
  }
});

test('merging', () => {
  const items = (...names: string[]): JsonObject => ({ items: names.map((name) => ({ name })) });
  const cases: [live: JsonValue | undefined, config: JsonValue, merged: JsonValue][] = [
    [undefined, { name: 'a' }, { name: 'a' }],
    [{ name: 'a', count: 1 }, { name: 'b' }, { name: 'b', count: 1 }],
    [{ name: 'a' }, { name: null }, { name: null }],
    [{ labels: { a: '1' } }, { labels: { b: '2' } }, { labels: { a: '1', b: '2' } }],
    [{ labels: { a: '1' } }, { labels: {} }, { labels: { a: '1' } }],
    [{ labels: { a: '1' } }, { labels: null }, { labels: { a: '1' } }],
    [{}, { labels: {} }, { labels: {} }],
    [{ atomicMap: { a: '1' } }, { atomicMap: { b: '2' } }, { atomicMap: { b: '2' } }],
    [{ atomicStruct: { a: '1', b: '1' } }, { atomicStruct: { b: '2' } }, { atomicStruct: { b: '2' } }],
    [{ atomicList: ['a', 'b'] }, { atomicList: ['c'] }, { atomicList: ['c'] }],
    [{ plainList: ['a'] }, { plainList: [] }, { plainList: [] }],
    [{ set: ['a', 'b'] }, { set: ['c', 'a'] }, { set: ['c', 'a', 'b'] }],
    [{ set: ['a', 'b', 'a'] }, { set: ['c'] }, { set: ['a', 'b', 'a', 'c'] }],
    [{ set: ['a', 'b', 'a'] }, { set: ['a'] }, { set: ['a', 'b'] }],
    [items('a', 'b', 'c'), items('b'), items('a', 'b', 'c')],
    [items('a', 'b', 'c'), items('c', 'a'), items('b', 'c', 'a')],
    [items('a', 'b', 'c'), items('c', 'x', 'a'), items('b', 'c', 'x', 'a')],
    [items('a', 'b'), items('x', 'y'), items('a', 'b', 'x', 'y')],
    [items('a', 'x', 'b', 'y', 'c'), items('b', 'n', 'a'), items('x', 'b', 'y', 'c', 'n', 'a')],
    [
      { items: [{ name: 'a', value: '1', tags: ['t'] }] },
      { items: [{ name: 'a', tags: ['u'] }] },
      { items: [{ name: 'a', value: '1', tags: ['t', 'u'] }] },
    ],
    [
      {
        items: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
      },
      { items: [{ name: 'a', value: '3' }] },
      { items: [{ name: 'a', value: '3' }] },
    ],
    [
      { ports: [{ port: 1, note: 'x' }] },
      { ports: [{ port: 1, protocol: 'TCP' }] },
      { ports: [{ port: 1, note: 'x', protocol: 'TCP' }] },
    ],
    [{ any: { a: 1 } }, { any: 'text' }, { any: 'text' }],
    [{ any: 'text' }, { any: { a: 1 } }, { any: { a: 1 } }],
    [{ any: { a: 1 } }, { any: { b: 2 } }, { any: { a: 1, b: 2 } }],
    [{ free: { a: { b: 1 }, l: [1] } }, { free: { a: { c: 2 }, l: [2] } }, { free: { a: { b: 1, c: 2 }, l: [2] } }],
  ];
  for (const [live, config, merged] of cases) {
    assert.deepEqual(mergeTyped(specNode, live, config), merged, JSON.stringify([live, config]));
  }
});

test('members named like those every object inherits', () => {
  const config = JSON.parse('{"labels":{"constructor":"a","__proto__":"b","toString":"c"}}') as JsonObject;
  const merged = mergeTyped(specNode, { labels: { x: '1' } }, config) as { labels: JsonObject };
  assert.deepEqual(Object.entries(merged.labels), [
    ['x', '1'],
    ['constructor', 'a'],
    ['__proto__', 'b'],
    ['toString', 'c'],
  ]);
  assert.deepEqual(changes({ labels: { x: '1' } }, merged), {
    added: ['.labels.__proto__', '.labels.constructor', '.labels.toString'],
  });
  assert.equal(Object.getPrototypeOf(merged.labels), Object.prototype);
});

const remove = (value: JsonValue, ...paths: PathStep[][]): JsonValue =>
  removeItems(specNode, value, FieldSet.of(...paths));
const extract = (value: JsonValue, ...paths: PathStep[][]): JsonValue =>
  extractItems(specNode, value, FieldSet.of(...paths));
const key = (name: string): PathStep => ({ key: { name } });

test('removal', () => {
  const value: JsonObject = {
    name: 'a',
    count: 1,
    struct: { a: 'x', b: 'y' },
    set: ['a', 'b'],
    items: [{ name: 'i', value: 'v' }, { name: 'j' }],
  };
  assert.deepEqual(
    remove(
      value,
      ['name'],
      ['struct', 'a'],
      ['set', { value: 'a' }],
      ['items', key('i'), 'value'],
      ['items', key('j')],
    ),
    {
      count: 1,
      struct: { b: 'y' },
      set: ['b'],
      items: [{ name: 'i' }],
    },
  );
  assert.deepEqual(remove({ struct: { a: 'x' }, set: ['a'] }, ['struct', 'a'], ['set', { value: 'a' }]), {
    struct: {},
    set: [],
  });
  assert.deepEqual(remove({ name: 'a' }, ['name']), null);
  assert.deepEqual(remove({ name: 'a', atomicMap: { x: 'y' } }, ['atomicMap', 'x']), { name: 'a', atomicMap: {} });
  assert.deepEqual(remove(value), value);
});

test('extraction', () => {
  const value: JsonObject = {
    name: 'a',
    count: 1,
    struct: { a: 'x', b: 'y' },
    set: ['a', 'b'],
    items: [{ name: 'i', value: 'v' }, { name: 'j' }],
    atomicMap: { x: 'y' },
  };
  assert.deepEqual(
    extract(value, ['name'], ['struct', 'a'], ['set', { value: 'b' }], ['items', key('i'), 'value'], ['atomicMap']),
    {
      name: 'a',
      struct: { a: 'x' },
      set: ['b'],
      items: [{ value: 'v' }],
      atomicMap: { x: 'y' },
    },
  );
  assert.deepEqual(
    extractItems(specNode, value, FieldSet.of(['items', key('i'), 'value'], ['items', key('gone'), 'value']), {
      withKeys: true,
    }),
    { items: [{ name: 'i', value: 'v' }] },
  );
  assert.deepEqual(extract(value), null);
});

test('named fields hold what is below them', () => {
  const set = FieldSet.of(
    ['struct', 'inner', 'a'],
    ['items', key('i'), 'labels', 'x'],
    ['labels', 'x'],
    ['free', 'a', 'b'],
  );
  assert.deepEqual(listed(ensureNamedFields(specNode, set)), [
    '.free',
    '.items',
    '.labels',
    '.struct',
    '.free.a.b',
    '.items[name="i"].labels',
    '.items[name="i"].labels.x',
    '.labels.x',
    '.struct.inner',
    '.struct.inner.a',
  ]);
});

test('fields that became atomic are owned as a whole', () => {
  const atomic = typedNode(
    {
      ...widgetSpec,
      properties: {
        ...widgetSpec.properties,
        labels: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
        set: { type: 'array', items: { type: 'string' } },
        struct: { $ref: 'Struct', 'x-kubernetes-map-type': 'atomic' },
      },
    },
    resolve,
  );
  const set = FieldSet.of(
    ['name'],
    ['labels'],
    ['labels', 'x'],
    ['set', { value: 'a' }],
    ['struct', 'inner', 'a'],
    ['free', 'a', 'b'],
  );
  assert.deepEqual(listed(reconcileFieldSet(atomic, set)), ['.labels', '.name', '.set', '.struct', '.free.a.b']);
  assert.equal(reconcileFieldSet(specNode, set), set);
  const settled = FieldSet.of(['labels'], ['set'], ['struct']);
  assert.equal(reconcileFieldSet(atomic, settled), settled);
});

test('without a schema, maps are merged and lists replaced', () => {
  assert.deepEqual(mergeTyped(deducedNode, { a: { b: 1 }, l: [1, 2] }, { a: { c: 2 }, l: [3] }), {
    a: { b: 1, c: 2 },
    l: [3],
  });
  assert.deepEqual(listed(toFieldSet(deducedNode, { a: { b: 1 }, l: [{ x: 1 }] })), ['.a', '.l', '.a.b']);
  assert.deepEqual(changes({ a: { b: 1 } }, { a: { b: 2 } }, deducedNode), { modified: ['.a.b'] });
  assert.deepEqual(changes({ a: { b: 1 } }, { a: { b: 2 } }, untypedNode), {});
});

const word = fc.constantFrom('a', 'b', 'c');
const struct: fc.Arbitrary<JsonObject> = fc.record({ a: word, b: word }, { requiredKeys: [] });
const item: fc.Arbitrary<JsonObject> = fc.record(
  { name: word, value: word, tags: fc.uniqueArray(word), labels: fc.dictionary(word, word) },
  { requiredKeys: ['name'] },
);
const spec: fc.Arbitrary<JsonObject> = fc.record(
  {
    name: word,
    count: fc.integer({ min: 0, max: 3 }),
    set: fc.uniqueArray(word),
    atomicList: fc.array(word, { maxLength: 3 }),
    items: fc.uniqueArray(item, { selector: (value) => value['name'], maxLength: 3 }),
    labels: fc.dictionary(word, word),
    atomicMap: fc.dictionary(word, word),
    struct,
    atomicStruct: struct,
    any: fc.dictionary(word, fc.dictionary(word, word, { minKeys: 1 }), { minKeys: 1 }),
  },
  { requiredKeys: [] },
);

test('a merge contains the configuration, merges once, and keeps what the configuration does not mention', () => {
  fc.assert(
    fc.property(spec, spec, (live, config) => {
      const merged = mergeTyped(specNode, live, config) ?? {};
      assert.deepEqual(validateTyped(specNode, merged), []);
      assert.ok(valuesEqual(mergeTyped(specNode, merged, config), merged));
      const mentioned = toFieldSet(specNode, config);
      const { added, modified, removed } = compareTyped(specNode, live, merged);
      assert.ok(removed.difference(mentioned).leaves().isEmpty, `removed ${String(removed)}`);
      assert.ok(
        ensureNamedFields(specNode, modified).difference(ensureNamedFields(specNode, mentioned)).leaves().isEmpty,
        `modified ${String(modified)}`,
      );
      assert.ok(
        added.leaves().difference(ensureNamedFields(specNode, mentioned)).isEmpty || hasEmptyLists(config),
        `added ${String(added)}`,
      );
    }),
    { numRuns: 300 },
  );
});

/** Empty sets and list maps are merged, but mention nothing. */
function hasEmptyLists(config: JsonObject): boolean {
  return JSON.stringify(config).includes('[]');
}

test('comparison is empty for equal values only, and mirrors', () => {
  fc.assert(
    fc.property(spec, spec, (left, right) => {
      assert.deepEqual(changes(left, structuredClone(left)), {});
      assert.deepEqual(changes(right, left), swapped(changes(left, right)));
    }),
    { numRuns: 300 },
  );
});

const atV1 = (value: JsonObject): TypedObject => ({ apiVersion: 'v1', node: specNode, value });
const updater = new Updater({ nodeAt: () => specNode, convert: () => undefined });

test('an applier that applies the same fields and more prunes nothing, whichever way that is found out', () => {
  fc.assert(
    fc.property(spec, spec, spec, (first, other, more) => {
      const one = updater.apply(atV1({}), atV1(first), new Map(), 'a', true);
      const two = updater.apply(atV1(one.object ?? {}), atV1(other), one.managers, 'b', true);
      const live = atV1(two.object ?? one.object ?? {});
      const config = atV1((mergeTyped(specNode, first, more) ?? {}) as JsonObject);
      const owned = two.managers.get('a');
      // Owning a field that nobody has leads the long way round.
      const set = (owned?.set ?? FieldSet.empty).union(FieldSet.of(['nothing']));
      const detour = new Map(two.managers).set('a', { apiVersion: 'v1', applied: true, set });
      const direct = updater.apply(live, config, two.managers, 'a', true);
      const long = updater.apply(live, config, detour, 'a', true);
      assert.deepEqual(direct.object, long.object);
      assert.deepEqual([...direct.managers.keys()].sort(), [...long.managers.keys()].sort());
    }),
    { numRuns: 500 },
  );
});

test('removing all mentioned leaves leaves none of them; extracting them all gives the value back', () => {
  fc.assert(
    fc.property(spec, (value) => {
      const all = toFieldSet(specNode, value);
      const rest = removeItems(specNode, value, ensureNamedFields(specNode, all));
      assert.ok(rest === null || toFieldSet(specNode, rest).intersection(all).isEmpty);
      const extracted = extractItems(specNode, value, all.leaves(), { withKeys: true });
      assert.ok(toFieldSet(specNode, extracted).equals(all) || extracted === null);
    }),
    { numRuns: 300 },
  );
});
