/**
 * ConfigMaps and Secrets that pods of this node refer to, each watched by name while a pod needs it: what a node may
 * read is exactly that. A change is told with the uids of the pods that refer to the object.
 */

import { type Clock, type Logger, Reflector, type ResourceType, type RestClient } from '@typernetes/openapi/client';
import { type KubernetesObject, notFound } from '@typernetes/openapi/meta';

interface Watched<T> {
  readonly pods: Set<string>;
  readonly abort: AbortController;
  readonly synced: Promise<void>;
  object: T | undefined;
}

const syncTimeoutMs = 2000;

export class WatchedObjects<T extends KubernetesObject> {
  readonly #client: RestClient;
  readonly #resource: ResourceType<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: (podUids: readonly string[]) => void;
  readonly #watched = new Map<string, Watched<T>>();

  constructor(options: {
    client: RestClient;
    resource: ResourceType<T>;
    clock: Clock;
    logger: Logger;
    changed: (podUids: readonly string[]) => void;
  }) {
    this.#client = options.client;
    this.#resource = options.resource;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#changed = options.changed;
  }

  /** The pod refers to exactly these names from now on. */
  setReferences(podUid: string, namespace: string, names: ReadonlySet<string>): void {
    for (const name of names) {
      const key = `${namespace}/${name}`;
      const entry = this.#watched.get(key) ?? this.#watch(key, namespace, name);
      entry.pods.add(podUid);
    }
    for (const [key, entry] of this.#watched) {
      if (!entry.pods.has(podUid)) continue;
      const name = key.slice(key.indexOf('/') + 1);
      if (key.startsWith(`${namespace}/`) && names.has(name)) continue;
      entry.pods.delete(podUid);
      if (entry.pods.size > 0) continue;
      entry.abort.abort();
      this.#watched.delete(key);
    }
  }

  #watch(key: string, namespace: string, name: string): Watched<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry: Watched<T> = { pods: new Set(), abort: new AbortController(), synced: promise, object: undefined };
    const set = (object: T | undefined): void => {
      const before = entry.object?.metadata?.resourceVersion;
      entry.object = object;
      resolve();
      if (before !== undefined || object !== undefined) {
        if (before !== object?.metadata?.resourceVersion) this.#changed([...entry.pods]);
      }
    };
    const reflector = new Reflector(
      this.#client.resource(this.#resource),
      { replace: ([object]) => set(object), put: (object) => set(object), delete: () => set(undefined) },
      { namespace, fieldSelector: `metadata.name=${name}`, clock: this.#clock, logger: this.#logger },
    );
    void reflector.run(entry.abort.signal);
    this.#watched.set(key, entry);
    return entry;
  }

  /** From the watch when the pod's reference is known, else (or while the watch has not answered) asked for. */
  async get(namespace: string, name: string): Promise<T> {
    const entry = this.#watched.get(`${namespace}/${name}`);
    if (entry !== undefined) {
      const limit = Promise.withResolvers<'late'>();
      const timer = this.#clock.timer(syncTimeoutMs, () => limit.resolve('late'));
      const outcome = await Promise.race([entry.synced, limit.promise]);
      timer.stop();
      if (outcome !== 'late') {
        if (entry.object !== undefined) return entry.object;
        // The watch may lag behind what the pod's author has just created.
        const fresh = await this.#client.resource(this.#resource).get(namespace, name);
        return fresh;
      }
    }
    const object = await this.#client.resource(this.#resource).get(namespace, name);
    if (object.metadata?.name === undefined) throw notFound(this.#resource, name);
    return object;
  }

  stop(): void {
    for (const { abort } of this.#watched.values()) abort.abort();
    this.#watched.clear();
  }
}
