/**
 * A Storage that shows one folder's objects in one version, whatever versions they are stored in, and stores what is
 * written in the storage version. Conversion may take a call to a webhook: that of a list is one call, and each entry is
 * converted once for as long as it is the current one.
 */
import { encodeForStorage } from '@typernetes/openapi/codec';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { EntryView } from '../registry/generic/entry-view.ts';
import { ForwardingStorage, withShownConflict } from '../storage/forwarding-storage.ts';
import { Page } from '../storage/page.ts';
import { nextTurn } from '../storage/signal.ts';
import type {
  Entry,
  GetResult,
  ListOptions,
  ListResult,
  ReadOptions,
  Storage,
  StorageError,
  StorageEvent,
  Watch,
  WatchHandler,
  WatchOptions,
  WriteOptions,
} from '../storage/storage.ts';

export interface Conversion {
  /** The version that is shown. */
  readonly apiVersion: string;
  readonly storageApiVersion: string;
  /** None of the objects is of `apiVersion`. */
  convert(objects: readonly KubernetesObject[], apiVersion: string): Promise<KubernetesObject[]>;
  /** Prunes and defaults a stored object by the schema of its own version, in place. */
  prepare(object: KubernetesObject): void;
  /** Prunes a converted object by the schema of its new version, in place. */
  finish(object: KubernetesObject): void;
}

type ChangeEvent = Exclude<StorageEvent, { type: 'progress' }>;

const turnEvery = 200;
/** A review is no larger than this; what is beyond goes into another. */
const maxReviewBytes = 8 * 1024 * 1024;

export class ConvertingStorage extends ForwardingStorage {
  readonly #conversion: Conversion;
  readonly #converted = new WeakMap<Entry, Promise<Entry>>();
  readonly #events = new WeakMap<ChangeEvent, ChangeEvent>();
  /** Shown entries whose stored form is not of the storage version. */
  readonly #outdated = new WeakSet<Entry>();

  constructor(inner: Storage, conversion: Conversion) {
    super(inner);
    this.#conversion = conversion;
  }

  /** Whether writing `entry` as it is would change what is stored: a new storage version has come. */
  isOutdated(entry: Entry): boolean {
    return this.#outdated.has(entry);
  }

  // From what is stored.

