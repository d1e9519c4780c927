/** ObjectSource over the stores' caches: what authorization decides by, as fresh as the watch cache. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { ChangeType, ObjectSource } from '../authorization/object-source.ts';
import type { Logger } from '../endpoints/request-context.ts';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { RegistryStore } from '../registry/generic/store.ts';
import type { Entry, ListResult, StorageError, StorageEvent } from '../storage/storage.ts';

const reopenMs = 1000;

type Handler = (type: ChangeType, object: Readonly<KubernetesObject>) => void;
type StoreOf = (resource: GroupResource) => Pick<RegistryStore, 'storage' | 'definition'>;

export function objectSource(storeOf: StoreOf, logger: Logger): ObjectSource {
  return {
    async list<T extends KubernetesObject>(resource: GroupResource) {
      const store = storeOf(resource);
      const { entries } = await store.storage.list({ prefix: store.definition.prefix });
      return entries.map((entry) => EntryView.of(entry).parse<T>());
    },
    onChange<T extends KubernetesObject>(
      resource: GroupResource,
      handler: (type: ChangeType, object: Readonly<T>) => void,
    ) {
      // A custom resource gets another store when its definition changes.
      const changes = new Changes(() => storeOf(resource), handler as Handler, logger);
      void changes.start();
      return () => changes.stop();
    },
  };
}

/** The changes of one resource; a gap in the watch is made good from a list. */
class Changes {
  readonly #storeOf: () => ReturnType<StoreOf>;
  readonly #handler: Handler;
  readonly #logger: Logger;
  readonly #prefix: string;
  /** What there is, as far as the handler has been told or could have listed. */
  readonly #known = new Map<string, Entry>();
  #stopped = false;
  #stopWatch: (() => void) | undefined;

  constructor(storeOf: () => ReturnType<StoreOf>, handler: Handler, logger: Logger) {
    this.#storeOf = storeOf;
    this.#handler = handler;
    this.#logger = logger;
    this.#prefix = storeOf().definition.prefix;
  }

  /** From whatever is at hand: no list that somebody asks for from now on is older. */
  async start(): Promise<void> {
    try {
      const store = this.#storeOf();
      const { entries, revision } = await store.storage.list({ prefix: this.#prefix, minRevision: 0 });
      for (const entry of entries) this.#known.set(entry.key, entry);
      this.#watch(store, revision);
    } catch {
      await this.#resume();
    }
  }

  #watch({ storage }: ReturnType<StoreOf>, afterRevision: number): void {
    if (this.#stopped) return;
    const watch = storage.watch(
      { prefix: this.#prefix, afterRevision },
      { event: (event) => this.#told(event), end: (error) => this.#ended(error) },
    );
    this.#stopWatch = () => watch.stop();
  }

  #told(event: StorageEvent): void {
    if (event.type === 'progress') return;
    const { entry } = event;
    if (event.type === 'put') this.#known.set(entry.key, entry);
    else this.#known.delete(entry.key);
    this.#handler(event.type, EntryView.of(entry).shared());
  }

  #ended(error: StorageError | undefined): void {
    if (this.#stopped) return;
    if (error === undefined) {
      setTimeout(() => void this.#resume(), reopenMs).unref();
      return;
    }
    this.#logger.warn({ error: error.message, prefix: this.#prefix }, 'authorization lost its watch, starting again');
    void this.#resume();
  }

  async #resume(): Promise<void> {
    while (!this.#stopped) {
      try {
        const store = this.#storeOf();
        const list = await store.storage.list({ prefix: this.#prefix });
        if (this.#stopped) return;
        this.#makeGood(list);
        this.#watch(store, list.revision);
        return;
      } catch (error) {
        this.#logger.warn({ error: (error as Error).message, prefix: this.#prefix }, 'authorization cannot list');
        await new Promise((resolve) => setTimeout(resolve, reopenMs).unref());
      }
    }
  }

  /** What is gone was deleted meanwhile: a right that was taken back must not live on. */
  #makeGood({ entries }: ListResult): void {
    const gone = new Map(this.#known);
    for (const entry of entries) {
      gone.delete(entry.key);
      this.#known.set(entry.key, entry);
      this.#handler('put', EntryView.of(entry).shared());
    }
    for (const [key, entry] of gone) {
      this.#known.delete(key);
      this.#handler('delete', EntryView.of(entry).shared());
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWatch?.();
  }
}
