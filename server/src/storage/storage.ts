/**
 * Storage keeps bytes under keys with etcd's semantics; everything the API server persists goes through it.
 *
 * Vocabulary. A *revision* is a positive integer that grows by one with every change to the whole store; a read
 * reports the revision it saw. An entry's *modRevision* is the revision of its last change and becomes the object's
 * `metadata.resourceVersion`. Values are the object's JSON without a resourceVersion (`splice.ts` of the registry puts
 * it in on the way out). Keys follow upstream: `/registry/<resource>/<namespace>/<name>`.
 *
 * Implementations: `embedded/` (LMDB in process), `etcd/` (etcd 3.4 or later), and `cacher/`, which is a Storage that
 * wraps a Storage. `testing/` exports the one suite that all of them run.
 */

/**
 * One key's state at one revision. Immutable once handed out: the Cacher shares entries between all readers. `memo`
 * lets upper layers keep what they derived (selector attributes, encoded bodies) for as long as the entry is the
 * current one; the Cacher makes it null when another takes its place: only little is to be kept from then on.
 */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** To be written again even if nothing changes: it was encrypted with another key than would be used now. */
  readonly stale?: boolean;
  memo?: unknown;
}

export type StorageErrorCode =
  /** create: the key is there already. */
  | 'keyExists'
  /** update or delete: no entry under the key. */
  | 'keyNotFound'
  /** update or delete: the entry's modRevision is not the expected one; `current` carries it. */
  | 'conflict'
  /** read or watch at a revision that was compacted away: HTTP 410. */
  | 'compacted'
  /** read at a revision that is not there yet (a watch after such a revision waits for it). */
  | 'futureRevision'
  /** the store cannot be reached or was closed. */
  | 'unavailable'
  /** the value is larger than the store takes. */
  | 'tooLarge'
  /** the value cannot be encrypted or decrypted. */
  | 'untransformable';

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  readonly key: string | undefined;
  readonly current: Entry | undefined;

  constructor(
    code: StorageErrorCode,
    message: string,
    detail: { key?: string; current?: Entry; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'StorageError';
    this.code = code;
    this.key = detail.key;
    this.current = detail.current;
  }
}

export interface ReadOptions {
  /**
   * How fresh the answer must be. Absent: linearizable, it sees every write acknowledged before the call. A number N:
   * any state at revision N or later will do, and 0 means whatever is at hand.
   */
  minRevision?: number;
  /** Past all caches, which do not hear that an entry has become stale. */
  uncached?: boolean;
  signal?: AbortSignal;
}

export interface GetResult {
  entry: Entry | undefined;
  /** The store's revision as of this read. */
  revision: number;
}

export interface ListOptions extends ReadOptions {
  /** Keys that start with this, which ends in `/`. */
  prefix: string;
  /** Only keys at or after this one (inclusive), for paging. */
  start?: string;
  /** The state exactly as of this revision; excludes minRevision. */
  revision?: number;
  /** At most this many entries; 0 or absent means all. */
  limit?: number;
  /** Only entries this accepts count towards `limit`. Must be pure. */
  select?: (entry: Entry) => boolean;
  /** Where to look for what `select` accepts, for a cache that can make use of it. */
  among?: Among;
}

/** Every entry in question has one of these values there. */
export interface Among {
  /** Stands for what `of` reads. */
  readonly attribute: string;
  readonly values: readonly string[];
  of(entry: Entry): string | undefined;
}

export interface ListResult {
  /** In key order (bytes). */
  entries: Entry[];
  /** The revision that the list is exactly true at. */
  revision: number;
  /** Where the next page starts: the key of the next entry that would be listed, if there is one. */
  next: string | undefined;
  /** Entries after this page; undefined where `select` makes that unknown. */
  remaining: number | undefined;
}

export interface WriteOptions {
  /** The entry expires this many seconds from now (rounded up to the store's granularity). */
  ttlSeconds?: number;
  signal?: AbortSignal;
}

export type StorageEvent =
  | { type: 'put'; revision: number; entry: Entry; previous: Entry | undefined; memo?: unknown }
  /** `entry` is the last state before the deletion; `revision` is the deletion's. */
  | { type: 'delete'; revision: number; entry: Entry; memo?: unknown }
  /** Nothing at or before `revision` is still to come on this watch. */
  | { type: 'progress'; revision: number };

export interface WatchOptions {
  /** Keys that start with this; a whole key that ends without `/` watches that key alone. */
  prefix: string;
  /** Only changes after this revision; `compacted` if it is older than the last compaction. */
  afterRevision: number;
  /** Also deliver `progress` events: one when the backlog is through, then every `progressIntervalMs` while idle. */
  progress?: boolean;
  /** Default 5000. */
  progressIntervalMs?: number;
}

export interface WatchHandler {
  /**
   * Called once for every change, in revision order, synchronously after one another, the backlog included. It must
   * not block and must not throw; a slow consumer bounds its own queue and stops the watch.
   */
  event(event: StorageEvent): void;
  /** The watch is over: `compacted` (start again from a list), `unavailable`, or undefined after stop(). Called once. */
  end(error: StorageError | undefined): void;
}

export interface Watch {
  stop(): void;
}

export interface Storage {
  /** As far as this store knows: what was before this revision is forgotten. Others may have compacted meanwhile. */
  readonly compactedRevision: number;
  /** The store's current revision, linearizable. */
  currentRevision(signal?: AbortSignal): Promise<number>;
  get(key: string, options?: ReadOptions): Promise<GetResult>;
  list(options: ListOptions): Promise<ListResult>;
  /** Bytes that the whole store takes on the disk; absent on what is no store of its own. */
  size?(): Promise<number>;
  /** How many keys start with `prefix`. */
  count(prefix: string): Promise<number>;
  /** Acknowledged means durable. Throws `keyExists`. */
  create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry>;
  /** Compare-and-swap. Throws `conflict` (with `current`) or `keyNotFound`. */
  update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry>;
  /** Resolves to the deletion's revision. Throws `conflict` (with `current`) or `keyNotFound`. */
  delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number>;
  /** No handler is called before this returns. */
  watch(options: WatchOptions, handler: WatchHandler): Watch;
  /**
   * Ask that every watch with `progress` be told soon how far it is. Absent where the store cannot be asked; then such
   * watches hear only as often as the store itself sees fit.
   */
  requestProgress?(): void;
  /**
   * Forget history before `revision`; a read or watch that needs it fails with `compacted` from then on. Does nothing
   * if that much is forgotten already; throws `futureRevision` past the current revision.
   */
  compact(revision: number): Promise<void>;
  /** Ends all watches, releases everything. Idempotent. */
  close(): Promise<void>;
}
