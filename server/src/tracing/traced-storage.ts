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
} from '../storage/storage.ts';
import { type Attributes, traced } from './span.ts';

/** A Storage whose calls are parts of the requests that they are made for. `kind` ends the names of spans: `etcd3`. */
export class TracedStorage implements Storage {
  readonly #storage: Storage;
  readonly #kind: string;
  readonly #root: string;
  readonly size?: () => Promise<number>;
  readonly requestProgress?: () => void;

  /** Keys are shown without `root`, as upstream does. */
  constructor(storage: Storage, kind: string, root: string) {
    this.#storage = storage;
    this.#kind = kind;
    this.#root = root;
    if (storage.size !== undefined) this.size = () => storage.size!();
    if (storage.requestProgress !== undefined) this.requestProgress = () => storage.requestProgress!();
  }

  #traced<T>(name: string, key: string, attributes: Attributes, call: () => Promise<T>): Promise<T> {
    const shown = key.startsWith(this.#root) ? key.slice(this.#root.length - 1) : key;
    return traced(`${name} ${this.#kind}`, () => ({ attributes: { key: shown, ...attributes } }), call);
  }

  get compactedRevision(): number {
    return this.#storage.compactedRevision;
  }

  currentRevision(signal?: AbortSignal): Promise<number> {
    return this.#storage.currentRevision(signal);
  }

  get(key: string, options?: ReadOptions): Promise<GetResult> {
    return this.#storage.get(key, options);
  }

  list(options: ListOptions): Promise<ListResult> {
    const attributes = {
      resourceVersion: String(options.revision ?? options.minRevision ?? ''),
      limit: options.limit ?? 0,
    };
    return this.#traced('List(recursive=true)', options.prefix, attributes, () => this.#storage.list(options));
  }

  count(prefix: string): Promise<number> {
    return this.#storage.count(prefix);
  }

  create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    return this.#traced('Create', key, {}, () => this.#storage.create(key, value, options));
  }

  update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry> {
    const update = () => this.#storage.update(key, value, expectedModRevision, options);
    return this.#traced('GuaranteedUpdate', key, {}, update);
  }

  delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.#storage.delete(key, expectedModRevision, signal);
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    return this.#storage.watch(options, handler);
  }

  compact(revision: number): Promise<void> {
    return this.#storage.compact(revision);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}
