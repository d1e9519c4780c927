/** A Storage over a Storage that passes everything on: wrappers override what they change. */
import {
  type Entry,
  type GetResult,
  type ListOptions,
  type ListResult,
  type ReadOptions,
  type Storage,
  StorageError,
  type Watch,
  type WatchHandler,
  type WatchOptions,
  type WriteOptions,
} from './storage.ts';

export class ForwardingStorage implements Storage {
  protected readonly inner: Storage;
  readonly size?: () => Promise<number>;
  readonly requestProgress?: () => void;

  constructor(inner: Storage) {
    this.inner = inner;
    if (inner.size !== undefined) this.size = () => inner.size!();
    if (inner.requestProgress !== undefined) this.requestProgress = () => inner.requestProgress!();
  }

  get compactedRevision(): number {
    return this.inner.compactedRevision;
  }

  currentRevision(signal?: AbortSignal): Promise<number> {
    return this.inner.currentRevision(signal);
  }

  get(key: string, options?: ReadOptions): Promise<GetResult> {
    return this.inner.get(key, options);
  }

  list(options: ListOptions): Promise<ListResult> {
    return this.inner.list(options);
  }

  count(prefix: string): Promise<number> {
    return this.inner.count(prefix);
  }

  create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    return this.inner.create(key, value, options);
  }

  update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry> {
    return this.inner.update(key, value, expectedModRevision, options);
  }

  delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.inner.delete(key, expectedModRevision, signal);
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    return this.inner.watch(options, handler);
  }

  compact(revision: number): Promise<void> {
    return this.inner.compact(revision);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** A lost compare-and-swap carries the state it lost against; `show` makes of it what readers of the wrapper see. */
export async function withShownConflict<T>(write: Promise<T>, show: (current: Entry) => Entry | Promise<Entry>) {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof StorageError) || error.current === undefined) throw error;
    const { code, message, key } = error;
    const current = await show(error.current);
    throw new StorageError(code, message, { current, cause: error, ...(key === undefined ? {} : { key }) });
  }
}
