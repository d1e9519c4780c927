import { ForwardingStorage } from '../storage/forwarding-storage.ts';
import type { Entry, ListOptions, ListResult, Storage, WriteOptions } from '../storage/storage.ts';
import { type Attributes, note, traced } from './span.ts';

/** A Storage whose calls are parts of the requests that they are made for. `kind` ends the names of spans: `etcd3`. */
export class TracedStorage extends ForwardingStorage {
  readonly #kind: string;
  readonly #root: string;

  /** Keys are shown without `root`, as upstream does. */
  constructor(storage: Storage, kind: string, root: string) {
    super(storage);
    this.#kind = kind;
    this.#root = root;
  }

  #traced<T>(name: string, key: string, attributes: Attributes, call: () => Promise<T>): Promise<T> {
    const shown = key.startsWith(this.#root) ? key.slice(this.#root.length - 1) : key;
    return traced(`${name} ${this.#kind}`, () => ({ attributes: { key: shown, ...attributes } }), call);
  }

  override list(options: ListOptions): Promise<ListResult> {
    const attributes = {
      resourceVersion: String(options.revision ?? options.minRevision ?? ''),
      limit: options.limit ?? 0,
    };
    return this.#traced('List(recursive=true)', options.prefix, attributes, () => this.inner.list(options));
  }

  override create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    return this.#traced('Create', key, {}, () => committed(this.inner.create(key, value, options)));
  }

  override update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry> {
    const update = () => committed(this.inner.update(key, value, expectedModRevision, options));
    return this.#traced('GuaranteedUpdate', key, {}, update);
  }
}

async function committed<T>(transaction: Promise<T>): Promise<T> {
  try {
    const result = await transaction;
    note('Txn call succeeded');
    return result;
  } catch (error) {
    note('Txn call failed', { err: (error as Error).message });
    throw error;
  }
}
