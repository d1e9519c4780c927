/** Watches the metadata of every deletable resource that discovery finds, and feeds the graph. */
import {
  apiVersionOf,
  type HandlerRegistration,
  type KnownResource,
  type RestClient,
  SharedInformer,
  type SharedInformerFactory,
} from '@typernetes/openapi/client';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ControllerContext } from '../context.ts';
import type { DiscoveredResource } from '../discovery/discovery.ts';
import type { Identity } from './graph.ts';

interface Monitor {
  synced: Promise<void>;
  stop(): void;
}

/** What a monitor tells the graph. */
export interface ObjectEvents {
  put(identity: Identity, object: Readonly<KubernetesObject>): void;
  delete(uid: string): void;
}

/** Too many, too short-lived, and never owners. */
const ignored = new Set(['/events', 'events.k8s.io/events']);

export class Monitors {
  readonly #client: RestClient;
  readonly #informers: SharedInformerFactory;
  readonly #context: ControllerContext;
  readonly #events: ObjectEvents;
  readonly #monitors = new Map<string, Monitor>();

  constructor(client: RestClient, context: ControllerContext, events: ObjectEvents) {
    this.#client = client;
    this.#informers = context.informers;
    this.#context = context;
    this.#events = events;
  }

  /** Starts watching what is new and stops watching what is gone. */
  update(discovered: readonly DiscoveredResource[], failed: readonly string[]): void {
    const wanted = new Map<string, DiscoveredResource>();
    for (const entry of discovered) {
      const isDeletable = entry.preferred && ['delete', 'list', 'watch'].every((verb) => entry.verbs.includes(verb));
      if (isDeletable && !ignored.has(`${entry.group}/${entry.resource}`)) wanted.set(keyOfResource(entry), entry);
    }
    for (const [key, monitor] of this.#monitors) {
      if (wanted.has(key) || failed.some((groupVersion) => key.startsWith(`${groupVersion}/`))) continue;
      monitor.stop();
      this.#monitors.delete(key);
    }
    for (const [key, entry] of wanted) if (!this.#monitors.has(key)) this.#monitors.set(key, this.#start(entry));
  }

  get synced(): Promise<unknown> {
    return Promise.all([...this.#monitors.values()].map((monitor) => monitor.synced));
  }

  stop(): void {
    for (const monitor of this.#monitors.values()) monitor.stop();
    this.#monitors.clear();
  }

  #start(resource: KnownResource<KubernetesObject>): Monitor {
    const apiVersion = apiVersionOf(resource);
    const identityOf = (object: Readonly<KubernetesObject>): Identity => ({
      apiVersion,
      kind: resource.kind,
      namespace: object.metadata?.namespace,
      name: object.metadata?.name ?? '',
      uid: object.metadata?.uid ?? '',
    });
    const put = (object: Readonly<KubernetesObject>): void => this.#events.put(identityOf(object), object);
    const handler = {
      add: put,
      update: (previous: Readonly<KubernetesObject>, object: Readonly<KubernetesObject>) => {
        if (previous.metadata?.uid !== object.metadata?.uid) this.#events.delete(previous.metadata?.uid ?? '');
        put(object);
      },
      delete: (object: Readonly<KubernetesObject>) => this.#events.delete(object.metadata?.uid ?? ''),
    };
    const forget = (keys: readonly Readonly<KubernetesObject>[]): void => {
      for (const object of keys) this.#events.delete(object.metadata?.uid ?? '');
    };
    // What other controllers watch anyway is not watched twice.
    const shared = this.#informers.find(resource);
    if (shared) {
      const registration: HandlerRegistration = shared.addEventHandler(handler);
      return { synced: shared.synced, stop: () => registration.remove() };
    }
    const stopping = new AbortController();
    const informer = new SharedInformer<KubernetesObject>(this.#client.resource(resource), {
      metadataOnly: true,
      transform: essentials,
      clock: this.#context.clock,
      random: this.#context.random,
      logger: this.#context.logger,
    });
    informer.addEventHandler(handler);
    void informer.run(stopping.signal);
    return {
      synced: informer.synced,
      stop: () => {
        stopping.abort();
        forget(informer.lister.list());
      },
    };
  }
}

function keyOfResource(resource: { group: string; version: string; resource: string }): string {
  return `${apiVersionOf(resource)}/${resource.resource}`;
}

/** What the graph reads of an object; the rest would only fill memory. */
function essentials(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers, ownerReferences } =
    object.metadata ?? {};
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp == null ? {} : { deletionTimestamp }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  };
}
