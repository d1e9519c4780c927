import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, anyTime, humanDuration, since, withAges } from './age.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const CASES: readonly [milliseconds: number, text: string][] = [
  [-3 * SECOND, '<invalid>'],
  [-2 * SECOND, '<invalid>'],
  [-1 * SECOND, '0s'],
  [0, '0s'],
  [119 * SECOND, '119s'],
  [2 * MINUTE, '2m'],
  [2 * MINUTE + SECOND, '2m1s'],
  [9 * MINUTE + 59 * SECOND, '9m59s'],
  [10 * MINUTE + 59 * SECOND, '10m'],
  [3 * HOUR - SECOND, '179m'],
  [3 * HOUR, '3h'],
  [3 * HOUR + 5 * MINUTE, '3h5m'],
  [8 * HOUR + 5 * MINUTE, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY, '2d'],
  [2 * DAY + HOUR, '2d1h'],
  [8 * DAY + HOUR, '8d'],
  [2 * YEAR - DAY, '729d'],
  [2 * YEAR, '2y'],
  [2 * YEAR + DAY, '2y1d'],
  [8 * YEAR + DAY, '8y'],
];

for (const [milliseconds, text] of CASES) {
  test(`humanDuration ${milliseconds} ms is ${text}`, () => assert.equal(humanDuration(milliseconds), text));
}

test('a timestamp that is not there has no age', () => {
  assert.equal(since(undefined, new Date()), '<unknown>');
  assert.equal(since('', new Date()), '<unknown>');
});

test('what was made for any time reads as if made now, at every time', () => {
  const created = '2026-01-01T00:00:00Z';
  const cells = (now: Date): string =>
    JSON.stringify([
      `2 (${since('2025-12-31T23:00:00Z', now)} ago)`,
      age({ metadata: { creationTimestamp: created } }, now),
    ]);
  const open = cells(anyTime);
  for (const now of ['2026-01-01T00:00:00Z', '2026-01-01T00:03:20Z', '2026-02-01T00:00:00Z', '2025-12-31T00:00:00Z'])
    assert.equal(withAges(open, new Date(now)), cells(new Date(now)));
  const unreadable = (now: Date): string => since('yesterday', now);
  assert.equal(withAges(unreadable(anyTime), new Date(created)), unreadable(new Date(created)));
});
