/**
 * Decides what becomes of an event before it reaches the API server: a repeated one raises the count of the first, many
 * alike are combined into one, and a flood is dropped. Pure but for the clock. Limits are upstream's.
 */
import type { Event } from '@typernetes/openapi/types/core/v1';
import type { Clock } from './clock.ts';
import { LruMap } from './lru-map.ts';
import { TokenBucket } from './token-bucket.ts';

const cacheSize = 4096;
const aggregateAfter = 10;
const aggregateWithinMs = 600_000;
const spamBurst = 25;
const spamQps = 1 / 300;

/** What was last written for an event, under the name and version the server knows. */
interface Observation {
  name: string;
  count: number;
  firstTimestamp: string | undefined;
}

export type Correlation =
  | { type: 'skip' }
  | { type: 'create'; event: Event; key: string }
  /** Strategic merge patch of the event that is there; `event` in case it is gone. */
  | { type: 'patch'; event: Event; patch: Partial<Event>; key: string };

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #groups = new LruMap<{ messages: Set<string>; at: number }>(cacheSize);
  readonly #observations = new LruMap<Observation>(cacheSize);
  readonly #buckets = new LruMap<TokenBucket>(cacheSize);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(incoming: Event): Correlation {
    const { event, key } = this.#aggregate(incoming);
    const last = this.#observations.get(key);
    const observed: Event = last
      ? {
          ...event,
          metadata: { ...event.metadata, name: last.name },
          count: last.count + 1,
          ...(last.firstTimestamp === undefined ? {} : { firstTimestamp: last.firstTimestamp }),
        }
      : event;
    this.written(key, observed);
    if (!this.#bucket(incoming).tryTake()) return { type: 'skip' };
    if (!last) return { type: 'create', event: observed, key };
    const { count, lastTimestamp, message } = observed;
    return {
      type: 'patch',
      event: observed,
      patch: {
        ...(count === undefined ? {} : { count }),
        ...(lastTimestamp ? { lastTimestamp } : {}),
        message: message ?? '',
      },
      key,
    };
  }

  /** What is, or will be, on the server; a count never goes back. */
  written(key: string, event: Event): void {
    this.#observations.set(key, {
      name: event.metadata?.name ?? '',
      count: Math.max(event.count ?? 1, this.#observations.get(key)?.count ?? 0),
      firstTimestamp: event.firstTimestamp ?? undefined,
    });
  }

  #aggregate(event: Event): { event: Event; key: string } {
    const now = this.#clock.now();
    const groupKey = JSON.stringify([sourceKey(event), event.type, event.reason]);
    let group = this.#groups.get(groupKey);
    if (!group || now - group.at > aggregateWithinMs) group = { messages: new Set(), at: now };
    const message = event.message ?? '';
    group.messages.add(message);
    group.at = now;
    this.#groups.set(groupKey, group);
    if (group.messages.size < aggregateAfter) return { event, key: JSON.stringify([groupKey, message]) };
    for (const first of group.messages) {
      group.messages.delete(first);
      break;
    }
    return { event: { ...event, message: `(combined from similar events): ${message}` }, key: groupKey };
  }

  #bucket(event: Event): TokenBucket {
    const key = sourceKey(event);
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(this.#clock, spamQps, spamBurst);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

function sourceKey(event: Event): string {
  const { kind, namespace, name, uid, apiVersion, fieldPath } = event.involvedObject;
  return JSON.stringify([
    event.source?.component,
    event.source?.host,
    kind,
    namespace,
    name,
    uid,
    apiVersion,
    fieldPath,
  ]);
}
