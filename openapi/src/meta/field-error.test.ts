import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aggregateFieldErrors,
  duplicate,
  type FieldError,
  fieldErrorMessage,
  forbiddenField,
  internalFieldError,
  invalidValue,
  notFoundField,
  notSupported,
  path,
  required,
  tooLong,
  tooMany,
  tooShort,
  typeInvalid,
} from './index.ts';

const at = path('spec').child('containers').index(0).key('a');

test('paths read as upstream writes them', () => {
  assert.equal(at.toString(), 'spec.containers[0][a]');
  assert.equal(path('metadata', 'labels').child('a', 'b').toString(), 'metadata.labels.a.b');
});

const cases: [FieldError, string][] = [
  [required(at, ''), 'spec.containers[0][a]: Required value'],
  [required('x', 'must be set'), 'x: Required value: must be set'],
  [invalidValue('x', 'a"\n', 'no'), 'x: Invalid value: "a\\"\\n": no'],
  [invalidValue('x', -1, 'must be positive'), 'x: Invalid value: -1: must be positive'],
  [invalidValue('x', true, 'no'), 'x: Invalid value: true: no'],
  [invalidValue('x', null, 'no'), 'x: Invalid value: null: no'],
  [invalidValue('x', { a: '<b>', c: [1] }, 'no'), 'x: Invalid value: {"a":"\\u003cb\\u003e","c":[1]}: no'],
  [notSupported('x', 'c', ['a', 'b']), 'x: Unsupported value: "c": supported values: "a", "b"'],
  [notSupported('x', 'c', []), 'x: Unsupported value: "c"'],
  [duplicate('x', 'a'), 'x: Duplicate value: "a"'],
  [forbiddenField('x', 'not now'), 'x: Forbidden: not now'],
  [tooLong('x', 'aaaa', 3), 'x: Too long: may not be more than 3 bytes'],
  [tooLong('x', 'aa', 1), 'x: Too long: may not be more than 1 byte'],
  [tooMany('x', 5, 3), 'x: Too many: 5: must have at most 3 items'],
  [tooMany('x', -1, 3), 'x: Too many: must have at most 3 items'],
  [tooShort('x', '', 1), 'x: Too short: must be at least 1 character'],
  [typeInvalid('x', 'a', 'no'), 'x: Invalid value: "a": no'],
  [notFoundField('x', 'a'), 'x: Not found: "a"'],
  [internalFieldError('x', new Error('boom')), 'x: Internal error: boom'],
];

for (const [error, message] of cases) {
  test(message, () => {
    assert.equal(fieldErrorMessage(error), message);
  });
}

test('an aggregate lists each message once, in order', () => {
  const [a, b] = [required('a', ''), required('b', '')];
  assert.equal(aggregateFieldErrors([]), undefined);
  assert.equal(aggregateFieldErrors([a, a]), 'a: Required value');
  assert.equal(aggregateFieldErrors([b, a, b]), '[b: Required value, a: Required value]');
});
