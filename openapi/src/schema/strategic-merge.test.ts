import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { JsonObject } from '../meta/object.ts';
import { StatusError } from '../meta/status-error.ts';
import { createStrategicMergePatch, deepCopy, deepEqual, strategicMergePatch } from './index.ts';
import { resolveTestSchema, thingSchema } from './testing/thing.ts';

const apply = (original: JsonObject, patch: unknown): JsonObject =>
  strategicMergePatch(original, patch, thingSchema, resolveTestSchema);
const diff = (original: JsonObject, modified: JsonObject): JsonObject =>
  createStrategicMergePatch(original, modified, thingSchema, resolveTestSchema);
const spec = (members: JsonObject): JsonObject => ({ spec: members });
const meta = (members: JsonObject): JsonObject => ({ metadata: members });
const containers = (...items: JsonObject[]): JsonObject => spec({ containers: items });

const cases: [name: string, original: JsonObject, patch: JsonObject, result: JsonObject][] = [
  [
    'scalars replace, null deletes',
    spec({ replicas: 1, paused: true }),
    spec({ replicas: 2, paused: null }),
    spec({ replicas: 2 }),
  ],
  ['null of what is not there is nothing', spec({ replicas: 1 }), spec({ paused: null }), spec({ replicas: 1 })],
  [
    'maps merge',
    meta({ labels: { a: '1', b: '2' } }),
    meta({ labels: { b: null, c: '3' } }),
    meta({ labels: { a: '1', c: '3' } }),
  ],
  ['nulls inside new maps are dropped', {}, meta({ labels: { a: null, b: '1' } }), meta({ labels: { b: '1' } })],
  ['plain lists are replaced', spec({ atomic: ['a', 'b'] }), spec({ atomic: ['c'] }), spec({ atomic: ['c'] })],
  [
    'strategy replace replaces a map',
    spec({ replaced: { a: '1' } }),
    spec({ replaced: { b: '2' } }),
    spec({ replaced: { b: '2' } }),
  ],
  [
    'keyed items merge by key, new ones are appended',
    containers({ name: 'a', image: '1' }, { name: 'b', image: '1' }),
    containers({ name: 'b', image: '2' }, { name: 'c', image: '3' }),
    containers({ name: 'a', image: '1' }, { name: 'b', image: '2' }, { name: 'c', image: '3' }),
  ],
  [
    'keys may be numbers, at any depth',
    containers({ name: 'a', ports: [{ number: 1, name: 'x' }, { number: 2 }] }),
    containers({ name: 'a', ports: [{ number: 2, name: 'y' }] }),
    containers({
      name: 'a',
      ports: [
        { number: 1, name: 'x' },
        { number: 2, name: 'y' },
      ],
    }),
  ],
  [
    '$patch: delete removes an item',
    containers({ name: 'a' }, { name: 'b' }),
    containers({ $patch: 'delete', name: 'a' }),
    containers({ name: 'b' }),
  ],
  [
    '$patch: delete of what is not there is nothing',
    containers({ name: 'a' }),
    containers({ $patch: 'delete', name: 'z' }),
    containers({ name: 'a' }),
  ],
  [
    '$patch: replace replaces a list',
    containers({ name: 'a' }, { name: 'b' }),
    containers({ name: 'c' }, { $patch: 'replace' }),
    containers({ name: 'c' }),
  ],
  [
    '$patch: replace replaces a map',
    spec({ replicas: 1, paused: true }),
    spec({ $patch: 'replace', replicas: 3 }),
    spec({ replicas: 3 }),
  ],
  ['$patch: delete empties a map', spec({ replicas: 1 }), spec({ $patch: 'delete' }), spec({})],
  [
    'directives in new values do not stay',
    {},
    containers({ name: 'a' }, { name: 'b', $patch: 'delete' }),
    containers({ name: 'a' }),
  ],
  [
    'scalars of merging lists are added once',
    meta({ finalizers: ['a', 'b'] }),
    meta({ finalizers: ['b', 'c'] }),
    meta({ finalizers: ['a', 'b', 'c'] }),
  ],
  [
    '$deleteFromPrimitiveList takes scalars out',
    meta({ finalizers: ['a', 'b', 'c'] }),
    meta({ '$deleteFromPrimitiveList/finalizers': ['a', 'c'] }),
    meta({ finalizers: ['b'] }),
  ],
  [
    '$deleteFromPrimitiveList of what is not there is nothing',
    meta({ name: 'x' }),
    meta({ '$deleteFromPrimitiveList/finalizers': ['a'] }),
    meta({ name: 'x' }),
  ],
  [
    '$setElementOrder reorders; another item goes before what it was before',
    containers({ name: 'a' }, { name: 'x' }, { name: 'b' }),
    spec({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }),
    containers({ name: 'x' }, { name: 'b' }, { name: 'a' }),
  ],
  [
    '$setElementOrder with additions and deletions',
    containers({ name: 'a' }, { name: 'b' }, { name: 'c' }),
    spec({
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'd' }, { name: 'a' }],
      containers: [
        { name: 'd', image: '1' },
        { name: 'b', $patch: 'delete' },
      ],
    }),
    containers({ name: 'c' }, { name: 'd', image: '1' }, { name: 'a' }),
  ],
  [
    '$setElementOrder of scalars',
    meta({ finalizers: ['a', 'b', 'c'] }),
    meta({
      '$setElementOrder/finalizers': ['c', 'd', 'a'],
      finalizers: ['d'],
      '$deleteFromPrimitiveList/finalizers': ['b'],
    }),
    meta({ finalizers: ['c', 'd', 'a'] }),
  ],
  [
    '$retainKeys drops the other members',
    spec({ strategy: { type: 'Rolling', rolling: { max: 1 } } }),
    spec({ strategy: { $retainKeys: ['type'], type: 'Recreate' } }),
    spec({ strategy: { type: 'Recreate' } }),
  ],
  ['a value of another type replaces', spec({ anything: { a: 1 } }), spec({ anything: 'x' }), spec({ anything: 'x' })],
];