  async #show(entries: readonly Entry[]): Promise<Entry[]> {
    const missing = entries.filter((entry) => !this.#converted.has(entry));
    for (const batch of batches(missing)) {
      const converting = this.#convertAll(batch);
      for (const [index, entry] of batch.entries()) {
        const one = converting.then((all) => all[index]!);
        // Whoever asks next tries again.
        one.catch(() => this.#converted.delete(entry));
        this.#converted.set(entry, one);
      }
    }
    return Promise.all(entries.map((entry) => this.#converted.get(entry)!));
  }

  async #convertAll(entries: readonly Entry[]): Promise<Entry[]> {
    const { apiVersion, storageApiVersion } = this.#conversion;
    const objects: KubernetesObject[] = [];
    for (const [index, entry] of entries.entries()) {
      if (index % turnEvery === turnEvery - 1) await nextTurn();
      const object = EntryView.of({ ...entry, modRevision: 0, memo: undefined }).parse();
      this.#conversion.prepare(object);
      objects.push(object);
    }
    const shown = await this.#convert(objects, apiVersion);
    return entries.map((entry, index) => {
      const { key, createRevision, modRevision } = entry;
      const view = { key, value: encodeForStorage(shown[index]!), createRevision, modRevision };
      if (objects[index]!.apiVersion !== storageApiVersion) this.#outdated.add(view);
      return view;
    });
  }

  async #convert(objects: readonly KubernetesObject[], apiVersion: string): Promise<KubernetesObject[]> {
    const others = objects.filter((object) => object.apiVersion !== apiVersion);
    const converted = others.length === 0 ? [] : await this.#conversion.convert(others, apiVersion);
    for (const object of converted) this.#conversion.finish(object);
    let next = 0;
    return objects.map((object) => (object.apiVersion === apiVersion ? object : converted[next++]!));
  }

  async #showOne(entry: Entry): Promise<Entry> {
    return (await this.#show([entry]))[0]!;
  }

  override async get(key: string, options?: ReadOptions): Promise<GetResult> {
    const { entry, revision } = await this.inner.get(key, options);
    return { entry: entry && (await this.#showOne(entry)), revision };
  }

  /** Selectors look at what is shown. */
  override async list(options: ListOptions): Promise<ListResult> {
    const { select, limit = 0, ...rest } = options;
    if (select === undefined) {
      const result = await this.inner.list(options);
      return { ...result, entries: await this.#show(result.entries) };
    }
    const all = await this.inner.list(rest);
    const page = new Page(limit, select);
    for (const entry of await this.#show(all.entries)) if (page.add(entry.key, () => entry) === 'full') break;
    return { revision: all.revision, ...page.result() };
  }

  override watch(options: WatchOptions, handler: WatchHandler): Watch {
    const watch = new ConvertingWatch(handler, (events) => this.#showEvents(events));
    watch.follow(this.inner.watch(options, watch));
    return watch;
  }

  /** Events are shared by watchers, and so is what they encode of them. */
  async #showEvents(events: readonly StorageEvent[]): Promise<StorageEvent[]> {
    const changes = events.filter((event) => event.type !== 'progress' && !this.#events.has(event)) as ChangeEvent[];
    const entries = changes.flatMap((event) =>
      event.type === 'put' && event.previous !== undefined ? [event.entry, event.previous] : [event.entry],
    );
    const shown = new Map((await this.#show(entries)).map((entry, index) => [entries[index]!, entry]));
    for (const event of changes) {
      const entry = shown.get(event.entry)!;
      const { revision } = event;
      if (this.#events.has(event)) continue;
      this.#events.set(
        event,
        event.type === 'put'
          ? { type: 'put', revision, entry, previous: event.previous && shown.get(event.previous)! }
          : { type: 'delete', revision, entry },
      );
    }
    return events.map((event) => (event.type === 'progress' ? event : this.#events.get(event)!));
  }

  // To what is stored.

  async #store(value: Buffer): Promise<Buffer> {
    const { storageApiVersion } = this.#conversion;
    const object = EntryView.of({ key: '', value, createRevision: 0, modRevision: 0 }).parse();
    if (object.apiVersion === storageApiVersion) return value;
    const [stored] = await this.#convert([object], storageApiVersion);
    return encodeForStorage(stored!);
  }

  override async create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    const stored = await this.#store(value);
    return this.#showOne(await this.#write(this.inner.create(key, stored, options)));
  }

  override async update(
    key: string,
    value: Buffer,
    expectedModRevision: number,
    options?: WriteOptions,
  ): Promise<Entry> {
    const stored = await this.#store(value);
    return this.#showOne(await this.#write(this.inner.update(key, stored, expectedModRevision, options)));
  }

  override delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.#write(this.inner.delete(key, expectedModRevision, signal));
  }

  #write<T>(write: Promise<T>): Promise<T> {
    return withShownConflict(write, (current) => this.#showOne(current));
  }
}

function batches(entries: readonly Entry[]): Entry[][] {
  const result: Entry[][] = [];
  let bytes = maxReviewBytes;
  for (const entry of entries) {
    bytes += entry.value.length;
    if (bytes > maxReviewBytes) {
      result.push([]);
      bytes = entry.value.length;
    }
    result.at(-1)!.push(entry);
  }
  return result;
}

/** Hands events on in order; those that come while others are converted are converted together. */
class ConvertingWatch implements Watch, WatchHandler {
  readonly #handler: WatchHandler;
  readonly #show: (events: readonly StorageEvent[]) => Promise<StorageEvent[]>;
  #waiting: StorageEvent[] = [];
  #busy = false;
  #over = false;
  #ended: { error: StorageError | undefined } | undefined;
  #inner: Watch | undefined;

  constructor(handler: WatchHandler, show: (events: readonly StorageEvent[]) => Promise<StorageEvent[]>) {
    this.#handler = handler;
    this.#show = show;
  }

  follow(inner: Watch): void {
    this.#inner = inner;
  }

  event(event: StorageEvent): void {
    if (this.#over) return;
    this.#waiting.push(event);
    if (!this.#busy) void this.#work();
  }

  end(error: StorageError | undefined): void {
    this.#ended = { error };
    if (!this.#busy) this.#finish(error);
  }

  stop(): void {
    this.#finish(undefined);
    this.#inner?.stop();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length > 0 && !this.#over)
        for (const event of await this.#show(this.#waiting.splice(0))) {
          if (this.#over) return;
          this.#handler.event(event);
        }
    } catch {
      // As upstream: the stream ends, and clients begin again where they were.
      this.stop();
    } finally {
      this.#busy = false;
    }
    if (this.#ended !== undefined) this.#finish(this.#ended.error);
  }

  #finish(error: StorageError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.end(error);
  }
}
