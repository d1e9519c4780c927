import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

const table: readonly [string, number | undefined][] = [
  ['0', 0],
  ['1h2m3.5s', 3_723_500],
  ['250ms', 250],
  ['.5s', 500],
  ['2.s', 2000],
  ['1us', 1e-3],
  ['-1m', -60_000],
  ['5', undefined],
  ['', undefined],
  ['1d', undefined],
  ['1s ', undefined],
];

for (const [text, milliseconds] of table) {
  test(`${JSON.stringify(text)} is ${milliseconds ?? 'no duration'}`, () =>
    assert.equal(parseDuration(text), milliseconds));
}
