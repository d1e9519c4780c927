/**
 * A Storage over a Storage: values are transformed on their way in and out, everything else passes. What is not
 * encrypted passes as it is, without a copy.
 */

import { ForwardingStorage, withShownConflict } from '../forwarding-storage.ts';
import {
  type Entry,
  type GetResult,
  type ListOptions,
  type ListResult,
  type ReadOptions,
  type Storage,
  StorageError,
  type StorageEvent,
  type Watch,
  type WatchHandler,
  type WatchOptions,
  type WriteOptions,
} from '../storage.ts';
import type { Plain, Transformer } from './transformer.ts';

/** Who transforms the values under a key; undefined for nobody. */
export type TransformerOf = (key: string) => Transformer | undefined;

const selectionPage = 500;

export class EncryptedStorage extends ForwardingStorage {
  readonly #transformerOf: TransformerOf;
  /** An entry that is handed out many times is read once. */
  #read = new WeakMap<Entry, Entry>();

  constructor(inner: Storage, transformerOf: TransformerOf) {
    super(inner);
    this.#transformerOf = transformerOf;
  }

  #plain(entry: Entry): Entry | Promise<Entry> {
    const transformer = this.#transformerOf(entry.key);
    if (transformer === undefined) return entry;
    const known = this.#read.get(entry);
    if (known !== undefined) return known;
    const keep = ({ value, stale }: Plain): Entry => {
      if (value === entry.value && !stale) return entry;
      const plain = { ...entry, value, ...(stale ? { stale } : {}) };
      this.#read.set(entry, plain);
      return plain;
    };
    try {
      const plain = transformer.read(entry.value, entry.key);
      return plain instanceof Promise ? plain.then(keep).catch(unreadable(entry.key)) : keep(plain);
    } catch (error) {
      return unreadable(entry.key)(error);
    }
  }

  async #written(key: string, value: Buffer): Promise<Buffer> {
    const transformer = this.#transformerOf(key);
    if (transformer === undefined) return value;
    try {
      return await transformer.write(value, key);
    } catch (error) {
      const message = `unable to transform key ${JSON.stringify(key)}: ${(error as Error).message}`;
      throw new StorageError('untransformable', message, { key, cause: error });
    }
  }

  #conflicts<T>(write: Promise<T>): Promise<T> {
    return withShownConflict(write, (current) => this.#plain(current));
  }

  override async get(key: string, options?: ReadOptions): Promise<GetResult> {
    const { entry, revision } = await this.inner.get(key, options);
    return { entry: entry === undefined ? undefined : await this.#plain(entry), revision };
  }

  override async list(options: ListOptions): Promise<ListResult> {
    const { select } = options;
    // A selection looks at plain values, which the store beneath does not have.
    if (select !== undefined && this.#transformerOf(options.prefix) !== undefined)
      return this.#selected(options, select);
    const result = await this.inner.list(options);
    return { ...result, entries: await this.#plainAll(result.entries) };
  }

  async #plainAll(entries: readonly Entry[]): Promise<Entry[]> {
    const plain: Entry[] = [];
    for (const entry of entries) {
      const read = this.#plain(entry);
      plain.push(read instanceof Promise ? await read : read);
    }
    return plain;
  }

  async #selected(options: ListOptions, select: (entry: Entry) => boolean): Promise<ListResult> {
    const { select: _, limit = 0, ...rest } = options;
    const entries: Entry[] = [];
    let page = await this.inner.list({ ...rest, limit: selectionPage });
    for (;;) {
      for (const entry of await this.#plainAll(page.entries)) {
        if (!select(entry)) continue;
        if (limit > 0 && entries.length === limit) {
          return { entries, revision: page.revision, next: entry.key, remaining: undefined };
        }
        entries.push(entry);
      }
      if (page.next === undefined) return { entries, revision: page.revision, next: undefined, remaining: 0 };
      const { minRevision: _minimum, ...next } = rest;
      page = await this.inner.list({ ...next, start: page.next, revision: page.revision, limit: selectionPage });
    }
  }

  override async create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    const written = await this.#written(key, value);
    return this.#own(await this.inner.create(key, written, options), value);
  }

  override async update(
    key: string,
    value: Buffer,
    expectedModRevision: number,
    options?: WriteOptions,
  ): Promise<Entry> {
    const written = await this.#written(key, value);
    const entry = await this.#conflicts(this.inner.update(key, written, expectedModRevision, options));
    return this.#own(entry, value);
  }

  #own(entry: Entry, value: Buffer): Entry {
    if (entry.value === value) return entry;
    const plain = { ...entry, value };
    this.#read.set(entry, plain);
    return plain;
  }

  override delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.#conflicts(this.inner.delete(key, expectedModRevision, signal));
  }

  override watch(options: WatchOptions, handler: WatchHandler): Watch {
    let waiting: Promise<void> | undefined;
    let over = false;
    const end = (error: StorageError | undefined): void => {
      if (over) return;
      over = true;
      handler.end(error);
    };
    const fail = (error: unknown): void => {
      const message = error instanceof Error ? error.message : String(error);
      end(new StorageError('unavailable', message, { cause: error }));
      // Not from within its own call: the watch may not be known here yet.
      queueMicrotask(() => watch.stop());
    };
    const deliver = (event: StorageEvent): void => {
      if (!over) handler.event(event);
    };
    /** In order: what comes after an event that waits for its key waits too. */
    const later = (work: () => void | Promise<void>): void => {
      const turn = (waiting ?? Promise.resolve()).then(work).catch(fail);
      waiting = turn;
      void turn.then(() => {
        if (waiting === turn) waiting = undefined;
      });
    };
    const watch = this.inner.watch(options, {
      event: (event) => {
        if (over) return;
        try {
          const plain = heard(this.#plainEvent(event));
          if (waiting === undefined && !(plain instanceof Promise)) return deliver(plain);
          later(async () => deliver(await plain));
        } catch (error) {
          later(() => fail(error));
        }
      },
      end: (error) => {
        if (waiting === undefined) end(error);
        else later(() => end(error));
      },
    });
    return watch;
  }

  #plainEvent(event: StorageEvent): StorageEvent | Promise<StorageEvent> {
    if (event.type === 'progress') return event;
    const entry = heard(this.#plain(event.entry));
    if (event.type === 'delete') {
      if (entry === event.entry) return event;
      return entry instanceof Promise ? entry.then((plain) => ({ ...event, entry: plain })) : { ...event, entry };
    }
    const previous = event.previous === undefined ? undefined : this.#plain(event.previous);
    if (entry === event.entry && previous === event.previous) return event;
    if (entry instanceof Promise || previous instanceof Promise) {
      return Promise.all([entry, previous]).then(([plain, before]) => ({ ...event, entry: plain, previous: before }));
    }
    return { ...event, entry, previous };
  }

  /** The transformers are others now: what is read from here on is read anew, to learn what is stale. Watches go on. */
  changed(): void {
    this.#read = new WeakMap();
  }
}

/** A promise may fail before its turn to be waited for comes: nobody is to think that it is left alone. */
function heard<T>(value: T | Promise<T>): T | Promise<T> {
  if (value instanceof Promise) value.catch(() => undefined);
  return value;
}

function unreadable(key: string): (error: unknown) => never {
  return (error) => {
    const message = `unable to transform key ${JSON.stringify(key)}: ${(error as Error).message}`;
    throw new StorageError('untransformable', message, { key, cause: error });
  };
}
