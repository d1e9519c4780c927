import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '@typernetes/openapi/types/core/v1';
import { EventCorrelator } from './event-correlator.ts';
import { ManualClock } from './testing/index.ts';

let sequence = 0;
const event = (message: string, name = 'pod'): Event => ({
  metadata: { name: `${name}.${++sequence}`, namespace: 'default' },
  involvedObject: { kind: 'Pod', namespace: 'default', name, uid: name },
  reason: 'Failed',
  message,
  type: 'Warning',
  count: 1,
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:00Z',
  source: { component: 'test' },
});

describe('EventCorrelator', () => {
  it('counts what repeats, under its first name', () => {
    const correlator = new EventCorrelator(new ManualClock());
    const first = correlator.correlate(event('same'));
    assert.equal(first.type, 'create');
    correlator.correlate(event('same'));
    const third = correlator.correlate(event('same'));
    assert.equal(third.type, 'patch');
    assert.deepEqual(third.type === 'patch' && [third.patch.count, third.event.metadata.name], [
      3,
      first.type === 'create' && first.event.metadata.name,
    ]);
  });

  it('combines many that differ in their message alone', () => {
    const correlator = new EventCorrelator(new ManualClock());
    const results = Array.from({ length: 12 }, (_, index) => correlator.correlate(event(`message ${index}`)));
    assert.deepEqual(
      results.map((result) => result.type),
      [...Array.from({ length: 10 }, () => 'create'), 'patch', 'patch'],
    );
    const last = results.at(-1);
    assert.equal(last?.type === 'patch' && last.patch.message, '(combined from similar events): message 11');
  });

  it('lets 25 through at once, then one every five minutes', () => {
    const clock = new ManualClock();
    const correlator = new EventCorrelator(clock);
    const types = (): string[] => Array.from({ length: 30 }, () => correlator.correlate(event('flood')).type);
    assert.equal(types().filter((type) => type !== 'skip').length, 25);
    assert.equal(correlator.correlate(event('flood', 'another')).type, 'create');
    clock.advance(300_000);
    assert.equal(types().filter((type) => type !== 'skip').length, 1);
  });
});
