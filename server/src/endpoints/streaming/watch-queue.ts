/**
 * What waits between the storage's watch and one client. Events are kept as references to shared changes and encoded
 * when the client can take them; a client that falls too far behind is cut off, the others never wait for it.
 */
import type { WatchEvent } from '../../registry/generic/watch.ts';

export type QueueItem = WatchEvent | { type: 'bookmark'; revision: number; initialEventsEnd: boolean };

export class WatchQueue {
  readonly #limit: number;
  #items: QueueItem[] = [];
  #head = 0;
  /** Initial events do not count towards the limit: they were asked for in one piece. */
  #uncounted = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  pushInitial(items: Iterable<QueueItem>): void {
    for (const item of items) {
      this.#items.push(item);
      this.#uncounted++;
    }
  }

  /** False where the client has fallen too far behind. */
  push(item: QueueItem): boolean {
    if (this.length - this.#uncounted >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  shift(): QueueItem | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#uncounted > 0) this.#uncounted--;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#uncounted = 0;
  }
}
