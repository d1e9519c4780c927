import type { StorageEvent } from '../storage.ts';

export type ChangeEvent = Exclude<StorageEvent, { type: 'progress' }>;

export interface RingLimits {
  minimum: number;
  maximum: number;
  /** Events younger than this are worth growing for. */
  freshMs: number;
  /** Beyond the minimum, events are kept only as far as their objects take no more memory than this. */
  maximumBytes?: number;
}

/** Upstream's bounds of the watch cache's history, and one of ours: what is older is answered by the storage. */
const defaultRingLimits: RingLimits = {
  minimum: 100,
  maximum: 100 * 1024,
  freshMs: 75_000,
  maximumBytes: 16 * 1024 * 1024,
};

const dropped: { event: ChangeEvent; at: number } = {
  event: {
    type: 'delete',
    revision: 0,
    entry: { key: '', value: Buffer.alloc(0), createRevision: 0, modRevision: 0 },
  },
  at: 0,
};

/**
 * The most recent events. As upstream it doubles when it is full of fresh events, and halves when its recent quarter
 * alone spans the time for which events count as fresh.
 */
export class EventRing {
  readonly #limits: RingLimits;
  #events: { event: ChangeEvent; at: number }[] = [];
  /** Events before this index are dropped; the array is cut when they are many. */
  #first = 0;
  #bytes = 0;
  #capacity: number;
  #floor: number;

  constructor(floor: number, limits: RingLimits = defaultRingLimits) {
    this.#floor = floor;
    this.#limits = limits;
    this.#capacity = limits.minimum;
  }

  /** Every event after this revision is here. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#events.length - this.#first;
  }

  get capacity(): number {
    return this.#capacity;
  }

  push(event: ChangeEvent, now: number): void {
    if (this.size >= this.#capacity) this.#resize(now);
    this.#events.push({ event, at: now });
    this.#bytes += event.entry.value.length;
    const { minimum, maximumBytes = Infinity } = this.#limits;
    while (this.size > this.#capacity || (this.#bytes > maximumBytes && this.size > minimum)) {
      const oldest = this.#events[this.#first];
      if (oldest === undefined) break;
      this.#floor = oldest.event.revision;
      this.#bytes -= oldest.event.entry.value.length;
      // The place is cut off later; what it holds can go now.
      this.#events[this.#first] = dropped;
      this.#first += 1;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }

  #resize(now: number): void {
    const freshSince = now - this.#limits.freshMs;
    const oldest = this.#events[this.#first];
    const recentQuarter = this.#events[this.#events.length - Math.floor(this.#capacity / 4)];
    if (oldest !== undefined && oldest.at > freshSince) {
      this.#capacity = Math.min(this.#capacity * 2, this.#limits.maximum);
    } else if (recentQuarter !== undefined && recentQuarter.at < freshSince) {
      this.#capacity = Math.max(Math.floor(this.#capacity / 2), this.#limits.minimum);
    }
  }

  /** Forgets everything; history starts after `floor`. */
  clear(floor: number): void {
    this.#events = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#floor = floor;
    this.#capacity = this.#limits.minimum;
  }

  /** At most `limit` events after `revision`, which must not be below the floor; never part of a revision. */
  after(revision: number, limit = Infinity): ChangeEvent[] {
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.event.revision ?? Infinity) <= revision) low = middle + 1;
      else high = middle;
    }
    let end = Math.min(low + limit, this.#events.length);
    while (end < this.#events.length && this.#events[end]?.event.revision === this.#events[end - 1]?.event.revision) {
      end += 1;
    }
    return this.#events.slice(low, end).map(({ event }) => event);
  }
}
