/**
 * The LMDB environment of the embedded store and every access to it. Reads are synchronous and see only what is on
 * disk; `commit` writes a group of changes as one transaction.
 *
 * LMDB is opened without `overlappingSync` and without `noSync`: the promise of a batch settles only after its worker
 * thread has synced the data pages and then written and synced the meta page. That promise is what "durable" means here.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Lmdb, RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import { closed } from '../errors.ts';
import type { Entry, StorageEvent } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { IndexRecord, LogRecord } from './record.ts';
import {
  decodeIndex,
  decodeLog,
  encodeIndex,
  encodeLog,
  entryOf,
  formatVersion,
  formerVersions,
  isDeletion,
  keyOf,
  previousRevisionOf,
} from './record.ts';

/**
 * Address space, not memory. A file that outgrows it is mapped anew, and each mapping counts what it shares with the
 * others as resident.
 */
const mappedBytes = 16 * 1024 ** 3;

/** One revision's change on its way to the disk. */
export interface Change extends LogRecord {
  expiresAt: number;
}

/** LMDB takes 1978 bytes; the longest key of Kubernetes is below 900. */
const maximumKeyBytes = 1500;

/** Nothing is stored under such a key, and LMDB must not be asked for it. */
export function isTooLong(key: string): boolean {
  return key.length > maximumKeyBytes / 3 && Buffer.byteLength(key) > maximumKeyBytes;
}

