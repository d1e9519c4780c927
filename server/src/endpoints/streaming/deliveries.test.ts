import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { Deliveries } from './deliveries.ts';

/** Each delivery takes a millisecond of this clock. */
function crowd(size: number, options: { prompt: number; turnMs: number }) {
  let time = 0;
  const order: number[] = [];
  const deliveries = new Deliveries({ ...options, now: () => time });
  const recipients = Array.from({ length: size }, (_, index) => ({
    deliver() {
      order.push(index);
      time += 1;
    },
  }));
  return {
    order,
    spend: (ms: number) => (time += ms),
    add: (...indexes: number[]) => {
      for (const index of indexes) deliveries.add(recipients[index]!);
    },
    all: recipients.map((_, index) => index),
  };
}

void test('few are delivered to before what follows in the same tick', async () => {
  const { add, order } = crowd(3, { prompt: 3, turnMs: 1 });
  add(0, 1, 2);
  assert.deepEqual(order, []);
  await new Promise<void>((resolve) => process.nextTick(resolve));
  assert.deepEqual(order, [0, 1, 2]);
});

void test('of many, those after the first take turns with other work, in order', async () => {
  const { add, order, all } = crowd(7, { prompt: 2, turnMs: 2 });
  const atTurns: number[] = [];
  add(...all);
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    atTurns.push(order.length);
    await nextLoopTurn();
  }
  assert.equal(atTurns[0], 2);
  assert.ok(atTurns[1]! > 2 && atTurns[1]! < 7, `all at once: ${atTurns.join(' ')}`);
  assert.deepEqual(order, all);
});

void test('turns are as long as the other work between them', async () => {
  const { add, order, spend, all } = crowd(40, { prompt: 1, turnMs: 1 });
  add(...all);
  await new Promise<void>((resolve) => process.nextTick(resolve));
  spend(20);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.ok(order.length >= 21 && order.length < 40, `${order.length} in the first turn`);
  for (let turn = 0; turn < 25; turn += 1) await nextLoopTurn();
  assert.deepEqual(order, all);
});

void test('a later change that few see does not wait for the crowd of an earlier one', async () => {
  const { add, order } = crowd(100, { prompt: 4, turnMs: 1 });
  add(...Array.from({ length: 99 }, (_, index) => index));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  add(99);
  await new Promise<void>((resolve) => process.nextTick(resolve));
  assert.equal(order.at(-1), 99);
  assert.equal(order.length, 5);
  for (let turn = 0; turn < 100; turn += 1) await nextLoopTurn();
  assert.equal(new Set(order).size, 100);
});
