import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutEmpty } from './without-empty.ts';

test('empty lists become none, others stay', () => {
  const object: { rules?: string[]; other?: string[] } = { rules: [], other: ['a'] };
  withoutEmpty(object, 'rules', null);
  withoutEmpty(object, 'other', null);
  assert.deepEqual(object, { rules: null, other: ['a'] });
  Object.assign(object, { rules: [] });
  withoutEmpty(object, 'rules', undefined);
  assert.deepEqual(object, { other: ['a'] });
});
