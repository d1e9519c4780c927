/**
 * One watch on a Cacher. It goes through up to three states: `history`, served by the storage, while it needs events
 * older than the cache has; `replay`, served from the cache's ring, a chunk per turn; and `live`, where the Cacher hands
 * it every event. It ends when its Cacher has to start over, as upstream's do.
 */
import type { Clock } from '../clock.ts';
import { compacted } from '../errors.ts';
import { callEnd, callEvent } from '../handler.ts';
import { matchesWatch } from '../keys.ts';
import { defaultProgressIntervalMs, repeatWhile } from '../progress.ts';
import type { Storage, StorageError, Watch, WatchHandler, WatchOptions } from '../storage.ts';
import type { ChangeEvent } from './event-ring.ts';
import type { WatchCache } from './watch-cache.ts';

const replayChunk = 500;

export interface WatcherHost {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly cache: WatchCache;
  readonly ready: boolean;
  /** What the cache is exact at. */
  readonly revision: number;
  live(watcher: CacheWatcher): void;
  /** Call `begin` again when ready. */
  waiting(watcher: CacheWatcher): void;
  forget(watcher: CacheWatcher): void;
}

export class CacheWatcher implements Watch {
  readonly #host: WatcherHost;
  readonly #options: WatchOptions;
  readonly #handler: WatchHandler;
  #position: number;
  #over = false;
  #busy = false;
  #history: Watch | undefined;
  #cancelProgress: (() => void) | undefined;

  constructor(host: WatcherHost, options: WatchOptions, handler: WatchHandler) {
    this.#host = host;
    this.#options = options;
    this.#handler = handler;
    this.#position = options.afterRevision;
  }

  get prefix(): string {
    return this.#options.prefix;
  }

  get inHistory(): boolean {
    return this.#history !== undefined;
  }

  begin(): void {
    if (this.#over || this.inHistory) return;
    if (!this.#host.ready) return this.#host.waiting(this);
    if (this.#position >= this.#host.cache.ring.floor) this.#replay();
    else this.#readHistory();
  }

  #replay(): void {
    const { cache } = this.#host;
    const events = cache.ring.after(this.#position, replayChunk);
    for (const event of events) {
      if (matchesWatch(this.prefix, event.entry.key)) callEvent(this.#handler, event);
      if (this.#over) return;
    }
    this.#position = Math.max(this.#position, events.at(-1)?.revision ?? 0);
    if (events.length >= replayChunk) {
      setImmediate(() => this.begin());
      return;
    }
    this.#position = Math.max(this.#position, cache.revision);
    this.#host.live(this);
    if (this.#options.progress === true) this.#watchProgress();
  }

  /** Until the cache has what follows, at the latest when the storage says that the backlog is through. */
  #readHistory(): void {
    const { prefix } = this;
    this.#history = this.#host.storage.watch(
      { prefix, afterRevision: this.#position, progress: true },
      {
        event: (event) => {
          if (this.#over || !this.inHistory) return;
          // Only between revisions: a foreign transaction may have changed several keys at this one.
          if (event.revision > this.#position && this.#cacheFollows()) return this.#leaveHistory();
          this.#position = event.revision;
          if (event.type !== 'progress') callEvent(this.#handler, event);
          else if (this.#cacheFollows()) this.#leaveHistory();
        },
        end: (error) => {
          if (this.inHistory) this.end(error);
        },
      },
    );
  }

  #cacheFollows(): boolean {
    return this.#host.ready && this.#position >= this.#host.cache.ring.floor;
  }

  #leaveHistory(): void {
    const history = this.#history;
    this.#history = undefined;
    history?.stop();
    // Not from inside the storage's delivery.
    queueMicrotask(() => this.begin());
  }

  deliver(event: ChangeEvent): void {
    if (this.#over || event.revision <= this.#position) return;
    this.#busy = true;
    callEvent(this.#handler, event);
  }

  progress(): void {
    const { revision } = this.#host;
    if (this.#over || this.#options.progress !== true || revision < this.#position) return;
    callEvent(this.#handler, { type: 'progress', revision });
  }

  #watchProgress(): void {
    this.progress();
    if (this.#over) return;
    const intervalMs = this.#options.progressIntervalMs ?? defaultProgressIntervalMs;
    this.#cancelProgress = repeatWhile(this.#host.clock, intervalMs, () => {
      if (!this.#busy) this.progress();
      this.#busy = false;
      return !this.#over;
    });
  }

  stop(): void {
    this.end(undefined);
  }

  /** The Cacher starts over, so events may be missing. */
  interrupt(): void {
    if (!this.inHistory) this.end(compacted());
  }

  end(error: StorageError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    const history = this.#history;
    this.#history = undefined;
    history?.stop();
    this.#cancelProgress?.();
    this.#host.forget(this);
    callEnd(this.#handler, error);
  }
}
