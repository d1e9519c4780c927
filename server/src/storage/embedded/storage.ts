/**
 * Storage in one LMDB file of this process. Reads are at the last durable revision; writes are acknowledged when they
 * are on disk. See `record.ts` for the layout, `writer.ts` for group commit, `watchers.ts` for watches and `upkeep.ts`
 * for expiry and compaction.
 */
import { realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { closed, compacted, futureRevision, maximumValueBytes, tooLarge } from '../errors.ts';
import { prefixEnd } from '../keys.ts';
import { Page } from '../page.ts';
import { nextTurn } from '../signal.ts';
import type {
  Entry,
  GetResult,
  ListOptions,
  ListResult,
  ReadOptions,
  Storage,
  StorageEvent,
  Watch,
  WatchHandler,
  WatchOptions,
  WriteOptions,
} from '../storage.ts';
import { StorageError } from '../storage.ts';
import { Database, isTooLong } from './database.ts';
import { claimFor } from './owner.ts';
import type { IndexRecord } from './record.ts';
import type { CompactionPolicy } from './upkeep.ts';
import { AutoCompaction, Expiry } from './upkeep.ts';
import { Watchers } from './watchers.ts';
import type { PendingChange } from './writer.ts';
import { Writer } from './writer.ts';

export interface EmbeddedStorageOptions {
  clock?: Clock;
  /** Default: 5 minutes, 250,000 revisions. */
  compaction?: Partial<CompactionPolicy>;
}

const scanChunk = 1000;
const sweepChunk = 500;

/** Directories that this process has open; the owner record tells processes apart only. */
const openDirectories = new Set<string>();

type Head = Pick<IndexRecord, 'deleted' | 'createRevision' | 'modRevision'> & { pending?: PendingChange };

export class EmbeddedStorage implements Storage {
  readonly database: Database;
  readonly clock: Clock;
  readonly #directory: string;
  readonly #writer: Writer;
  readonly #watchers: Watchers;
  readonly #expiry: Expiry;
  readonly #compaction: AutoCompaction;
  #durable: number;
  #assigned: number;
  #compacted: number;
  #sweeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Creates the store where there is none. Throws `unavailable` if the directory is in use or of another format. */
  static open(directory: string, options: EmbeddedStorageOptions = {}): Promise<EmbeddedStorage> {
    // LMDB opens synchronously; the promise is for the caller's `await` and for errors.
    return Promise.resolve().then(() => new EmbeddedStorage(directory, options));
  }

  private constructor(directory: string, options: EmbeddedStorageOptions) {
    this.database = new Database(directory);
    this.#directory = realpathSync(directory);
    try {
      if (openDirectories.has(this.#directory)) {
        throw new StorageError('unavailable', `${directory} is in use by this process already`);
      }
      this.database.claim(directory, claimFor(directory));
    } catch (error) {
      void this.database.abandon();
      throw error;
    }
    openDirectories.add(this.#directory);
    this.clock = options.clock ?? systemClock;
    this.#durable = this.database.number('revision');
    this.#assigned = this.#durable;
    this.#compacted = this.database.number('compacted');
    this.#watchers = new Watchers(this);
    this.#writer = new Writer({
      commit: (changes) => this.database.commit(changes),
      committed: (changes) => this.#committed(changes),
      failed: () => {
        this.#assigned = this.#durable;
      },
    });
    this.#expiry = new Expiry(this);
    this.#compaction = new AutoCompaction(this, {
      intervalMs: 300_000,
      maximumRevisions: 250_000,
      ...options.compaction,
    });
    void this.#expiry.sweep();
    // A sweep that a crash cut short goes on.
    if (this.database.number('swept') < this.#compacted) void this.#sweep().catch(() => undefined);
  }

  /** The last durable revision. */
  get revision(): number {
    return this.#durable;
  }

  async size(): Promise<number> {
    return (await stat(this.database.path)).size;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  #check(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closed();
  }

  async currentRevision(signal?: AbortSignal): Promise<number> {
    this.#check(signal);
    return this.#durable;
  }

  async get(key: string, options: ReadOptions = {}): Promise<GetResult> {
    this.#check(options.signal);
    const revision = this.#readable(options.minRevision);
    const state = this.database.indexOf(key);
    return { entry: state && this.#entryAt(state, revision), revision };
  }

  #readable(minRevision: number | undefined): number {
    if (minRevision !== undefined && minRevision > this.#durable) throw futureRevision(minRevision, this.#durable);
    return this.#durable;
  }

  /** LMDB may show what is durable but not announced yet; the chain of the key leads back to `revision`. */
  #entryAt(state: IndexRecord, revision: number): Entry | undefined {
    const at = this.database.revisionAt(state, revision);
    return at === 0 ? undefined : this.database.entryOf(at);
  }

  async list(options: ListOptions): Promise<ListResult> {
    this.#check(options.signal);
    const { prefix, select, limit = 0 } = options;
    if (options.revision !== undefined) {
      if (options.revision > this.#durable) throw futureRevision(options.revision, this.#durable);
      if (options.revision < this.#compacted) throw compacted();
    }
    const revision = options.revision ?? this.#readable(options.minRevision);
    const page = new Page(limit, select);
    const start = options.start !== undefined && options.start > prefix ? options.start : prefix;
    scan: for await (const chunk of this.#scan(start, prefixEnd(prefix), options.signal)) {
      for (const { key, state } of chunk) {
        const at = this.database.revisionAt(state, revision);
        if (at > 0 && page.add(key, () => this.database.entryOf(at)) === 'full') break scan;
      }
    }
    if (revision < this.#compacted) {
      // Compaction overtook the scan; a list that did not ask for this revision starts over.
      if (options.revision !== undefined) throw compacted();
      return this.list(options);
    }
    return { revision, ...page.result() };
  }

  /** The index between two keys, a chunk per turn of the event loop; keys that come and go meanwhile may be missed. */
  async *#scan(start: string, end: string, signal?: AbortSignal): AsyncIterable<{ key: string; state: IndexRecord }[]> {
    let after: string | undefined;
    for (;;) {
      const chunk = this.database.keys(after ?? start, end, scanChunk, after !== undefined);
      yield chunk;
      after = chunk.at(-1)?.key;
      if (chunk.length < scanChunk) return;
      await nextTurn();
      this.#check(signal);
    }
  }

  async count(prefix: string): Promise<number> {
    this.#check();
    const revision = this.#durable;
    let count = 0;
    for await (const chunk of this.#scan(prefix, prefixEnd(prefix))) {
      for (const { state } of chunk) if (this.database.revisionAt(state, revision) > 0) count += 1;
    }
    return count;
  }

  async create(key: string, value: Buffer, options: WriteOptions = {}): Promise<Entry> {
    this.#check(options.signal);
    const head = this.#head(key);
    if (head !== undefined && !head.deleted) {
      const current = await this.#settled(head);
      throw new StorageError('keyExists', `key exists: ${key}`, { key, ...(current && { current }) });
    }
    return this.#put(key, value, undefined, head?.modRevision ?? 0, options);
  }

  async update(key: string, value: Buffer, expectedModRevision: number, options: WriteOptions = {}): Promise<Entry> {
    this.#check(options.signal);
    const previous = this.#expected(key, expectedModRevision);
    if (previous === undefined) throw await this.#mismatch(key);
    return this.#put(key, value, previous, expectedModRevision, options);
  }

  async delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    this.#check(signal);
    const entry = this.#expected(key, expectedModRevision);
    if (entry === undefined) throw await this.#mismatch(key);
    this.#assigned += 1;
    const revision = this.#assigned;
    await this.#writer.queue({
      revision,
      deleted: true,
      key,
      createRevision: entry.createRevision,
      previousRevision: entry.modRevision,
      value: Buffer.alloc(0),
      expiresAt: 0,
      entry,
      previous: entry,
    });
    return revision;
  }

  #put(
    key: string,
    value: Buffer,
    previous: Entry | undefined,
    previousRevision: number,
    options: WriteOptions,
  ): Promise<Entry> {
    if (value.length > maximumValueBytes || isTooLong(key)) throw tooLarge(key);
    this.#assigned += 1;
    const revision = this.#assigned;
    const createRevision = previous?.createRevision ?? revision;
    const entry: Entry = { key, value, createRevision, modRevision: revision, memo: undefined };
    const { ttlSeconds } = options;
    const expiresAt = ttlSeconds === undefined ? 0 : this.clock.now() + Math.ceil(ttlSeconds) * 1000;
    return this.#writer
      .queue({ revision, deleted: false, key, createRevision, previousRevision, value, expiresAt, entry, previous })
      .then(() => entry);
  }

  /** What the next write of this key has to reckon with: the newest change, durable or not. */
  #head(key: string): Head | undefined {
    const pending = this.#writer.pending(key);
    if (pending === undefined) return this.database.indexOf(key);
    const { deleted, createRevision, revision } = pending;
    return { deleted, createRevision, modRevision: revision, pending };
  }

  /** The entry of a head once it is durable: nobody hears of a state that may still be lost. */
  async #settled(head: Head): Promise<Entry | undefined> {
    await head.pending?.done;
    return head.deleted ? undefined : (head.pending?.entry ?? this.database.entryOf(head.modRevision));
  }

  /** The current entry, if its modRevision is the expected one. The write must be queued in the same turn. */
  #expected(key: string, modRevision: number): Entry | undefined {
    const head = this.#head(key);
    if (head === undefined || head.deleted || head.modRevision !== modRevision) return undefined;
    return head.pending?.entry ?? this.database.entryOf(modRevision);
  }

  async #mismatch(key: string): Promise<StorageError> {
    const head = this.#head(key);
    const current = head && (await this.#settled(head));
    if (current === undefined) return new StorageError('keyNotFound', `key not found: ${key}`, { key });
    return new StorageError('conflict', `key changed: ${key}`, { key, current });
  }

  /** Removes what compaction has made obsolete, up to wherever compaction is by then. */
  #sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    let swept = this.database.number('swept');
    while (swept < this.#compacted && this.#closing === undefined) {
      await this.#writer.between(async () => {
        swept = await this.database.sweep(swept, this.#compacted, sweepChunk);
      });
    }
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    this.#check();
    return this.#watchers.add(options, handler);
  }

  requestProgress(): void {
    this.#watchers.progress();
  }

  async compact(revision: number): Promise<void> {
    this.#check();
    if (revision > this.#durable) throw futureRevision(revision, this.#durable);
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    await this.database.setCompacted(revision);
    await this.#sweep();
  }

  #committed(changes: readonly PendingChange[]): void {
    this.#durable = changes.at(-1)?.revision ?? this.#durable;
    this.#watchers.deliver(changes.map(eventOf));
    for (const { expiresAt } of changes) if (expiresAt > 0) this.#expiry.add(expiresAt);
    this.#compaction.grown();
  }

  async expire(key: string, revision: number): Promise<void> {
    try {
      await this.delete(key, revision);
    } catch (error) {
      if (!(error instanceof StorageError) || (error.code !== 'conflict' && error.code !== 'keyNotFound')) throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#expiry.stop();
    this.#compaction.stop();
    await this.#writer.idle();
    this.#watchers.end(closed());
    try {
      await this.database.close();
    } finally {
      openDirectories.delete(this.#directory);
    }
  }
}

function eventOf({ revision, deleted, entry, previous }: PendingChange): StorageEvent {
  return deleted
    ? { type: 'delete', revision, entry, memo: undefined }
    : { type: 'put', revision, entry, previous, memo: undefined };
}
