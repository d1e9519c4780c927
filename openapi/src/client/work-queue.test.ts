import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Expectations } from './expectations.ts';
import { ManualClock } from './testing/index.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  it('holds a key once, and brings it again when added while worked on', () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    queue.add('a');
    queue.add('a');
    queue.add('b');
    assert.equal(queue.tryGet(), 'a');
    queue.add('a');
    assert.equal(queue.tryGet(), 'b');
    assert.equal(queue.tryGet(), undefined);
    queue.done('a');
    assert.equal(queue.tryGet(), 'a');
    queue.done('a');
    assert.equal(queue.tryGet(), undefined);
  });

  it('hands a key to whoever waits, one key to one worker', async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    const [first, second] = [queue.get(), queue.get()];
    queue.add('a');
    queue.add('a');
    queue.add('b');
    assert.equal(await first, 'a');
    assert.equal(await second, 'b');
    queue.done('a');
    assert.equal(queue.tryGet(), 'a');
  });

  it('backs off per key until forgotten', () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, baseDelayMs: 5, maxDelayMs: 15 });
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      queue.addRateLimited('a');
      let waited = 0;
      while (queue.length === 0) {
        clock.advance(1);
        waited++;
      }
      waits.push(waited);
      queue.tryGet();
      queue.done('a');
    }
    assert.deepEqual(waits, [5, 10, 15, 15]);
    assert.equal(queue.retries('a'), 4);
    queue.forget('a');
    assert.equal(queue.retries('a'), 0);
  });

  it('keeps the earliest of several delays', () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 70);
    clock.advance(50);
    assert.equal(queue.length, 1);
    clock.advance(100);
    assert.equal(queue.length, 1);
    assert.equal(clock.pending, 0);
  });

  it('lets waiting workers go at shutdown, and takes nothing more', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('later', 10);
    const waiting = queue.get();
    queue.shutDown();
    queue.add('a');
    assert.equal(await waiting, undefined);
    assert.equal(await queue.get(), undefined);
    assert.equal(clock.pending, 0);
  });
});

describe('Expectations', () => {
  it('holds a key back until all is seen, or too long', () => {
    const clock = new ManualClock();
    const expectations = new Expectations(clock);
    assert.equal(expectations.satisfied('a'), true);
    expectations.expectCreations('a', 2);
    expectations.creationObserved('a');
    assert.equal(expectations.satisfied('a'), false);
    expectations.creationObserved('a');
    assert.equal(expectations.satisfied('a'), true);
    expectations.expectDeletions('a', ['x', 'y']);
    expectations.deletionObserved('a', 'x');
    expectations.deletionObserved('a', 'x');
    assert.equal(expectations.satisfied('a'), false);
    clock.advance(5 * 60_000 + 1);
    assert.equal(expectations.satisfied('a'), true);
  });
});
