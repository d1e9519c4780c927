import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedEncodings } from './shared-encodings.ts';

const sized = (bytes: number) => () => Buffer.alloc(bytes);
const unexpected = (): Buffer => assert.fail('made again');

void test('an event is encoded once for all who ask in the same form', () => {
  const encodings = new SharedEncodings({ events: 2, bytes: 100 });
  const event = {};
  const json = encodings.get(event, 'json', sized(10));
  assert.equal(encodings.get(event, 'json', unexpected), json);
  assert.notEqual(encodings.get(event, 'protobuf', sized(5)), json);
  assert.deepEqual(encodings.size, { events: 1, bytes: 15 });
});

void test('the oldest go when there are too many events or bytes, the last stays', () => {
  const encodings = new SharedEncodings({ events: 3, bytes: 100 });
  const [first, second, third, fourth] = [{}, {}, {}, {}];
  for (const event of [first, second, third]) encodings.get(event, 'json', sized(20));
  encodings.get(fourth, 'json', sized(20));
  assert.deepEqual(encodings.size, { events: 3, bytes: 60 });
  encodings.get(fourth, 'protobuf', sized(50));
  assert.deepEqual(encodings.size, { events: 2, bytes: 90 });
  encodings.get(third, 'json', unexpected);
  encodings.get(first, 'json', sized(1000));
  assert.deepEqual(encodings.size, { events: 1, bytes: 1000 });
  encodings.get(first, 'json', unexpected);
});
