import type { Entry, GetResult, ListResult, Storage, Watch, WatchHandler } from '../storage.ts';
import { StorageError } from '../storage.ts';

/** A Storage whose watches can be cut, whose calls can be held back or made to fail, as a test says. */
export class FaultyStorage implements Storage {
  readonly #storage: Storage;
  readonly #watches = new Set<{ watch: Watch; handler: WatchHandler }>();
  /** While set, watches hear nothing; what they would have heard comes when `resume` is called. */
  #held: (() => void)[] | undefined;
  /** Calls fail as unavailable while true. */
  down = false;
  calls = { currentRevision: 0, get: 0, list: 0, watch: 0 };

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Ends all watches the way a compaction ends them. */
  cutWatches(): void {
    for (const each of this.#watches) {
      this.#watches.delete(each);
      each.watch.stop();
      each.handler.end(new StorageError('compacted', 'cut'));
    }
  }

  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    if (this.down) throw new StorageError('unavailable', 'down');
    return call();
  }

  currentRevision(signal?: AbortSignal): Promise<number> {
    this.calls.currentRevision += 1;
    return this.#call(() => this.#storage.currentRevision(signal));
  }

  get(...parameters: Parameters<Storage['get']>): Promise<GetResult> {
    this.calls.get += 1;
    return this.#call(() => this.#storage.get(...parameters));
  }

  list(...parameters: Parameters<Storage['list']>): Promise<ListResult> {
    this.calls.list += 1;
    return this.#call(() => this.#storage.list(...parameters));
  }

  count(prefix: string): Promise<number> {
    return this.#call(() => this.#storage.count(prefix));
  }

  create(...parameters: Parameters<Storage['create']>): Promise<Entry> {
    return this.#call(() => this.#storage.create(...parameters));
  }

  update(...parameters: Parameters<Storage['update']>): Promise<Entry> {
    return this.#call(() => this.#storage.update(...parameters));
  }

  delete(...parameters: Parameters<Storage['delete']>): Promise<number> {
    return this.#call(() => this.#storage.delete(...parameters));
  }

  watch(options: Parameters<Storage['watch']>[0], handler: WatchHandler): Watch {
    this.calls.watch += 1;
    const watch = this.#storage.watch(options, {
      event: (event) => {
        if (!this.#watches.has(each)) return;
        if (this.#held === undefined) handler.event(event);
        else this.#held.push(() => this.#watches.has(each) && handler.event(event));
      },
      end: (error) => {
        if (this.#watches.delete(each)) handler.end(error);
      },
    });
    const each = { watch, handler };
    this.#watches.add(each);
    return watch;
  }

  requestProgress(): void {
    this.#storage.requestProgress?.();
  }

  get compactedRevision(): number {
    return this.#storage.compactedRevision;
  }

  compact(revision: number): Promise<void> {
    return this.#call(() => this.#storage.compact(revision));
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}
