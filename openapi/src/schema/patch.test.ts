import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { StatusError } from '../meta/status-error.ts';
import { createMergePatch, deepCopy, deepEqual, jsonPatch, mergePatch } from './index.ts';

const applied: [document: JsonValue, operations: JsonValue, result: JsonValue][] = [
  [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  [{ a: 1 }, [{ op: 'add', path: '/a', value: null }], { a: null }],
  [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
  [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
  [{ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
  [{ 'a/b': { 'c~d': 1 } }, [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }], { 'a/b': { 'c~d': 2 } }],
  [{ a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  [
    { a: { x: 1 } },
    [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/y', value: 2 },
    ],
    { a: { x: 1 }, b: { x: 1, y: 2 } },
  ],
  [{ a: { x: [1] } }, [{ op: 'test', path: '/a', value: { x: [1] } }], { a: { x: [1] } }],
  [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
  [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
  [{ a: 1 }, [{ op: 'replace', path: '/x', value: 1 }], { a: 1, x: 1 }],
  [{ a: 1 }, [{ op: 'copy', from: '/x', path: '/y' }], { a: 1, y: null }],
];

for (const [document, operations, result] of applied) {
  test(`JSON patch ${JSON.stringify(operations)}`, () => {
    const before = deepCopy(document);
    assert.deepEqual(jsonPatch(document, operations), result);
    assert.deepEqual(document, before);
  });
}

const refused: [operations: unknown, code: number, cause: RegExp][] = [
  [{}, 400, /^json: cannot unmarshal object into Go value of type jsonpatch.Patch$/],
  [[1], 400, /^json: cannot unmarshal number into Go value of type jsonpatch.Operation$/],
  [[{ op: 'jump', path: '/a' }], 422, /^Unexpected kind: jump$/],
  [[{ op: 'add' }], 422, /missing value$/],
  [
    [{ op: 'add', path: '/x/y', value: 1 }],
    422,
    /^add operation does not apply: doc is missing path: "\/x\/y": missing value$/,
  ],
  [[{ op: 'add', path: '/list/9', value: 1 }], 422, /invalid index referenced$/],
  [[{ op: 'add', path: '/list/x', value: 1 }], 422, /invalid syntax$/],
  [[{ op: 'remove', path: '/x' }], 422, /Unable to remove nonexistent key: x: missing value$/],
  [[{ op: 'test', path: '/a', value: 2 }], 422, /^testing value \/a failed: test failed$/],
  [[{ op: 'move', from: '/list', path: '/list/0' }], 422, /into itself/],
  [
    Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })),
    413,
    /The allowed maximum operations in a JSON patch is 10000, got 10001$/,
  ],
];

for (const [operations, code, cause] of refused) {
  test(`JSON patch refused with ${code}: ${JSON.stringify(operations).slice(0, 60)}`, () => {
    assert.throws(
      () => jsonPatch({ a: 1, list: [1] }, operations),
      (error: unknown) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.code, code);
        assert.match(error.cause instanceof Error ? error.cause.message : error.message, cause);
        return true;
      },
    );
  });
}

test('copying cannot grow a document without end', () => {
  const operations: JsonValue[] = [];
  for (let index = 0; index < 40; index++) operations.push({ op: 'copy', from: '/a', path: `/a/x${index}` });
  assert.throws(() => jsonPatch({ a: { b: 'x'.repeat(1000) } }, operations), { code: 422 });
});

const merged: [document: JsonValue, patch: JsonObject, result: JsonValue][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{}, { a: [{ b: null, c: [{ d: null }, null] }] }, { a: [{ c: [{}, null] }] }],
  [{ a: [1] }, { a: [{ b: null, c: 1 }] }, { a: [{ c: 1 }] }],
  [{ a: {} }, { a: [{ b: null }] }, { a: [{ b: null }] }],
];

for (const [document, patch, result] of merged) {
  test(`merge patch ${JSON.stringify(patch)}`, () => {
    assert.deepEqual(mergePatch(document, patch), result);
  });
}

test('a merge patch that is no object is refused', () => {
  assert.throws(() => mergePatch({}, []), {
    code: 400,
    message: /cannot unmarshal array into Go value of type map\[string\]interface/,
  });
});

test('no patch reaches the prototype', () => {
  const patch = JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject;
  const result = mergePatch({}, patch) as JsonObject;
  assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":1}}');
  jsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]);
  assert.throws(() => jsonPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]), { code: 422 });
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

const key = fc.constantFrom('a', 'b', 'c');
const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.dictionary(key, tie('tree')),
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}));
const object = fc.dictionary(key, tree);

test('property: the merge patch between two objects leads from one to the other', () => {
  fc.assert(
    fc.property(object, object, (original, modified) => {
      const result = mergePatch(original, createMergePatch(original, modified));
      assert.ok(deepEqual(result, modified, { strict: true }), JSON.stringify({ result, modified }));
    }),
  );
});
