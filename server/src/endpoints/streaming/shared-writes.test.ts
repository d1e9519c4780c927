import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedWrites } from './shared-writes.ts';

const [a, b, c] = ['one\n', 'two\n', 'three\n'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

void test('frames that follow each other are one HTTP chunk, made once', () => {
  const writes = new SharedWrites(true);
  const first = writes.of([a, b]);
  assert.equal(first.toString(), '8\r\none\ntwo\n\r\n');
  assert.equal(writes.of([a]).toString(), '4\r\none\n\r\n');
  assert.equal(writes.of([a, c]).toString(), 'a\r\none\nthree\n\r\n');
  assert.equal(writes.of([a, b]), first);
});

void test('without chunks they are only joined', () => {
  const writes = new SharedWrites(false);
  assert.equal(writes.of([a]), a);
  assert.equal(writes.of([a, b, c]).toString(), 'one\ntwo\nthree\n');
});

void test('big writes are not held on to', () => {
  const writes = new SharedWrites(true);
  const [big, other] = [Buffer.alloc(800_000), Buffer.alloc(800_000)];
  const first = writes.of([big]);
  assert.equal(writes.of([big]), first);
  writes.of([other]);
  assert.notEqual(writes.of([big]), first);
});
