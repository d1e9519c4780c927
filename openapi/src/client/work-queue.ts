/**
 * A queue of keys. A key is in it at most once; one that is added while being worked on comes again after `done`, so no
 * two workers ever have the same key. Pure but for the clock.
 */
import { type Clock, systemClock, type Timer } from './clock.ts';

/** Told of what happens to keys, for metrics. A key is added once until it is got, and got once until it is done. */
export interface WorkQueueObserver {
  added(key: unknown): void;
  got(key: unknown): void;
  done(key: unknown): void;
  retried(): void;
}

let observerOf: ((queue: string) => WorkQueueObserver) | undefined;

/** For the queues of all Controllers that are made from now on in this process and bring no observer. */
export function observeWorkQueues(observe: (queue: string) => WorkQueueObserver): void {
  observerOf = observe;
}

export function workQueueObserver(queue: string): WorkQueueObserver | undefined {
  return observerOf?.(queue);
}

export interface WorkQueueOptions {
  clock?: Clock;
  observer?: WorkQueueObserver | undefined;
  /** Delay after a key's first failure; doubles with each. Defaults: 5 ms up to 1000 s, as upstream. */
  baseDelayMs?: number;
  maxDelayMs?: number;
}

export class WorkQueue<K = string> {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  /** Waiting to be worked on, in order. */
  readonly #ready = new Set<K>();
  readonly #processing = new Set<K>();
  /** Added while in #processing. */
  readonly #again = new Set<K>();
  readonly #delayed = new Map<K, { readyAt: number; timer: Timer }>();
  readonly #failures = new Map<K, number>();
  readonly #waiters: ((key: K | undefined) => void)[] = [];
  readonly #observer: WorkQueueObserver | undefined;
  #shutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#observer = options.observer;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 1_000_000;
  }

  /** Keys ready to be worked on. */
  get length(): number {
    return this.#ready.size;
  }

  add(key: K): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) {
      if (!this.#again.has(key)) this.#observer?.added(key);
      this.#again.add(key);
      return;
    }
    if (this.#ready.has(key)) return;
    this.#observer?.added(key);
    this.#offer(key);
  }

  #offer(key: K): void {
    const waiter = this.#waiters.shift();
    if (waiter) {
      this.#processing.add(key);
      this.#observer?.got(key);
      waiter(key);
    } else this.#ready.add(key);
  }

  /** Adds after a while; of several, the earliest counts. */
  addAfter(key: K, milliseconds: number): void {
    if (this.#shutDown) return;
    if (milliseconds <= 0) return this.add(key);
    const readyAt = this.#clock.now() + milliseconds;
    const pending = this.#delayed.get(key);
    if (pending && pending.readyAt <= readyAt) return;
    pending?.timer.stop();
    const timer = this.#clock.timer(milliseconds, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { readyAt, timer });
  }

  /** Adds after the key's own backoff, which grows until `forget`. */
  addRateLimited(key: K): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer?.retried();
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs));
  }

  /** How often addRateLimited was called since the last `forget`. */
  retries(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** The next key, if one is ready. The caller must call `done`. */
  tryGet(): K | undefined {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#processing.add(key);
      this.#observer?.got(key);
      return key;
    }
    return undefined;
  }

  /** Waits for the next key; undefined after shutDown. The caller must call `done`. */
  get(): Promise<K | undefined> {
    const key = this.tryGet();
    if (key !== undefined || this.#shutDown) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: K): void {
    this.#processing.delete(key);
    this.#observer?.done(key);
    if (this.#again.delete(key)) this.#offer(key);
  }

  /** Takes no more keys and drops those that wait; whoever waits in `get` gets undefined. */
  shutDown(): void {
    this.#shutDown = true;
    for (const { timer } of this.#delayed.values()) timer.stop();
    this.#delayed.clear();
    this.#ready.clear();
    this.#again.clear();
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }
}