for (const [name, original, patch, result] of cases) {
  test(name, () => {
    const [before, given] = [deepCopy(original), deepCopy(patch)];
    assert.deepEqual(apply(original, patch), result);
    assert.deepEqual(original, before, 'the original is changed');
    assert.deepEqual(patch, given, 'the patch is changed');
  });
}

const refusals: [patch: unknown, code: number, message: RegExp][] = [
  ['x', 400, /^invalid JSON document$/],
  [containers({ image: 'x' }), 400, /^map: map\[image:x\] does not contain declared merge key: name$/],
  [containers({ $patch: 'delete' }), 400, /^map: map\[\$patch:delete\] does not contain declared merge key: name$/],
  [
    containers({ name: 'a', $patch: 'explode' }),
    400,
    /^unknown patch type: explode in map: map\[\$patch:explode name:a\]$/,
  ],
  [spec({ $patch: 'explode' }), 400, /^unknown patch type: explode in map/],
  [containers({ name: 'a', $patch: 'merge' }), 400, /^merging lists cannot yet be specified in the patch$/],
  [spec({ containers: ['a'] }), 400, /^list element types are not identical/],
  [spec({ containers: [['a']] }), 400, /^list element types are not identical/],
  [spec({ strategy: { $retainKeys: 'type' } }), 400, /^invalid patch format of retainKeys$/],
  [spec({ strategy: { $retainKeys: ['type'], rolling: { max: 1 } } }), 400, /^invalid patch format of retainKeys$/],
  [spec({ '$setElementOrder/containers': 'a' }), 400, /^expected a \[\]interface \{\}, but received a string$/],
  [spec({ $setElementOrder: [] }), 400, /^invalid patch format of setElementOrder list$/],
  [spec({ $deleteFromPrimitiveList: [] }), 400, /^invalid patch format of primitive list$/],
  [
    spec({ '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a', image: 'x' }] }),
    400,
    /^The order in patch list:\n\[map\[image:x name:a\]\]\n doesn't match \$setElementOrder list:\n\[map\[name:b\]\]\n$/,
  ],
];

for (const [patch, code, message] of refusals) {
  test(`refused: ${JSON.stringify(patch)}`, () => {
    const original = { spec: { strategy: { type: 'x' }, containers: [{ name: 'a' }] } };
    assert.throws(
      () => apply(original, patch),
      (error: unknown) => {
        assert.ok(error instanceof StatusError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('the patch between two objects is small', () => {
  const original = containers({ name: 'a', image: '1' }, { name: 'b', image: '1' });
  const modified = containers({ name: 'b', image: '2' }, { name: 'c' });
  assert.deepEqual(diff(original, modified), {
    spec: {
      containers: [{ image: '2', name: 'b' }, { name: 'c' }, { $patch: 'delete', name: 'a' }],
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'c' }],
    },
  });
  assert.deepEqual(diff(original, deepCopy(original)), {});
  const strategy = diff(spec({ strategy: { type: 'a', rolling: { max: 1 } } }), spec({ strategy: { type: 'b' } }));
  assert.deepEqual(strategy, { spec: { strategy: { type: 'b', rolling: null, $retainKeys: ['type'] } } });
});

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const small = fc.record({ replicas: fc.nat(3), atomic: fc.array(name, { maxLength: 3 }) }, { requiredKeys: [] });
const port = fc.record({ number: fc.integer({ min: 1, max: 4 }), name }, { requiredKeys: ['number'] });
const container = fc.record(
  { name, image: name, ports: fc.uniqueArray(port, { selector: (each) => each.number, minLength: 1, maxLength: 3 }) },
  { requiredKeys: ['name'] },
);
const thing = fc.record({
  metadata: fc.record({
    labels: fc.dictionary(name, name),
    finalizers: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
  }),
  spec: fc
    .tuple(small, fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1, maxLength: 4 }))
    .map(([rest, list]) => ({ ...rest, containers: list })),
});

test('property: the strategic patch between two objects leads from one to the other, order included', () => {
  fc.assert(
    fc.property(thing, thing, (original, modified) => {
      const [from, to] = [original as unknown as JsonObject, modified as unknown as JsonObject];
      const patch = diff(from, to);
      const result = apply(from, patch);
      assert.ok(deepEqual(result, to), JSON.stringify({ from, to, patch, result }));
    }),
    { numRuns: 500 },
  );
});

test('long lists merge in reasonable time', () => {
  const items = Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}` }));
  // Processor time: others may be at work on the machine.
  const started = process.cpuUsage();
  apply(containers(...items), containers(...items.map((item) => ({ ...item, image: 'x' }))));
  assert.ok(process.cpuUsage(started).user < 3000_000);
});
