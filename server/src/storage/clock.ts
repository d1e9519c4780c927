/** Time as storage sees it: injected, so that expiry, compaction and ring sizing replay in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the function it returns cancels. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** setTimeout takes at most 2^31-1 ms; whoever waits longer looks again when it fires. */
const longestDelayMs = 0x7fffffff;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestDelayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
