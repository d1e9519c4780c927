/** Storage in etcd 3.4 or later. Keys are the storage's keys behind an optional prefix. */
import { detached } from '@typernetes/openapi/codec';
import { tracedCall } from '../../tracing/propagation.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { closed, futureRevision } from '../errors.ts';
import { prefixEnd } from '../keys.ts';
import { Page } from '../page.ts';
import { abortable } from '../signal.ts';
import type {
  Entry,
  GetResult,
  ListOptions,
  ListResult,
  ReadOptions,
  Storage,
  Watch,
  WatchHandler,
  WatchOptions,
  WriteOptions,
} from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { MessageStream, StreamHandler } from './calls.ts';
import type { EtcdConnectOptions } from './client.ts';
import { EtcdClient, translateEtcdError } from './client.ts';
import { Compactor } from './compactor.ts';
import { supportsProgressRequests } from './features.ts';
import type { KeyValue, RangeAnswer, RangeRequest, TxnAnswer, TxnRequest } from './kv.ts';
import { Leases } from './lease.ts';
import { firstPageSize, nextPageSize } from './paging.ts';
import type { EtcdWatchHost } from './watch.ts';
import { EtcdWatch } from './watch.ts';

export interface EtcdStorageOptions extends EtcdConnectOptions {
  /** Put before every key, so that several clusters may share an etcd. Default none. */
  prefix?: string;
  /** Default 5 minutes; 0 leaves compaction to others. */
  compactionIntervalMs?: number;
  clock?: Clock;
}

export class EtcdStorage implements Storage, EtcdWatchHost {
  readonly clock: Clock;
  readonly progressRequests: boolean;
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #leases: Leases;
  readonly #compactor: Compactor;
  readonly #watches = new Set<EtcdWatch>();
  #closed = false;

  /** Throws `unavailable` if no endpoint answers in time. */
  static async connect(options: EtcdStorageOptions): Promise<EtcdStorage> {
    const client = new EtcdClient(options);
    try {
      const version = await client.version();
      return new EtcdStorage(client, options, supportsProgressRequests(version));
    } catch (error) {
      client.close();
      throw translateEtcdError(error);
    }
  }

  private constructor(client: EtcdClient, options: EtcdStorageOptions, progressRequests: boolean) {
    this.clock = options.clock ?? systemClock;
    this.progressRequests = progressRequests;
    this.#client = client;
    this.#prefix = options.prefix ?? '';
    this.#leases = new Leases(client, this.clock, options.observer);
    this.#compactor = new Compactor(client, this.clock, options.compactionIntervalMs ?? 300_000);
  }

  #bytes(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  entryOf(kv: KeyValue): Entry {
    return {
      key: kv.key.toString('utf8').slice(this.#prefix.length),
      value: detached(kv.value),
      createRevision: kv.create_revision,
      modRevision: kv.mod_revision,
      memo: undefined,
    };
  }

  /** Runs a call against etcd; its errors come out as StorageErrors. */
  async #run<T>(call: () => Promise<T>, signal?: AbortSignal, key?: string): Promise<T> {
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    try {
      return await abortable(call(), signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#closed ? closed() : translateEtcdError(error, key);
    }
  }

