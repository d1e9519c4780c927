/**
 * The watches on an embedded store. A watch first catches up from the log, a chunk per turn of the event loop; once it
 * has everything that is durable it goes live and gets each group of changes as it becomes durable.
 */
import type { Clock } from '../clock.ts';
import { compacted } from '../errors.ts';
import { callEnd, callEvent } from '../handler.ts';
import { matchesWatch } from '../keys.ts';
import { defaultProgressIntervalMs, repeatWhile } from '../progress.ts';
import { nextTurn } from '../signal.ts';
import type { StorageError, StorageEvent, Watch, WatchHandler, WatchOptions } from '../storage.ts';
import type { Database } from './database.ts';

const catchUpChunk = 500;

/** The state of the store that watches go by. */
export interface WatchSource {
  readonly database: Database;
  readonly clock: Clock;
  /** The last durable revision. */
  readonly revision: number;
  readonly compactedRevision: number;
}

export class Watchers {
  readonly #source: WatchSource;
  readonly #all = new Set<Watcher>();

  constructor(source: WatchSource) {
    this.#source = source;
  }

  add(options: WatchOptions, handler: WatchHandler): Watch {
    const watcher = new Watcher(this.#source, options, handler, () => this.#all.delete(watcher));
    this.#all.add(watcher);
    queueMicrotask(() => void watcher.catchUp());
    return watcher;
  }

  /** `events` are durable and follow on what was delivered before. */
  deliver(events: readonly StorageEvent[]): void {
    for (const event of events) for (const watcher of this.#all) watcher.deliver(event);
  }

  progress(): void {
    for (const watcher of this.#all) watcher.progress();
  }

  end(error: StorageError): void {
    for (const watcher of this.#all) watcher.end(error);
  }
}

class Watcher implements Watch {
  readonly #source: WatchSource;
  readonly #options: WatchOptions;
  readonly #handler: WatchHandler;
  readonly #forget: () => void;
  #live = false;
  #over = false;
  #busy = false;
  #position: number;
  #cancelProgress: (() => void) | undefined;

  constructor(source: WatchSource, options: WatchOptions, handler: WatchHandler, forget: () => void) {
    this.#source = source;
    this.#options = options;
    this.#handler = handler;
    this.#forget = forget;
    this.#position = options.afterRevision;
  }

  async catchUp(): Promise<void> {
    const { database } = this.#source;
    while (!this.#over) {
      if (this.#position < this.#source.compactedRevision) return this.end(compacted());
      const last = this.#source.revision;
      if (this.#position >= last) {
        this.#live = true;
        if (this.#options.progress === true) this.#watchProgress();
        return;
      }
      const records = database.records(this.#position, last, catchUpChunk);
      for (const record of records) {
        if (this.#over) return;
        if (!matchesWatch(this.#options.prefix, record.key)) continue;
        const event = database.eventOf(record);
        if (event === undefined) return this.end(compacted());
        callEvent(this.#handler, event);
      }
      this.#position = records.length < catchUpChunk ? last : (records.at(-1)?.revision ?? last);
      if (this.#position < this.#source.revision) await nextTurn();
    }
  }

  deliver(event: StorageEvent): void {
    if (!this.#live || this.#over || event.revision <= this.#position || event.type === 'progress') return;
    if (!matchesWatch(this.#options.prefix, event.entry.key)) return;
    this.#busy = true;
    callEvent(this.#handler, event);
  }

  progress(): void {
    const { revision } = this.#source;
    if (!this.#live || this.#over || this.#options.progress !== true || revision < this.#position) return;
    callEvent(this.#handler, { type: 'progress', revision });
  }

  #watchProgress(): void {
    this.progress();
    if (this.#over) return;
    const intervalMs = this.#options.progressIntervalMs ?? defaultProgressIntervalMs;
    this.#cancelProgress = repeatWhile(this.#source.clock, intervalMs, () => {
      if (!this.#busy) this.progress();
      this.#busy = false;
      return !this.#over;
    });
  }

  stop(): void {
    this.end(undefined);
  }

  end(error: StorageError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelProgress?.();
    this.#forget();
    callEnd(this.#handler, error);
  }
}
