import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValidSelector, printedSelector, selectorMatches } from './labels.ts';

test('a selector that is wrong neither matches nor fails to', () => {
  assert.equal(selectorMatches({ matchLabels: { a: 'b' } }, { a: 'b' }), true);
  assert.equal(selectorMatches({ matchLabels: { a: 'b' } }, { a: 'c' }), false);
  assert.equal(selectorMatches({ matchLabels: { 'Bad Key!': 'b' } }, { a: 'c' }), undefined);
  assert.equal(isValidSelector({ matchExpressions: [{ key: 'a', operator: 'x' }] }), false);
});

test('messages print selectors as Go does', () => {
  const selector = { matchExpressions: [{ operator: 'In', values: ['x'], key: 'k' }], matchLabels: { b: '1', a: '2' } };
  assert.equal(
    JSON.stringify(printedSelector(selector)),
    '{"matchLabels":{"a":"2","b":"1"},"matchExpressions":[{"key":"k","operator":"In","values":["x"]}]}',
  );
  assert.equal(
    JSON.stringify(printedSelector({ matchExpressions: [{ key: '', operator: '', values: [] }] })),
    '{"matchExpressions":[{"key":"","operator":""}]}',
  );
});
