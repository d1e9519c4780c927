/**
 * Time and randomness as the client machinery sees them. Everything that waits takes a Clock, so that a test can replay
 * it without waiting.
 */

export interface Timer {
  stop(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `milliseconds` from now, unless stopped. A pending timer does not keep the process alive. */
  timer(milliseconds: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  timer(milliseconds, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(milliseconds, 0), 0x7fffffff));
    handle.unref();
    return { stop: () => clearTimeout(handle) };
  },
};

/** Resolves after `milliseconds`, or at once when the signal aborts (true: the whole time has passed). */
export function delay(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const finish = (whole: boolean): void => {
      timer.stop();
      signal?.removeEventListener('abort', aborted);
      resolve(whole);
    };
    const aborted = (): void => finish(false);
    const timer = clock.timer(milliseconds, () => finish(true));
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** `base` spread by up to `factor` of itself, as upstream's wait.Jitter. */
export function jitter(base: number, factor: number, random: () => number): number {
  return base + base * factor * random();
}

/** Grows from `initial` by `factor` up to `maximum`, with jitter; starts over after `resetAfter` ms without a call. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #options: { initial: number; maximum: number; factor: number; jitter: number; resetAfter: number };
  #current = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    clock: Clock,
    random: () => number,
    options: { initial: number; maximum: number; factor?: number; jitter?: number; resetAfter?: number },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#options = { factor: 2, jitter: 1, resetAfter: Number.POSITIVE_INFINITY, ...options };
  }

  /** The next delay in milliseconds. */
  next(): number {
    const now = this.#clock.now();
    const { initial, maximum, factor, resetAfter } = this.#options;
    this.#current =
      this.#current === 0 || now - this.#last > resetAfter ? initial : Math.min(this.#current * factor, maximum);
    this.#last = now;
    return jitter(this.#current, this.#options.jitter, this.#random);
  }

  reset(): void {
    this.#current = 0;
  }
}
