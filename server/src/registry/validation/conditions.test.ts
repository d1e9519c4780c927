import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '@typernetes/openapi/types/meta/v1';
import { path, validateConditions } from './index.ts';

const good: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Because',
  message: '',
  lastTransitionTime: '2026-01-02T03:04:05Z',
};

const told = (...conditions: Partial<Condition>[]): string[] =>
  validateConditions(
    conditions.map((condition) => ({ ...good, ...condition })),
    path('conditions'),
  ).map(({ field, type }) => `${field} ${type}`);

test('a good condition, and what may be wrong with one', () => {
  assert.deepEqual(told({}), []);
  const rows: [Partial<Condition>, string][] = [
    [{ type: 'not a name' }, 'conditions[0].type FieldValueInvalid'],
    [{ status: 'Nonsense' }, 'conditions[0].status FieldValueNotSupported'],
    [{ observedGeneration: -1 }, 'conditions[0].observedGeneration FieldValueInvalid'],
    [{ lastTransitionTime: '' }, 'conditions[0].lastTransitionTime FieldValueRequired'],
    [{ reason: '' }, 'conditions[0].reason FieldValueRequired'],
    [{ reason: 'with spaces' }, 'conditions[0].reason FieldValueInvalid'],
    [{ reason: 'a'.repeat(1025) }, 'conditions[0].reason FieldValueTooLong'],
    [{ message: 'a'.repeat(32 * 1024 + 1) }, 'conditions[0].message FieldValueTooLong'],
  ];
  for (const [condition, expected] of rows) assert.deepEqual(told(condition), [expected]);
});

test('no type comes twice', () => {
  assert.deepEqual(told({}, { type: 'Other' }, {}), ['conditions[2].type FieldValueDuplicate']);
});
