import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';

const durations: [string, bigint][] = [
  ['0s', 0n],
  ['1ns', 1n],
  ['1.1µs', 1_100n],
  ['2.2ms', 2_200_000n],
  ['-3.3s', -3_300_000_000n],
  ['4m5s', 245_000_000_000n],
  ['4m5.001s', 245_001_000_000n],
  ['5h6m7.001s', 18_367_001_000_000n],
  ['2562047h47m16.854775807s', 9_223_372_036_854_775_807n],
  ['-2562047h47m16.854775808s', -9_223_372_036_854_775_808n],
];
for (const [text, nanoseconds] of durations) {
  test(text, () => {
    assert.equal(formatGoDuration(nanoseconds), text);
    assert.equal(parseGoDuration(text), nanoseconds);
  });
}

test('other texts of durations', () => {
  assert.equal(parseGoDuration('0'), 0n);
  assert.equal(parseGoDuration('+.5s'), 500_000_000n);
  assert.equal(parseGoDuration('1.s'), 1_000_000_000n);
  assert.equal(parseGoDuration('1us'), 1_000n);
  for (const text of ['', '1', '-', 's', '.s', '1x', '1s ', '1 s', '2562047h47m16.854775808s']) {
    assert.equal(parseGoDuration(text), undefined, text);
  }
});

test('a long text that is none is refused at once', () => {
  const started = process.cpuUsage();
  assert.equal(parseGoDuration('1'.repeat(200_000)), undefined);
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});
