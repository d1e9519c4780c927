import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { JsonObject } from '../../meta/object.ts';
import { excludeFields } from './field-filter.ts';
import { FieldSet } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';
import { describePath, type PathStep, parsePathElement, pathElement, sortPathElements } from './path-element.ts';
import { listed } from './testing/widget.ts';

const step: fc.Arbitrary<PathStep> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c') },
  fc.constantFrom<PathStep>(
    { key: { name: 'x' } },
    { key: { port: 80, protocol: 'TCP' } },
    { value: 1 },
    { value: 'v' },
    0,
  ),
);
const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const sets = paths.map((list) => FieldSet.of(...list));

const members = (set: FieldSet): Set<string> => new Set(listed(set));
const sorted = (values: Iterable<string>): string[] => [...values].sort();

test('union, intersection and difference are those of the sets of members', () => {
  fc.assert(
    fc.property(sets, sets, (left, right) => {
      const [a, b] = [members(left), members(right)];
      assert.deepEqual(sorted(members(left.union(right))), sorted(new Set([...a, ...b])));
      assert.deepEqual(
        sorted(members(left.intersection(right))),
        sorted(a).filter((path) => b.has(path)),
      );
      assert.deepEqual(
        sorted(members(left.difference(right))),
        sorted(a).filter((path) => !b.has(path)),
      );
      assert.ok(left.union(right).equals(right.union(left)));
      assert.equal(left.equals(right), a.size === b.size && [...a].every((path) => b.has(path)));
      assert.equal(left.size, a.size);
      assert.equal(left.isEmpty, a.size === 0);
    }),
  );
});

test('operations that change nothing return the same set', () => {
  fc.assert(
    fc.property(sets, sets, (left, right) => {
      assert.equal(left.union(left.intersection(right)), left.isEmpty ? left.union(left.intersection(right)) : left);
      assert.equal(left.difference(FieldSet.empty), left);
      const rest = left.difference(right);
      assert.equal(rest.difference(right), rest);
    }),
  );
});

test('recursive difference drops members and all below them', () => {
  fc.assert(
    fc.property(paths, paths, (lefts, rights) => {
      const [left, right] = [FieldSet.of(...lefts), FieldSet.of(...rights)];
      const expected = [...left.paths()].filter(
        (path) => !path.some((_, index) => right.has(path.slice(0, index + 1))),
      );
      assert.deepEqual(listed(left.recursiveDifference(right)), expected.map(describePath));
    }),
  );
});

test('leaves are the members without members below', () => {
  fc.assert(
    fc.property(sets, (set) => {
      const all = [...set.paths()];
      const leaves = all.filter(
        (path) =>
          !all.some((other) => other.length > path.length && path.every((part, index) => part === other[index])),
      );
      assert.deepEqual(listed(set.leaves()), leaves.map(describePath));
    }),
  );
});

test('FieldsV1 round trip', () => {
  fc.assert(
    fc.property(sets, (set) => {
      const json = encodeFields(set);
      const text = JSON.stringify(json);
      const again = decodeFields(JSON.parse(text) as JsonObject);
      assert.ok(again.equals(set));
      // What was canonical is kept as it is, what is derived from it comes out the same.
      assert.equal(JSON.stringify(encodeFields(again)), text);
      const rebuilt = FieldSet.fromPaths([...set.paths()].toReversed());
      assert.equal(JSON.stringify(encodeFields(rebuilt)), text);
    }),
  );
});

const serialised: { paths: PathStep[][]; text: string }[] = [
  { paths: [], text: '{}' },
  { paths: [['a'], ['b', 'c']], text: '{"f:a":{},"f:b":{"f:c":{}}}' },
  { paths: [['a'], ['a', 'b']], text: '{"f:a":{".":{},"f:b":{}}}' },
  { paths: [['l', { key: { b: 1, a: 'x' } }]], text: String.raw`{"f:l":{"k:{\"a\":\"x\",\"b\":1}":{}}}` },
  {
    paths: [
      ['s', { value: 'x' }],
      ['s', { value: 2 }],
      ['s', { value: true }],
    ],
    text: String.raw`{"f:s":{"v:2":{},"v:\"x\"":{},"v:true":{}}}`,
  },
  {
    paths: [
      ['s', 10],
      ['s', 9],
      ['s', 'z'],
    ],
    text: '{"f:s":{"f:z":{},"i:9":{},"i:10":{}}}',
  },
  {
    paths: [
      ['l', { key: { port: 443 } }],
      ['l', { key: { port: 80 } }],
    ],
    text: String.raw`{"f:l":{"k:{\"port\":80}":{},"k:{\"port\":443}":{}}}`,
  },
  {
    paths: [['l', { key: { name: 'a<b>&"c"' } }]],
    text: String.raw`{"f:l":{"k:{\"name\":\"a\\u003cb\\u003e\\u0026\\\"c\\\"\"}":{}}}`,
  },
  { paths: [['\u{ff5e}'], ['\u{1f600}']], text: '{"f:\u{ff5e}":{},"f:\u{1f600}":{}}' },
];

