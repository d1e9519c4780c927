import type { Storage } from '../storage.ts';

/**
 * The storage's revision, one call for many readers. A reader may only share a call that starts after it asked: a call
 * under way may have been answered before the write that the reader has to see.
 */
export class CurrentRevision {
  readonly #storage: Storage;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  get(): Promise<number> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const call = this.#storage.currentRevision();
      this.#running = call.catch(() => undefined);
      return call;
    });
    return this.#next;
  }
}
