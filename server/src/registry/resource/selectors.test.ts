import assert from 'node:assert/strict';
import { test } from 'node:test';
import { path } from '../validation/index.ts';
import { validateDeviceSelectors } from './selectors.ts';

const told = (expression: string): string[] =>
  validateDeviceSelectors([{ cel: { expression } }], path('selectors')).map(({ detail }) => detail);

test('expressions over a device', () => {
  for (const expression of [
    'device.driver == "example.com"',
    'device.attributes["example.com"].model == "a"',
    'device.attributes["example.com"].healthy',
    'cel.bind(a, device.attributes["example.com"], a.model == "x" && a.version.isGreaterThan(semver("1.0.0")))',
    'device.capacity["example.com"].memory.compareTo(quantity("8Gi")) >= 0',
    'device.allowMultipleAllocations',
    '"example.com" in device.attributes && "model" in device.attributes["example.com"]',
  ])
    assert.deepEqual(told(expression), [], expression);
});

test('what is no answer to whether a device fits', () => {
  assert.match(told('other')[0] ?? '', /^compilation failed: ERROR: <input>:1:1: undeclared reference to 'other'/);
  assert.match(told('')[0] ?? '', /^compilation failed: ERROR: <input>:1:0: Syntax error: .*IDENTIFIER}$/);
  assert.deepEqual(told('device.driver'), ['must evaluate to bool or the unknown type, not string']);
  assert.match(told('device.none == 1')[0] ?? '', /undefined field 'none'/);
  assert.deepEqual(told(' '.repeat(10_241)), ['may not be more than 10240 bytes']);
});

test('a selector needs an expression, and of too many nothing else is said', () => {
  assert.deepEqual(
    validateDeviceSelectors([{}], path('selectors')).map(({ field }) => field),
    ['selectors[0].cel'],
  );
  const many = Array.from({ length: 33 }, () => ({}));
  assert.deepEqual(
    validateDeviceSelectors(many, path('selectors')).map(({ type }) => type),
    ['FieldValueTooMany'],
  );
});
