import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPageSize, nextPageSize } from './paging.ts';

const values = (count: number, bytes: number) => Array.from({ length: count }, () => ({ value: Buffer.alloc(bytes) }));

test('pages of a list grow, but not beyond some megabytes', () => {
  assert.equal(firstPageSize(0), 500);
  assert.equal(firstPageSize(10), 11);
  assert.equal(firstPageSize(10_000), 500);
  assert.equal(nextPageSize(500, values(500, 2000)), 1000);
  assert.equal(nextPageSize(4000, values(4000, 10)), 5000);
  assert.equal(nextPageSize(500, values(20, 1024 * 1024)), 16);
  assert.equal(nextPageSize(1, values(1, 32 * 1024 * 1024)), 1);
  assert.equal(nextPageSize(500, values(3, 0)), 1000);
});
