/**
 * A Storage that answers reads and watches under one prefix from memory and hands everything else to the Storage it
 * wraps. It starts at first use: list, then the events of the shared watch.
 *
 * Freshness. A read without minRevision asks the storage for its revision and waits until the cache has seen it, so it
 * sees every write acknowledged before; where that takes too long the storage answers itself. A read with minRevision
 * waits for that revision and fails with `futureRevision` after three seconds, as upstream. Lists at an older revision
 * come from memory as far as the recent events reach back.
 */
import { currentSpan, note, traced } from '../../tracing/span.ts';
import { closed, futureRevision } from '../errors.ts';
import { prefixEnd } from '../keys.ts';
import { Page } from '../page.ts';
import { abortable, nextTurn } from '../signal.ts';
import type {
  Entry,
  GetResult,
  ListOptions,
  ListResult,
  ReadOptions,
  Storage,
  StorageError,
  Watch,
  WatchHandler,
  WatchOptions,
  WriteOptions,
} from '../storage.ts';
import type { CurrentRevision } from './current-revision.ts';
import type { ChangeEvent, RingLimits } from './event-ring.ts';
import type { SharedWatch, Subscriber } from './shared-watch.ts';
import { CacherStatistics } from './statistics.ts';
import { WatchCache } from './watch-cache.ts';
import type { WatcherHost } from './watcher.ts';
import { CacheWatcher } from './watcher.ts';

/** Upstream's bound on waiting for a fresh enough cache. */
const waitMs = 3000;
const firstRelistMs = 200;
const longestRelistMs = 5000;
const selectChunk = 2000;

export class Cacher implements Storage, Subscriber, WatcherHost {
  readonly prefix: string;
  readonly cache: WatchCache;
  readonly statistics = new CacherStatistics();
  readonly #shared: SharedWatch;
  readonly #current: CurrentRevision;
  #state: 'idle' | 'starting' | 'ready' | 'closed' | 'released' = 'idle';
  /** Events that arrive during the initial list. */
  #early: ChangeEvent[] = [];
  #becomingReady = Promise.withResolvers<void>();
  /** Reads that wait for that; each only so long, so that none is left behind where it never comes. */
  readonly #readers = new Set<() => void>();
  /** Counts starts, so that a list of an earlier one is recognised. */
  #attempt = 0;
  readonly #watchers = new Set<CacheWatcher>();
  readonly #live = new Map<string, Set<CacheWatcher>>();
  readonly #waiting = new Set<CacheWatcher>();

  constructor(shared: SharedWatch, current: CurrentRevision, prefix: string, limits?: RingLimits) {
    if (!prefix.endsWith('/')) throw new RangeError(`a Cacher's prefix must end in /: ${prefix}`);
    this.#shared = shared;
    this.#current = current;
    this.prefix = prefix;
    this.cache = new WatchCache(limits);
  }

  get storage(): Storage {
    return this.#shared.storage;
  }

