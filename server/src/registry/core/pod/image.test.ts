import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLatest } from './image.ts';

const sha256 = `sha256:${'a'.repeat(64)}`;

const latest = [
  'a',
  'a/b',
  'a:latest',
  'localhost/a',
  'localhost:5000/a',
  'example.com/a',
  'Example/a',
  '[::1]:5000/a',
  `a:latest@${sha256}`,
  `example.com/${'a'.repeat(255)}`,
  'a'.repeat(247),
  'a'.repeat(63),
  'a__b.c/d',
  'index.docker.io/a',
  'a--b/c_d:latest',
];
const others = [
  '',
  ' a',
  'a ',
  'A',
  'a:',
  'a:b',
  'a@b',
  `a@${sha256}`,
  'a:latest@md5:0123456789abcdef0123456789abcdef',
  `a:latest@sha256:${'A'.repeat(64)}`,
  'a'.repeat(64),
  'a'.repeat(248),
  `example.com/${'a'.repeat(256)}`,
  'example.com/A',
  'localhost/A',
  '/a',
  'a//b',
  'a/',
  'example.com:x/a',
  `a:${'b'.repeat(129)}`,
  'a___b',
  'https://example.com/a',
  'constructor@constructor:0123456789abcdef0123456789abcdef',
  'a:latest\n',
];

for (const reference of latest) test(`latest: ${reference}`, () => assert.equal(isLatest(reference), true));
for (const reference of others) test(`not latest: ${reference}`, () => assert.equal(isLatest(reference), false));