  #range(request: RangeRequest, signal?: AbortSignal): Promise<RangeAnswer> {
    const range = () => this.#client.read((deadline) => this.#client.kv.range(request, deadline));
    return this.#run(() => tracedCall('KV', 'Range', range), signal);
  }

  async currentRevision(signal?: AbortSignal): Promise<number> {
    // Any linearizable read tells; of a key that never is, so it costs nothing else, where every role may read.
    return (await this.#range({ key: this.#bytes('/registry/\0'), count_only: true }, signal)).revision;
  }

  async get(key: string, options: ReadOptions = {}): Promise<GetResult> {
    const { minRevision, signal } = options;
    const response = await this.#range({ key: this.#bytes(key), serializable: minRevision === 0 }, signal);
    const revision = checked(response, minRevision);
    const kv = response.kvs[0];
    return { entry: kv && this.entryOf(kv), revision };
  }

  async list(options: ListOptions): Promise<ListResult> {
    const { prefix, limit = 0, select, minRevision, signal } = options;
    const end = this.#bytes(prefixEnd(prefix));
    const page = new Page(limit, select);
    let from = this.#bytes(options.start !== undefined && options.start > prefix ? options.start : prefix);
    let revision = options.revision;
    let size = firstPageSize(limit);
    for (;;) {
      const response = await this.#ranged(
        { key: from, range_end: end, limit: size, revision: revision ?? 0, serializable: minRevision === 0 },
        revision,
        signal,
      );
      revision ??= checked(response, minRevision);
      let full = false;
      for (const kv of response.kvs) {
        const entry = this.entryOf(kv);
        full = page.add(entry.key, () => entry) === 'full';
        if (full) break;
      }
      const last = response.kvs.at(-1);
      if (!full && select === undefined && page.next !== undefined) {
        page.addBeyond(response.count - response.kvs.length);
        full = true;
      }
      if (full || !response.more || last === undefined) return { revision, ...page.result() };
      from = Buffer.concat([last.key, Buffer.from([0])]);
      size = nextPageSize(size, response.kvs);
    }
  }

  /** A range at a revision; etcd does not say where it is when that is still to come. */
  async #ranged(request: RangeRequest, revision: number | undefined, signal?: AbortSignal): Promise<RangeAnswer> {
    try {
      return await this.#range(request, signal);
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'futureRevision' || revision === undefined) throw error;
      throw futureRevision(revision, await this.currentRevision(signal));
    }
  }

  async count(prefix: string): Promise<number> {
    const range = { key: this.#bytes(prefix), range_end: this.#bytes(prefixEnd(prefix)), count_only: true };
    return (await this.#range(range)).count;
  }

  async create(key: string, value: Buffer, options: WriteOptions = {}): Promise<Entry> {
    const response = await this.#put(key, value, 0, options);
    const modRevision = response.revision;
    if (response.succeeded) return { key, value, createRevision: modRevision, modRevision, memo: undefined };
    const current = this.#found(response, 0);
    throw new StorageError('keyExists', `key exists: ${key}`, { key, ...(current && { current }) });
  }

  async update(key: string, value: Buffer, expectedModRevision: number, options: WriteOptions = {}): Promise<Entry> {
    const response = await this.#put(key, value, expectedModRevision, options);
    if (!response.succeeded) throw mismatch(key, this.#found(response, 0));
    const modRevision = response.revision;
    const createRevision = this.#found(response, 1)?.createRevision ?? modRevision;
    return { key, value, createRevision, modRevision, memo: undefined };
  }

  /** The put happens if the key's modRevision is the expected one, 0 for a key that is not there. */
  async #put(key: string, value: Buffer, expected: number, options: WriteOptions): Promise<TxnAnswer> {
    const { ttlSeconds, signal } = options;
    const name = this.#bytes(key);
    const put = async (): Promise<TxnAnswer> => {
      const lease = ttlSeconds === undefined ? 0n : await this.#leases.for(Math.ceil(ttlSeconds));
      const request: TxnRequest = {
        key: name,
        expected: { modRevision: expected },
        success: [
          { put: { key: name, value, lease } },
          // The answer to a put does not tell the createRevision.
          ...(expected > 0 ? [{ range: { key: name, keys_only: true } }] : []),
        ],
        failure: [{ range: { key: name } }],
      };
      return this.#txn(request);
    };
    const leaseGone = (error: unknown): boolean =>
      ttlSeconds !== undefined && error instanceof Error && error.message.includes('requested lease not found');
    return this.#run(
      () =>
        put().catch((error: unknown) => {
          if (!leaseGone(error)) throw error;
          this.#leases.forget();
          return put();
        }),
      signal,
      key,
    );
  }

  #txn(request: TxnRequest): Promise<TxnAnswer> {
    return tracedCall('KV', 'Txn', () => this.#client.write((deadline) => this.#client.kv.txn(request, deadline)));
  }

  #found(response: TxnAnswer, index: number): Entry | undefined {
    const kv = response.found[index];
    return kv && this.entryOf(kv);
  }

  async delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    const name = this.#bytes(key);
    const request: TxnRequest = {
      key: name,
      expected: { modRevision: expectedModRevision },
      // A key that is not there has modRevision 0, which must not count as expected.
      exists: true,
      success: [{ remove: { key: name } }],
      failure: [{ range: { key: name } }],
    };
    const response = await this.#run(() => this.#txn(request), signal, key);
    if (!response.succeeded) throw mismatch(key, this.#found(response, 0));
    return response.revision;
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    if (this.#closed) throw closed();
    const watch = new EtcdWatch(this, options, handler);
    this.#watches.add(watch);
    return watch;
  }

  async open(handler: StreamHandler): Promise<MessageStream> {
    // A call notices that the password's token has run out and gets a new one; a stream would only be refused.
    if (this.#client.hasPassword) await this.currentRevision().catch(() => undefined);
    return this.#client.watch(handler);
  }

  range(prefix: string): { key: Buffer; range_end?: Buffer } {
    if (!prefix.endsWith('/')) return { key: this.#bytes(prefix) };
    return { key: this.#bytes(prefix), range_end: this.#bytes(prefixEnd(prefix)) };
  }

  forget(watch: EtcdWatch): void {
    this.#watches.delete(watch);
  }

  requestProgress(): void {
    for (const watch of this.#watches) watch.requestProgress();
  }

  size(): Promise<number> {
    return this.#client.size();
  }

  get compactedRevision(): number {
    return this.#compactor.compactedRevision;
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#run(() => this.#client.write((deadline) => this.#client.kv.compact(revision, deadline)));
      this.#compactor.compacted(revision);
    } catch (error) {
      if (!(error instanceof StorageError) || (error.code !== 'compacted' && error.code !== 'futureRevision'))
        throw error;
      if (error.code === 'futureRevision') throw futureRevision(revision, await this.currentRevision());
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#compactor.stop();
    for (const watch of this.#watches) watch.end(closed());
    this.#client.close();
  }
}

function checked({ revision }: RangeAnswer, minRevision: number | undefined): number {
  if (minRevision !== undefined && minRevision > revision) throw futureRevision(minRevision, revision);
  return revision;
}

function mismatch(key: string, current: Entry | undefined): StorageError {
  if (current === undefined) return new StorageError('keyNotFound', `key not found: ${key}`, { key });
  return new StorageError('conflict', `key changed: ${key}`, { key, current });
}
