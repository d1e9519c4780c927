/**
 * Encodings of the latest events, shared by their watchers: these take an event at about the same time, and the Cacher
 * holds on to events for minutes. Bounded by bytes as well as by events: five hundred of big objects in a few encodings
 * would outweigh all else.
 */
export interface EncodingLimits {
  events: number;
  bytes: number;
}

interface Encoded {
  readonly byKey: Map<string, Buffer>;
  bytes: number;
}

export class SharedEncodings {
  readonly #limits: EncodingLimits;
  readonly #events = new Map<object, Encoded>();
  #bytes = 0;

  constructor(limits: EncodingLimits) {
    this.#limits = limits;
  }

  get size(): EncodingLimits {
    return { events: this.#events.size, bytes: this.#bytes };
  }

  /** `key` stands for everything that decides the bytes of an event. */
  get(event: object, key: string, make: () => Buffer): Buffer {
    const known = this.#events.get(event)?.byKey.get(key);
    if (known !== undefined) return known;
    const made = make();
    let encoded = this.#events.get(event);
    if (encoded === undefined) this.#events.set(event, (encoded = { byKey: new Map(), bytes: 0 }));
    encoded.byKey.set(key, made);
    encoded.bytes += made.length;
    this.#bytes += made.length;
    this.#trim();
    return made;
  }

  /** The last event stays, however big: its other watchers are about to ask. */
  #trim(): void {
    for (const [event, { bytes }] of this.#events) {
      const { size } = this.#events;
      if (size === 1 || (size <= this.#limits.events && this.#bytes <= this.#limits.bytes)) return;
      this.#events.delete(event);
      this.#bytes -= bytes;
    }
  }
}
