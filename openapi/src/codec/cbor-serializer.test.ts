import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isRawNumber } from '../schema/json-value.ts';
import { cborSerializer } from './cbor-serializer.ts';
import { jsonSerializer } from './json-serializer.ts';
import { CodecError } from './serializer.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const inTag = (text: string): Buffer => hex(`d9d9f7${text}`);

test('an object has the bytes that Kubernetes gives it', () => {
  assert.deepEqual(
    cborSerializer.encode({ kind: 'A', apiVersion: 'v1', n: -1, f: 1.5, t: true, z: null, l: ['ä'], u: undefined }),
    // Keys in the order of their encoded bytes, strings as byte strings, floats as short as they go.
    inTag('a7 4166 f93e00 416c 8142c3a4 416e 20 4174 f5 417a f6 446b696e64 4141 4a61706956657273696f6e 427631'),
  );
});

test('whatever is JSON comes back', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(object, (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
      assert.equal(
        JSON.stringify(sorted(cborSerializer.decode(cborSerializer.encode(json)).object)),
        JSON.stringify(sorted(json)),
      );
    }),
    { numRuns: 200 },
  );
});

test('integers of 64 bits come back digit for digit', () => {
  const text = '{"a":-9223372036854775808,"b":9223372036854775807,"c":9007199254740993,"d":1e+30}';
  const { object } = jsonSerializer.decode(Buffer.from(text));
  assert.equal(JSON.stringify(cborSerializer.decode(cborSerializer.encode(object)).object), text);
  const beyond = jsonSerializer.decode(Buffer.from(`{"d":1${'0'.repeat(30)}}`)).object;
  assert.deepEqual(cborSerializer.decode(cborSerializer.encode(beyond)).object, { d: 1e30 });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)]);
}

test('what other encoders write is read: text strings, tags, bytes that are to be base64, lengths left open', () => {
  const { object } = cborSerializer.decode(
    inTag(
      'bf 616b 6161 6174 c0 74 323032302d30312d30315430303a30303a30305a 6165 c1 1a5e0be100 6162 d6 43010203 6178 d8ff 9f 01 ff ff',
    ),
  );
  assert.deepEqual(object, {
    k: 'a',
    t: '2020-01-01T00:00:00Z',
    e: '2020-01-01T00:00:00Z',
    b: 'AQID',
    x: [1],
  });
});

test('what has no JSON form, or two, is refused', () => {
  const bad: Record<string, string> = {
    'the same key twice, as text': 'a2 6161 01 6161 02',
    'the same key twice, as bytes': 'a2 4161 01 4161 02',
    'the same key as text and bytes': 'a2 6161 01 4161 02',
    'a number as key': 'a1 01 01',
    'not a number': 'a1 4161 f97e00',
    'no end': 'a1 4161 f97c00',
    undefined: 'a1 4161 f7',
    'a big number': 'a1 4161 c2 4101',
    'more than int64': 'a1 4161 1bffffffffffffffff',
    'no UTF-8': 'a1 4161 61ff',
    'no UTF-8 in a byte string': 'a1 4161 41ff',
    'more after it': 'a0 a0',
    'cut short': 'a1 4161',
    'no object': '83 01 02 03',
    nothing: '',
  };
  for (const [what, text] of Object.entries(bad))
    assert.throws(() => cborSerializer.decode(text === '' ? Buffer.alloc(0) : inTag(text)), CodecError, what);
});

test('lists and watch events are put together from encoded objects', () => {
  const items = ['a', 'b'].map((name) => cborSerializer.encode({ metadata: { name } }));
  const list = Buffer.concat(cborSerializer.encodeList('v1', 'ThingList', { resourceVersion: '7' }, items));
  const expected = {
    kind: 'ThingList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '7' },
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
  };
  assert.deepEqual(list, cborSerializer.encode(expected));
  const many = Array.from({ length: 300 }, () => cborSerializer.encode({}));
  const long = cborSerializer.decode(Buffer.concat(cborSerializer.encodeList('v1', 'L', {}, many))).object;
  assert.equal((long['items'] as unknown[]).length, 300);
  const event = cborSerializer.decode(cborSerializer.streamFrame('ADDED', items[0]!)).object;
  assert.deepEqual(event, { type: 'ADDED', object: { metadata: { name: 'a' } } });
});
