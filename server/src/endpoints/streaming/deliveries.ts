/**
 * Whose turn it is to be sent what waits for them. A change that few watchers see leaves at the end of the tick in which
 * it was heard of, before the write that made it is answered. One that hundreds see would hold up everything else for as
 * long as their writes take (some 30 µs each), so that all but the first of them take turns with the other work of the
 * loop. What happens meanwhile reaches those who still wait together with what they wait for, in one write.
 */
export interface Recipient {
  /** Sends all that is there. Must not throw. */
  deliver(): void;
}

export interface DeliveryOptions {
  /** How many of those who see the same change have it before anything else is done. */
  prompt: number;
  /** The shortest turn. It is longer after longer turns of other work: watchers get half of a loop that is busy. */
  turnMs: number;
  now: () => number;
}

const defaults: DeliveryOptions = { prompt: 16, turnMs: 0.5, now: () => performance.now() };

export class Deliveries {
  readonly #options: DeliveryOptions;
  #fresh: Recipient[] = [];
  #waiting: Recipient[] = [];
  #next = 0;
  #turnEnded = 0;

  constructor(options: Partial<DeliveryOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  /** Once until it is delivered to. */
  add(recipient: Recipient): void {
    this.#fresh.push(recipient);
    if (this.#fresh.length === 1) process.nextTick(() => this.#prompt());
  }

  #prompt(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    const { prompt, now } = this.#options;
    for (const recipient of fresh.slice(0, prompt)) recipient.deliver();
    if (fresh.length <= prompt) return;
    const idle = this.#waiting.length === 0;
    for (let index = prompt; index < fresh.length; index += 1) this.#waiting.push(fresh[index]!);
    if (!idle) return;
    this.#turnEnded = now();
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const { turnMs, now } = this.#options;
    const started = now();
    const end = started + Math.max(turnMs, started - this.#turnEnded);
    do this.#waiting[this.#next++]!.deliver();
    while (this.#next < this.#waiting.length && now() < end);
    this.#turnEnded = now();
    if (this.#next < this.#waiting.length) {
      setImmediate(() => this.#turn());
      return;
    }
    this.#waiting = [];
    this.#next = 0;
  }
}
