import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { declaredPromises } from '../src/promise.ts';
import './index.ts';

test('every file of promises is imported, and declares some', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => !/^index\.|\.test\.ts$/.test(file));
  const index = readFileSync(path.join(import.meta.dirname, 'index.ts'), 'utf8');
  for (const file of files) assert.ok(index.includes(`'./${file}'`), `${file} is not imported`);
  assert.ok(declaredPromises().length > files.length);
});
