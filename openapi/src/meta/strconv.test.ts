import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBool, parseInt64, parseInt64Problem } from './strconv.ts';

test('booleans have six spellings each', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(parseBool(text), true, text);
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) assert.equal(parseBool(text), false, text);
  for (const text of ['', 'tRUE', 'yes', ' true', '2']) assert.equal(parseBool(text), undefined, text);
});

test('integers have a sign or none, and 64 bits', () => {
  for (const text of ['0', '+7', '-7', '007', '9223372036854775807', '-9223372036854775808'])
    assert.equal(parseInt64(text), BigInt(text.replace('+', '')), text);
  for (const text of ['', '+', '1.0', '1e3', ' 1', '0x1', '--1']) {
    assert.equal(parseInt64(text), undefined, text);
    assert.equal(parseInt64Problem(text), `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  for (const text of ['9223372036854775808', '-9223372036854775809']) {
    assert.equal(parseInt64(text), undefined, text);
    assert.equal(parseInt64Problem(text), `strconv.ParseInt: parsing "${text}": value out of range`);
  }
});
