import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from './operations.ts';
import { Random } from './random.ts';
import { requestOf } from './requests.ts';

const definitions = { Thing: { properties: { name: { type: 'string' }, count: { type: 'integer' } } } };
const operation = (method: string, path: string): Operation => ({
  method,
  path,
  parameters: ['dryRun', 'limit'],
  body: method === 'POST' ? { $ref: '#/components/schemas/Thing' } : undefined,
  definitions,
  kind: 'Thing',
  apiVersion: 'v1',
});
const operations = [
  operation('GET', '/api/v1/namespaces/{namespace}/things'),
  operation('POST', '/api/v1/namespaces/{namespace}/things'),
  operation('POST', '/api/v1/clusterthings'),
  operation('DELETE', '/api/v1/clusterthings'),
];
const requests = (seed: number) =>
  Array.from({ length: 400 }, (_, index) => requestOf(operations, seed, index, 'mine'));

test('one seed gives the same requests, another gives others', () => {
  assert.deepEqual(requests(3), requests(3));
  assert.notDeepEqual(requests(3), requests(4));
});

test('only the namespace of the run is written to', () => {
  for (const { method, path } of requests(1)) {
    if (method === 'GET' || path.includes('/namespaces/mine/')) continue;
    assert.match(path, /[?&]dryRun=All(&|$)/, `${method} ${path}`);
  }
});

test('bodies come whole and damaged', () => {
  const texts = requests(1).flatMap(({ body }) => (body === undefined ? [] : [body.toString('latin1')]));
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const whole = texts.filter(parses).length;
  assert.ok(whole > 30 && whole < texts.length - 30, `${whole} of ${texts.length}`);
});

test('random numbers cover their range', () => {
  const random = new Random(5);
  const seen = new Set(Array.from({ length: 200 }, () => random.below(4)));
  assert.deepEqual(
    [...seen].sort((left, right) => left - right),
    [0, 1, 2, 3],
  );
});
