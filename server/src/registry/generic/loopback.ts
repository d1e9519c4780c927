/** RegistryReader over the stores of this process: the server's own access, past authorization and admission. */
import { type GroupResource, internalError, type KubernetesObject, notFound } from '@typernetes/openapi/meta';
import { deepCopy, deepFreeze, type FieldManager } from '@typernetes/openapi/schema';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { type Entry, StorageError } from '../../storage/storage.ts';
import { resourceKey, type WriteContext } from './definition.ts';
import { EntryView } from './entry-view.ts';
import type { ListOptions } from './options.ts';
import type { LoopbackUpdateOptions, RegistryReader, RestContext } from './rest.ts';
import type { RegistryStore } from './store.ts';

const loopbackUser: UserInfo = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };
const everything: ListOptions = {
  resourceVersion: '',
  resourceVersionMatch: '',
  limit: 0,
  continue: '',
  watch: false,
  allowWatchBookmarks: false,
};

type Reader = RegistryReader & {
  addStore(store: RegistryStore): void;
  /** Forgets it, unless another has taken its place. */
  removeStore(store: RegistryStore): void;
  store(resource: GroupResource): RegistryStore;
  /**
   * Reads as upstream's informers: from the cache, without asking the storage how new that is. It has seen every write of
   * this server; one of another server may be missing, and only an object that is not found is looked for in the storage.
   * Objects are shared and frozen.
   */
  readonly informed: RegistryReader;
  /** From then on what is created has managedFields, as upstream's server writes through a client of its own. */
  trackFields(fieldManagerOf: FieldManagerOfStore): void;
};

/** Of the object, or of one of its subresources. */
export type FieldManagerOfStore = (store: RegistryStore, subresource?: string) => FieldManager | undefined;

/** The field manager of what the server makes itself. */
const manager = 'kube-apiserver';

/** Stores may be added after others already hold the reader: strategies and stores need each other. */
export function loopbackRegistry(now: () => Date, signal: AbortSignal): Reader {
  const stores = new Map<string, RegistryStore>();
  const storeOf = (resource: GroupResource): RegistryStore => {
    const store = stores.get(resourceKey(resource));
    if (store === undefined) throw notFound(resource, '');
    return store;
  };
  const write = (namespace: string, subresource: string, dryRun: boolean): WriteContext => {
    const warn = (): void => undefined;
    const rest: RestContext = {
      user: loopbackUser,
      namespace,
      asked: { verb: 'update', subresource, apiVersion: '' },
      now: now(),
      dryRun,
      signal,
      query: new URLSearchParams(),
      warn,
      registry: reader,
    };
    return { user: loopbackUser, namespace, now: rest.now, dryRun, subresource, signal, rest, warn };
  };
  let fieldManagerOf: FieldManagerOfStore = () => undefined;
  const reader: Omit<Reader, 'informed'> = {
    trackFields(of) {
      fieldManagerOf = of;
    },
    addStore: (store) => void stores.set(resourceKey(store.definition.resource), store),
    removeStore(store) {
      const key = resourceKey(store.definition.resource);
      if (stores.get(key) === store) stores.delete(key);
    },
    store: storeOf,
    async get<T extends KubernetesObject>(resource: GroupResource, namespace: string, name: string) {
      const store = storeOf(resource);
      const { entry } = await store.storage.get(store.key(namespace, name), { signal });
      return entry === undefined ? undefined : EntryView.of(entry).parse<T>();
    },
    async list<T extends KubernetesObject>(resource: GroupResource, namespace = '') {
      const page = await storeOf(resource).list(namespace, everything, signal);
      return page.entries.map((entry) => EntryView.of(entry).parse<T>());
    },
    async update<T extends KubernetesObject>(
      resource: GroupResource,
      namespace: string,
      name: string,
      change: (object: T) => T | Promise<T>,
      options: LoopbackUpdateOptions = {},
    ) {
      const store = storeOf(resource);
      const { entry } = await store.update(
        name,
        async (existing) => {
          if (existing === undefined) throw notFound(resource, name);
          const changed = await change(deepCopy(existing) as T);
          if (options.client !== true) return changed;
          return fieldManagerOf(store, options.subresource)?.update(existing, changed, manager) ?? changed;
        },
        write(namespace, options.subresource ?? '', options.dryRun ?? false),
      );
      return EntryView.of(entry).parse<T>();
    },
    async apply<T extends KubernetesObject>(
      resource: GroupResource,
      configuration: T,
      options: { subresource?: string; fieldManager: string },
    ) {
      const store = storeOf(resource);
      const { namespace = '', name = '' } = configuration.metadata ?? {};
      const subresource = options.subresource ?? '';
      const { entry } = await store.update(
        name,
        (existing) => {
          if (existing === undefined) throw notFound(resource, name);
          const fields = fieldManagerOf(store, subresource);
          if (fields === undefined) throw internalError(`the fields of ${resource.resource} are not tracked yet`);
          return Promise.resolve(fields.apply(existing, configuration, options.fieldManager, true));
        },
        write(namespace, subresource, false),
      );
      return EntryView.of(entry).parse<T>();
    },
    async create<T extends KubernetesObject>(
      resource: GroupResource,
      namespace: string,
      object: T,
      options: { dryRun?: boolean; fieldManager?: string } = {},
    ) {
      const store = storeOf(resource);
      const copy = deepCopy(object);
      copy.apiVersion ??= store.definition.storageApiVersion;
      copy.kind ??= store.definition.kind;
      store.definition.strategy.default?.(copy);
      fieldManagerOf(store)?.update(undefined, copy, options.fieldManager ?? manager);
      const entry = await store.create(copy, write(namespace, '', options.dryRun ?? false));
      return EntryView.of(entry).parse<T>();
    },
    async delete(resource, namespace, name, options = {}) {
      const { uid, resourceVersion, gracePeriodSeconds, dryRun = false } = options;
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      await storeOf(resource).delete(
        name,
        { dryRun, preconditions, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) },
        write(namespace, '', dryRun),
      );
    },
  };
  const informed: RegistryReader = {
    ...reader,
    async get<T extends KubernetesObject>(resource: GroupResource, namespace: string, name: string) {
      const store = storeOf(resource);
      const minRevision = store.lastWrite;
      const found = await store.storage.get(store.key(namespace, name), { minRevision, signal }).catch(ifBehind);
      return found?.entry === undefined ? reader.get<T>(resource, namespace, name) : frozen<T>(found.entry);
    },
    async list<T extends KubernetesObject>(resource: GroupResource, namespace = '') {
      const store = storeOf(resource);
      const prefix = store.prefixOf(namespace);
      const found = await store.storage.list({ prefix, minRevision: store.lastWrite, signal }).catch(ifBehind);
      return found === undefined ? reader.list<T>(resource, namespace) : found.entries.map((entry) => frozen<T>(entry));
    },
  };
  return { ...reader, informed };
}

function frozen<T extends KubernetesObject>(entry: Entry): T {
  const object = EntryView.of(entry).shared<T>();
  return Object.isFrozen(object) ? object : deepFreeze(object);
}

/** The cache has lost its watch and does not come up with what was written: the storage knows. */
function ifBehind(error: unknown): undefined {
  if (error instanceof StorageError && error.code === 'futureRevision') return undefined;
  throw error;
}