  get clock(): SharedWatch['clock'] {
    return this.#shared.clock;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  get revision(): number {
    this.cache.progress(this.#shared.revision);
    return this.cache.revision;
  }

  // The shared watch.

  started(): void {
    this.#attempt += 1;
    void this.#list(this.#attempt);
  }

  interrupted(): void {
    this.#attempt += 1;
    if (this.#state === 'ready') {
      this.#state = 'starting';
      this.#becomingReady = Promise.withResolvers();
    }
    for (const watcher of this.#watchers) watcher.interrupt();
  }

  event(event: ChangeEvent): void {
    this.statistics.eventsReceived++;
    if (this.#state !== 'ready') {
      this.#early.push(event);
      return;
    }
    const shared = this.cache.apply(event, this.clock.now());
    if (shared === undefined) return;
    this.statistics.eventsDispatched++;
    if (this.#live.size > 0) this.#fanOut(shared);
    // From here on only the ring holds the former state.
    const former = shared.type === 'put' ? shared.previous : shared.entry;
    if (former !== undefined) former.memo = null;
  }

  #fanOut(event: ChangeEvent): void {
    const { key } = event.entry;
    for (let slash = this.prefix.length - 1; slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const watchers = this.#live.get(key.slice(0, slash + 1));
      if (watchers !== undefined) for (const watcher of watchers) watcher.deliver(event);
    }
    const watchers = this.#live.get(key);
    if (watchers !== undefined) for (const watcher of watchers) watcher.deliver(event);
  }

  async #list(attempt: number, delayMs = firstRelistMs): Promise<void> {
    let list: ListResult;
    // The list has all that came before it was asked for.
    this.#early = [];
    try {
      list = await this.storage.list({ prefix: this.prefix });
    } catch {
      this.clock.after(delayMs, () => {
        if (this.#attempt !== attempt || this.#state !== 'starting') return;
        void this.#list(attempt, Math.min(delayMs * 2, longestRelistMs));
      });
      return;
    }
    if (this.#attempt !== attempt || this.#state !== 'starting') return;
    this.cache.replace(list.entries, list.revision);
    for (const event of this.#early.splice(0)) this.cache.apply(event, this.clock.now());
    this.#state = 'ready';
    this.statistics.initializations++;
    this.#settled();
    for (const watcher of this.#waiting) {
      this.#waiting.delete(watcher);
      watcher.begin();
    }
  }

  #start(): void {
    if (this.#state === 'closed') throw closed();
    if (this.#state !== 'idle') return;
    this.#state = 'starting';
    this.#shared.subscribe(this.prefix, this);
  }

  // Reads.

  /** Whether the cache can answer; false where the storage has to. */
  async #fresh({ minRevision, signal }: ReadOptions): Promise<boolean> {
    signal?.throwIfAborted();
    this.#start();
    if (this.#state === 'released') return false;
    if (!this.ready && !(await abortable(this.#whenReady(), signal))) return false;
    const { statistics } = this;
    const target = minRevision ?? (await abortable(this.#current.get(), signal));
    if (minRevision === undefined) statistics.consistentReads++;
    if (this.revision >= target) return this.ready;
    const started = performance.now();
    const seen = await abortable(this.#shared.waitFor(target, waitMs), signal);
    statistics.waited.observe((performance.now() - started) / 1000);
    if (seen) return this.ready;
    this.#start();
    if (minRevision !== undefined) throw futureRevision(minRevision, this.revision);
    statistics.consistentReadFallbacks++;
    return false;
  }

  /** Once it is filled, if anybody has asked for it; at once otherwise. */
  async filled(signal?: AbortSignal): Promise<void> {
    if (this.#state === 'starting') await abortable(this.#becomingReady.promise, signal);
  }

  #whenReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (): void => {
        cancel();
        this.#readers.delete(settle);
        resolve(this.ready);
      };
      const cancel = this.clock.after(waitMs, settle);
      this.#readers.add(settle);
    });
  }

  /** It is ready, or never will be. */
  #settled(): void {
    this.#becomingReady.resolve();
    for (const settle of this.#readers) settle();
  }

  get(key: string, options: ReadOptions = {}): Promise<GetResult> {
    if (currentSpan() === undefined) return this.#get(key, options);
    const attributes = { key, 'resource-version': String(options.minRevision ?? '') };
    return traced(
      'cacher.Get',
      () => ({ attributes }),
      () => this.#get(key, options),
    );
  }

  async #get(key: string, options: ReadOptions): Promise<GetResult> {
    const past = options.uncached === true || !key.startsWith(this.prefix);
    if (past || !(await this.#fresh(options))) return this.storage.get(key, options);
    return { entry: this.cache.get(key), revision: this.revision };
  }

  list(options: ListOptions): Promise<ListResult> {
    const type = this.prefix.replace(/^\/[^/]*\/|\/$/g, '');
    return traced(
      'cacher.GetList',
      () => ({ attributes: { type } }),
      () => this.#listed(options),
    );
  }

  async #listed(options: ListOptions): Promise<ListResult> {
    if (!options.prefix.startsWith(this.prefix)) return this.storage.list(options);
    // Pages of a list must end at the same time whether or not the resource has been quiet: what the ring holds of
    // forgotten history is for watches only.
    if ((options.revision ?? Infinity) < this.compactedRevision) return this.storage.list(options);
    const fresh = await this.#fresh(options.revision === undefined ? options : { ...options, minRevision: 0 });
    const revision = options.revision ?? this.revision;
    if (!fresh || revision > this.revision || !this.cache.knows(revision)) return this.storage.list(options);
    note('Ready');
    const page = await this.#page(options, revision);
    this.statistics.objectsReturned += page.entries.length;
    note('Filtered items', { count: page.entries.length });
    return page;
  }

  async #page(options: ListOptions, revision: number): Promise<ListResult> {
    const { prefix, limit = 0, select, among } = options;
    const start = options.start !== undefined && options.start > prefix ? options.start : prefix;
    // Without a select one entry more than the page is enough to name the next one.
    const needed = limit > 0 && select === undefined ? limit + 1 : Infinity;
    const end = prefixEnd(prefix);
    const candidates = among === undefined ? undefined : this.cache.candidates(start, end, revision, among);
    const { entries, total } =
      candidates === undefined
        ? this.cache.range(start, end, revision, needed)
        : { entries: candidates, total: candidates.length };
    this.statistics.lists++;
    this.statistics.objectsFetched += entries.length;
    if (limit === 0 && select === undefined) return { entries, revision, next: undefined, remaining: 0 };
    const page = new Page(limit, select);
    // `entries` is a snapshot: the cache may go on meanwhile.
    for (const [index, entry] of entries.entries()) {
      if (page.add(entry.key, () => entry) === 'full') break;
      if (select !== undefined && index % selectChunk === selectChunk - 1) {
        await nextTurn();
        options.signal?.throwIfAborted();
      }
    }
    page.addBeyond(total - entries.length);
    return { revision, ...page.result() };
  }

  async count(prefix: string): Promise<number> {
    if (!prefix.startsWith(this.prefix) || !(await this.#fresh({}))) return this.storage.count(prefix);
    return this.cache.count(prefix);
  }

  currentRevision(signal?: AbortSignal): Promise<number> {
    return this.#passOn(() => this.storage.currentRevision(signal));
  }

  // Watches.

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    this.#start();
    if (!options.prefix.startsWith(this.prefix)) return this.storage.watch(options, handler);
    const watcher = new CacheWatcher(this, options, handler);
    this.#watchers.add(watcher);
    queueMicrotask(() => (this.#state === 'released' ? watcher.end(undefined) : watcher.begin()));
    return watcher;
  }

  live(watcher: CacheWatcher): void {
    const watchers = this.#live.get(watcher.prefix) ?? new Set();
    this.#live.set(watcher.prefix, watchers.add(watcher));
  }

  waiting(watcher: CacheWatcher): void {
    this.#waiting.add(watcher);
  }

  forget(watcher: CacheWatcher): void {
    this.#watchers.delete(watcher);
    this.#waiting.delete(watcher);
    const watchers = this.#live.get(watcher.prefix);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#live.delete(watcher.prefix);
  }

  requestProgress(): void {
    for (const watchers of this.#live.values()) for (const watcher of watchers) watcher.progress();
  }

  // Writes.

  create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    return this.#passOn(() => this.storage.create(key, value, options));
  }

  update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry> {
    return this.#passOn(() => this.storage.update(key, value, expectedModRevision, options));
  }

  delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.#passOn(() => this.storage.delete(key, expectedModRevision, signal));
  }

  get compactedRevision(): number {
    return this.storage.compactedRevision;
  }

  compact(revision: number): Promise<void> {
    return this.#passOn(() => this.storage.compact(revision));
  }

  async #passOn<T>(call: () => Promise<T>): Promise<T> {
    if (this.#state === 'closed') throw closed();
    return call();
  }

  /** Ends the watches; the wrapped storage stays open, it has other users. */
  async close(): Promise<void> {
    this.#end('closed', closed());
  }

  /**
   * Another Cacher takes over, or nobody needs this one any more: watches end as if they had been stopped, and requests
   * that are under way are answered by the storage.
   */
  release(): void {
    this.#end('released', undefined);
  }

  #end(state: 'closed' | 'released', reason: StorageError | undefined): void {
    if (this.#state === 'closed' || this.#state === 'released') return;
    this.#state = state;
    this.#shared.unsubscribe(this.prefix, this);
    this.#settled();
    for (const watcher of this.#watchers) watcher.end(reason);
  }
}
