/** What Retry-After a rejected client is told: it grows while a level goes on rejecting, as upstream's does. */

const maxRetryAfter = 32;

interface Second {
  second: number;
  rejected: number;
}

export class RetryAfter {
  seconds = 1;
  #history: Second[] = [];
  #current: Second = { second: 0, rejected: 0 };
  #raisedAt = 0;

  /** Counts one rejection. */
  record(second: number): void {
    if (this.#current.second === second) {
      this.#current.rejected++;
      return;
    }
    this.#history.push(this.#current);
    const reach = Math.min(2 * this.seconds, maxRetryAfter);
    const { second: last } = this.#current;
    this.#history = this.#history.filter((each) => last - each.second <= reach);
    this.#current = { second, rejected: 1 };
    this.#adjust(second);
  }

  #adjust(second: number): void {
    const rejected = this.#history
      .filter((each) => second - each.second <= this.seconds && each.second < second)
      .reduce((total, each) => total + each.rejected, 0);
    if (second - this.#raisedAt >= this.seconds && rejected >= 3 * this.seconds) {
      this.seconds = Math.min(this.seconds * 2, maxRetryAfter);
      this.#raisedAt = second;
    } else if (rejected < this.seconds && this.seconds > 1) this.seconds--;
  }
}
