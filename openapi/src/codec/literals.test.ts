/** Numbers and strings that Go reads otherwise than JavaScript. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isRawNumber } from '../schema/json-value.ts';
import { parseJson, yamlSerializer } from './index.ts';
import { decodeUtf8 } from './utf8.ts';

const parsed = (text: string) => parseJson(text, { asWritten: true });

test('numbers that are not written as integers are kept as they are written, when asked for', () => {
  const text = '{"a":1.0,"b":[1e3,-0.0 ,2],"c":1E+2\n,"d":"1.0,","e":1.5e-3,"f":1e400}';
  const { value, asWritten } = parsed(text);
  assert.equal(asWritten, true);
  assert.equal(JSON.stringify(value), '{"a":1.0,"b":[1e3,-0.0,2],"c":1E+2,"d":"1.0,","e":1.5e-3,"f":1e400}');
  assert.deepEqual(parseJson('{"a":1.0,"b":[1e3]}'), { value: { a: 1, b: [1000] }, duplicateFields: [] });
});

test('property: no float escapes, and nothing else is kept', () => {
  const literal = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.integer().map((value) => `${value}.0`),
    fc.tuple(fc.integer(), fc.nat(400)).map(([value, exponent]) => `${value}e${exponent}`),
    fc.integer().map(String),
  );
  const space = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(fc.array(fc.tuple(literal, space)), (literals) => {
      const { value } = parsed(`[${literals.map(([text, after]) => text + after).join(',')}]`);
      for (const [index, item] of (value as unknown[]).entries()) {
        const text = literals[index]![0];
        const isInteger = /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text));
        assert.deepEqual(isRawNumber(item) ? item.rawJSON : item, isInteger ? Number(text) : text);
      }
    }),
  );
});

test('halves of pairs become U+FFFD one by one, in names too; pairs and what looks like escapes stay', () => {
  for (const [text, value] of [
    [String.raw`"\ud800"`, '\ufffd'],
    [String.raw`"\udc00\ud800x"`, '\ufffd\ufffdx'],
    [String.raw`"\ud83d\ud83d\ude00"`, '\ufffd\u{1f600}'],
    [String.raw`"\\ud800\uD800\\udc00\n"`, '\\ud800\ufffd\\udc00\n'],
    [String.raw`"\uDBFF\uDFFF\u0041"`, '\u{10ffff}A'],
  ] as const)
    assert.equal(parsed(text).value, value, text);
  const { value, duplicateFields } = parseJson(String.raw`{"\ud800":1,"\ud801":2}`, { strict: true });
  assert.deepEqual(value, { '\ufffd': 2 });
  assert.deepEqual(duplicateFields, ['\ufffd']);
});

test('each byte that is no character becomes U+FFFD', () => {
  for (const [bytes, text] of [
    [[0x61, 0xff, 0x62], 'a\ufffdb'],
    [[0xe2, 0x82], '\ufffd\ufffd'],
    [[0xe2, 0x82, 0xac, 0xe2, 0x82, 0x22], '€\ufffd\ufffd"'],
    [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    [[0xc0, 0x80], '\ufffd\ufffd'],
    [[0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
    [[0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f, 0x98], '\u{1f600}\ufffd\ufffd\ufffd'],
    [[0xef, 0xbf, 0xbd], '\ufffd'],
  ] as const)
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), text);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodeUtf8(Buffer.from(`\ufffd${text}`)), `\ufffd${text}`);
    }),
  );
});

test('YAML refuses what is no character, escaped or not, and control characters', () => {
  const read = (bytes: Uint8Array | string) => yamlSerializer.decode(Buffer.from(bytes)).object;
  for (const [bytes, problem] of [
    [[0xff], 'invalid leading UTF-8 octet'],
    [[0xe2, 0x82, 0x22], 'invalid trailing UTF-8 octet'],
    [[0xed, 0xa0, 0x80], 'invalid Unicode character'],
    [[0xc0, 0x80], 'invalid length of a UTF-8 sequence'],
    [[0x07], 'control characters are not allowed'],
    [[0xc2, 0x81], 'control characters are not allowed'],
  ] as const)
    for (const quote of ['a: "x', '{"a":"x'])
      assert.throws(() => read(Buffer.concat([Buffer.from(quote), Buffer.from(bytes), Buffer.from('"}')])), {
        name: 'CodecError',
        message: `yaml: ${problem}`,
      });
  assert.throws(() => read(Uint8Array.of(0x61, 0x3a, 0x20, 0xe2, 0x82)), {
    message: /incomplete UTF-8 octet sequence/,
  });
  const escape = 'found invalid Unicode character escape code';
  assert.throws(() => read(String.raw`{"a":"\ud83d\ude00"}`), { message: `yaml: ${escape}` });
  assert.throws(() => read('b: 1\na: "x\n\n  \\udc00"'), { message: `yaml: line 4: ${escape}` });
  assert.deepEqual(read('a: "\\\\ud800 \ufffd"\nb: \'\\ud800\'\nc: \\ud800'), {
    a: '\\ud800 \ufffd',
    b: '\\ud800',
    c: '\\ud800',
  });
});
