/**
 * Delays that double per key from `initial` to `maximum`, and start over when the key was quiet for twice the maximum:
 * CrashLoopBackOff (10 s to 5 min) and ImagePullBackOff are both this. Time comes in with every call.
 */
export class KeyedBackOff {
  readonly #initial: number;
  readonly #maximum: number;
  readonly #entries = new Map<string, { delay: number; lastUpdate: number }>();

  constructor(initialMs: number, maximumMs: number) {
    this.#initial = initialMs;
    this.#maximum = maximumMs;
  }

  /** The current delay; 0 when the key is not known. */
  delay(key: string): number {
    return this.#entries.get(key)?.delay ?? 0;
  }

  /** Whether `key` must still wait, when its last try ended at `since`. */
  inBackOffSince(key: string, since: number, now: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || since - entry.lastUpdate > this.#maximum * 2) return false;
    return now - since < entry.delay;
  }

  /** Whether `key` must still wait since its delay was last raised. */
  inBackOffSinceUpdate(key: string, now: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || now - entry.lastUpdate > this.#maximum * 2) return false;
    return now - entry.lastUpdate < entry.delay;
  }

  /** Another try is made at `eventTime`: the next delay is longer. */
  next(key: string, eventTime: number, now: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || eventTime - entry.lastUpdate > this.#maximum * 2)
      this.#entries.set(key, { delay: this.#initial, lastUpdate: now });
    else this.#entries.set(key, { delay: Math.min(entry.delay * 2, this.#maximum), lastUpdate: now });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Drops keys that were quiet for twice the maximum. */
  collect(now: number): void {
    for (const [key, entry] of this.#entries) if (now - entry.lastUpdate > this.#maximum * 2) this.#entries.delete(key);
  }
}