export class Database {
  readonly root: RootDatabase<Buffer, string>;
  readonly path: string;
  readonly #meta: Lmdb<string, string>;
  readonly #index: Lmdb<Buffer, string>;
  readonly #log: Lmdb<Buffer, number>;
  readonly #expiry: Lmdb<Buffer, [number, number]>;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, 'data.mdb');
    this.path = path;
    this.root = open<Buffer, string>({
      path,
      noSubdir: true,
      encoding: 'binary',
      maxDbs: 8,
      overlappingSync: false,
      // Every write is part of a batch of ours. Batches of the binding's own end in promises that nobody can listen to:
      // one that fails, on a full disk, would end the process.
      eventTurnBatching: false,
      mapSize: mappedBytes,
    });
    chmodSync(path, 0o600);
    this.#meta = this.root.openDB<string, string>({ name: 'meta', encoding: 'string' });
    this.#index = this.root.openDB<Buffer, string>({ name: 'index', encoding: 'binary' });
    this.#log = this.root.openDB<Buffer, number>({ name: 'log', encoding: 'binary', compression: true });
    this.#expiry = this.root.openDB<Buffer, [number, number]>({ name: 'expiry', encoding: 'binary' });
  }

  /** Runs `claim` with the record of the current owner in a write transaction and stores what it returns. */
  claim(directory: string, claim: (owner: string | undefined) => string): void {
    this.#meta.transactionSync(() => {
      const format = this.#meta.get('format');
      const present = String(formatVersion);
      if (format !== undefined && format !== present && !formerVersions.includes(format)) {
        throw new StorageError(
          'unavailable',
          `${directory} holds a store of format ${format}; this version reads format ${formatVersion}`,
        );
      }
      this.#meta.putSync('owner', claim(this.#meta.get('owner')));
      if (format !== present) this.#meta.putSync('format', present);
    });
  }

  number(name: 'revision' | 'compacted' | 'swept'): number {
    return Number(this.#meta.get(name) ?? 0);
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await this.#batch(() => {
      for (const change of changes) {
        void this.#log.put(change.revision, encodeLog(change));
        void this.#index.put(change.key, encodeIndex({ ...change, modRevision: change.revision }));
        if (change.expiresAt > 0) {
          void this.#expiry.put([change.expiresAt, change.revision], Buffer.from(change.key));
        }
      }
      void this.#meta.put('revision', String(changes.at(-1)?.revision ?? 0));
    });
  }

  async #batch(write: () => void): Promise<void> {
    if (this.#closed) throw closed();
    const batch = this.root.batch(write);
    this.#underWay.add(batch);
    try {
      await batch;
    } catch (error) {
      // Why it failed comes as a promise of its own; the binding prints it.
      (error as { commitError?: Promise<never> }).commitError?.catch(() => undefined);
      throw error;
    } finally {
      this.#underWay.delete(batch);
    }
    this.root.resetReadTxn();
  }

  indexOf(key: string): IndexRecord | undefined {
    const bytes = isTooLong(key) ? undefined : this.#index.getBinary(key);
    return bytes === undefined ? undefined : decodeIndex(bytes);
  }

  recordOf(revision: number): LogRecord | undefined {
    const bytes = this.#log.getBinary(revision);
    return bytes === undefined ? undefined : decodeLog(revision, bytes);
  }

  entryOf(revision: number): Entry | undefined {
    const record = this.recordOf(revision);
    return record === undefined || record.deleted ? undefined : entryOf(record);
  }

  /** The revision of the put that holds the key's state at `revision`, 0 where the key is not there. */
  revisionAt(state: IndexRecord, revision: number): number {
    if (state.modRevision <= revision) return state.deleted ? 0 : state.modRevision;
    let at = state.modRevision;
    for (;;) {
      const bytes = this.#log.getBinaryFast(at);
      // A missing record was a deletion that compaction has removed.
      if (bytes === undefined) return 0;
      if (at <= revision) return isDeletion(bytes) ? 0 : at;
      at = previousRevisionOf(bytes);
      if (at === 0) return 0;
    }
  }

  /** At most `limit` keys of the index from `start` up to and not including `end`; deleted keys among them. */
  keys(start: string, end: string, limit: number, exclusiveStart: boolean): { key: string; state: IndexRecord }[] {
    if (isTooLong(end)) return [];
    const range = isTooLong(start)
      ? { start: start.slice(0, maximumKeyBytes / 3), exclusiveStart: true }
      : { start, exclusiveStart };
    return Array.from(this.#index.getRange({ ...range, end, limit }), ({ key, value }) => ({
      key,
      state: decodeIndex(value),
    }));
  }

  /** At most `limit` records of the log with after < revision <= last. */
  records(after: number, last: number, limit: number): LogRecord[] {
    return Array.from(this.#log.getRange({ start: after + 1, end: last + 1, limit }), ({ key, value }) =>
      decodeLog(key, value),
    );
  }

  /** What a watch says about a record; needs the record before it, so only beyond the compacted revision. */
  eventOf(record: LogRecord): StorageEvent | undefined {
    const { revision } = record;
    if (record.deleted) {
      const entry = this.entryOf(record.previousRevision);
      return entry === undefined ? undefined : { type: 'delete', revision, entry, memo: undefined };
    }
    const previous = record.createRevision === revision ? undefined : this.entryOf(record.previousRevision);
    return { type: 'put', revision, entry: entryOf(record), previous, memo: undefined };
  }

  /** The entries that are due first; some may have been changed since and no longer expire then. */
  expiring(limit: number): { expiresAt: number; revision: number; key: string }[] {
    return Array.from(this.#expiry.getRange({ limit }), ({ key: [expiresAt, revision], value }) => ({
      expiresAt,
      revision,
      key: value.toString(),
    }));
  }

  forgetExpiring(due: readonly { expiresAt: number; revision: number }[]): Promise<void> {
    return this.#batch(() => {
      for (const { expiresAt, revision } of due) void this.#expiry.remove([expiresAt, revision]);
    });
  }

  /** From here on reads below `revision` are refused, also after a restart. */
  setCompacted(revision: number): Promise<void> {
    return this.#batch(() => void this.#meta.put('compacted', String(revision)));
  }

  /**
   * Removes what the records in after < revision <= last made obsolete: the records they replaced, and themselves where
   * they are deletions, with the key's place in the index if nothing happened to it since. `last` must not be beyond the
   * compacted revision, and no commit may be under way. Resolves to how far it came.
   */
  async sweep(after: number, last: number, limit: number): Promise<number> {
    const swept: { revision: number; previous: number; deletedKey: string | undefined }[] = [];
    for (const { key, value } of this.#log.getRange({ start: after + 1, end: last + 1, limit })) {
      const deletedKey = isDeletion(value) ? keyOf(value) : undefined;
      swept.push({ revision: key, previous: previousRevisionOf(value), deletedKey });
    }
    const reached = swept.length < limit ? last : (swept.at(-1)?.revision ?? last);
    await this.#batch(() => {
      for (const { revision, previous, deletedKey } of swept) {
        if (previous > 0) void this.#log.remove(previous);
        if (deletedKey === undefined) continue;
        void this.#log.remove(revision);
        if (this.indexOf(deletedKey)?.modRevision === revision) void this.#index.remove(deletedKey);
      }
      void this.#meta.put('swept', String(reached));
    });
    return reached;
  }

  /** Gives the directory up for others, once what is under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    try {
      this.#meta.removeSync('owner');
    } finally {
      // On a full disk the record stays: that of a process which is gone counts for nothing.
      await this.root.close();
    }
  }

  /** Closes without having been the owner. */
  abandon(): Promise<void> {
    return this.root.close();
  }
}
