/**
 * A queue of keys. A key is in it at most once; one that is added while being worked on comes again after `done`, so no
 * two workers ever have the same key. Pure but for the clock.
 */
import { type Clock, systemClock, type Timer } from './clock.ts';

export interface WorkQueueOptions {
  clock?: Clock;
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
  #shutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
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
      this.#again.add(key);
      return;
    }
    if (this.#ready.has(key)) return;
    const waiter = this.#waiters.shift();
    if (waiter) {
      this.#processing.add(key);
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
    if (this.#again.delete(key)) this.add(key);
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