test('FieldsV1 is written as upstream writes it', () => {
  for (const { paths: given, text } of serialised) {
    assert.equal(JSON.stringify(encodeFields(FieldSet.of(...given))), text);
    assert.ok(decodeFields(JSON.parse(text) as JsonObject).equals(FieldSet.of(...given)), text);
  }
});

test('FieldsV1 that is not canonical is read and written canonically', () => {
  const cases: [text: string, canonical: string][] = [
    ['{"f:b":{},"f:a":{}}', '{"f:a":{},"f:b":{}}'],
    ['{"f:a":{"f:b":{},".":{}}}', '{"f:a":{".":{},"f:b":{}}}'],
    ['{".":{},"f:a":{}}', '{"f:a":{}}'],
    ['{"f:a":null}', '{"f:a":{}}'],
    ['{"f:a":{".":{}}}', '{"f:a":{}}'],
    ['{"x:future":{"f:a":{}},"f:a":{"x:b":{}}}', '{"f:a":{}}'],
    [String.raw`{"k:{\"b\":1, \"a\":2}":{}}`, String.raw`{"k:{\"a\":2,\"b\":1}":{}}`],
    [String.raw`{"k:{\"b\":1.0}":{},"k:{\"b\":1}":{"f:c":{}}}`, String.raw`{"k:{\"b\":1}":{".":{},"f:c":{}}}`],
    ['{"i:+7":{}}', '{"i:7":{}}'],
  ];
  for (const [text, canonical] of cases) {
    assert.equal(JSON.stringify(encodeFields(decodeFields(JSON.parse(text) as JsonObject))), canonical, text);
  }
});

test('canonical FieldsV1 is kept', () => {
  const json = JSON.parse('{"f:a":{".":{},"f:b":{}},"f:c":{}}') as JsonObject;
  assert.equal(encodeFields(decodeFields(json)), json);
});

test('FieldsV1 that cannot be read is refused', () => {
  for (const text of [
    '{"a":{}}',
    '{"f":{}}',
    '{"v:{":{}}',
    '{"k:1":{}}',
    '{"i:x":{}}',
    '{"f:a":1}',
    '{"f:a":[]}',
    '{"abc":{}}',
  ]) {
    assert.throws(() => decodeFields(JSON.parse(text) as JsonObject), { name: 'FieldsFormatError' }, text);
  }
  assert.ok(decodeFields(undefined).isEmpty);
});

test('steps are printed as in messages', () => {
  const cases: [PathStep[], string][] = [
    [['spec', 'replicas'], '.spec.replicas'],
    [['spec', 'containers', { key: { name: 'a' } }, 'image'], '.spec.containers[name="a"].image'],
    [['ports', { key: { protocol: 'TCP', containerPort: 80 } }], '.ports[containerPort=80,protocol="TCP"]'],
    [['finalizers', { value: 'x"y' }], '.finalizers[="x\\"y"]'],
    [['a', { key: { n: null, t: true, big: 1_500_000 } }, 3], '.a[big=1.5e+06,n=null,t=true][3]'],
  ];
  for (const [path, text] of cases) assert.equal(describePath(path.map(pathElement)), text);
  assert.equal(parsePathElement('z:1'), undefined);
  assert.deepEqual(sortPathElements(['i:1', 'v:1', 'k:{"a":1}', 'f:z']), ['f:z', 'k:{"a":1}', 'v:1', 'i:1']);
});

test('filters', () => {
  const set = FieldSet.of(
    ['spec'],
    ['spec', 'a'],
    ['spec', 'l', { key: { name: 'x' } }, 'r', 'q'],
    ['spec', 'l', { key: { name: 'x' } }, 'i'],
    ['status', 'p'],
  );
  assert.deepEqual(listed(excludeFields(FieldSet.of(['status'], ['spec', 'a']))(set)), [
    '.spec',
    '.spec.l[name="x"].i',
    '.spec.l[name="x"].r.q',
  ]);
});
