/**
 * All custom resources: follows the definitions, settles their names and conditions, serves what is established, and
 * empties what is deleted.
 */
import { formatApiVersion, type GroupVersionKind, isConflict, isNotFound } from '@typernetes/openapi/meta';
import { deepEqual, type NumberReading, plainNumbers } from '@typernetes/openapi/schema';
import { follow, type ObjectSource } from '../authorization/object-source.ts';
import type { DecodedObject, ResourceEndpoint } from '../endpoints/resource-endpoint.ts';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import type { RegistryStore } from '../registry/generic/store.ts';
import type { Storage } from '../storage/storage.ts';
import type { WebhookClients } from '../webhooks/index.ts';
import { settle } from './conditions.ts';
import { CustomResource } from './custom-resource.ts';
import { cleanupFinalizer, type Definition, definitions, isTrue, setCondition } from './definition.ts';
import type { RuleMetrics } from './metrics.ts';

export interface CustomResourcesOptions {
  registry: RegistryReader & { addStore(store: RegistryStore): void; removeStore(store: RegistryStore): void };
  source: ObjectSource;
  /** The storage of one resource's folder; `release` ends its watches. */
  cachers: { for(prefix: string): Storage; release(prefix: string): void };
  /** Ends in `/`. */
  root: string;
  now: () => Date;
  report: (error: unknown) => void;
  /** For definitions that a webhook converts. */
  webhooks: Pick<WebhookClients, 'post'>;
  metrics?: RuleMetrics;
}

export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #definitions = new Map<string, Readonly<Definition>>();
  readonly #served = new Map<string, CustomResource>();
  #byVersion: Map<string, Map<string, ResourceEndpoint>> | undefined;
  /** One change after another for each definition. */
  readonly #working = new Map<string, Promise<void>>();
  readonly #emptying = new Map<string, () => void>();
  #follower: ReturnType<typeof follow> | undefined;
  #stopped = false;
  /** Grows with every change of what is served. */
  revision = 0;

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
  }

  /** Resolves when all definitions that are there have been read and, if established, are served. */
  async start(): Promise<void> {
    this.#follower = follow<Definition>(this.#options.source, definitions, (type, object) => {
      const name = object.metadata?.name ?? '';
      if (type === 'put') this.#put(name, object);
      else this.#remove(name);
    });
    await this.#follower.ready;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#follower?.stop();
    for (const stop of this.#emptying.values()) stop();
    await Promise.all(this.#working.values());
  }

  served(): Iterable<CustomResource> {
    return this.#served.values();
  }

  endpoints(apiVersion: string): ReadonlyMap<string, ResourceEndpoint> | undefined {
    if (this.#byVersion === undefined) {
      this.#byVersion = new Map();
      for (const { endpoints } of this.#served.values())
        for (const endpoint of endpoints.values()) {
          let resources = this.#byVersion.get(endpoint.apiVersion);
          if (resources === undefined) this.#byVersion.set(endpoint.apiVersion, (resources = new Map()));
          resources.set(endpoint.resource, endpoint);
        }
    }
    return this.#byVersion.get(apiVersion);
  }

  find(kind: GroupVersionKind): CustomResource | undefined {
    const resources = this.endpoints(formatApiVersion(kind));
    if (resources === undefined) return undefined;
    for (const endpoint of resources.values())
      if (endpoint.kind === kind.kind) return this.#served.get(`${endpoint.resource}.${endpoint.group}`);
    return undefined;
  }

  /** Undefined where the kind is no custom one. */
  decode(value: unknown, kind: GroupVersionKind, numbers?: NumberReading): DecodedObject | undefined {
    const resource = this.find(kind);
    if (resource !== undefined && numbers === 'asWritten') plainNumbers(value);
    return resource?.decode(value, kind.version);
  }

  #put(name: string, definition: Readonly<Definition>): void {
    // Our own writes are known before their events come.
    const known = this.#definitions.get(name)?.metadata;
    const isOld = Number(definition.metadata?.resourceVersion) < Number(known?.resourceVersion);
    if (isOld && known?.uid === definition.metadata?.uid) return;
    this.#definitions.set(name, definition);
    this.#serve(name, definition);
    this.#work(name);
  }

  #remove(name: string): void {
    const group = this.#definitions.get(name)?.spec.group;
    this.#definitions.delete(name);
    this.#emptying.get(name)?.();
    this.#emptying.delete(name);
    const resource = this.#served.get(name);
    if (resource !== undefined) this.#withdraw(name, resource);
    this.#retryNames(group ?? '');
  }

  #withdraw(name: string, { prefix, store }: CustomResource): void {
    this.#served.delete(name);
    this.#changed();
    this.#options.cachers.release(prefix);
    this.#options.registry.removeStore(store);
  }

  /** Others of the group may want the names that have become free. */
  #retryNames(group: string): void {
    for (const [name, definition] of this.#definitions)
      if (definition.spec.group === group && !isTrue(definition, 'NamesAccepted')) this.#work(name);
  }

  #changed(): void {
    this.#byVersion = undefined;
    this.revision += 1;
  }

  #serve(name: string, definition: Readonly<Definition>): void {
    const { cachers, root, registry, webhooks, metrics } = this.#options;
    const current = this.#served.get(name);
    if (!isTrue(definition, 'Established')) {
      if (current !== undefined) this.#withdraw(name, current);
      return;
    }
    const was = current?.definition;
    const same =
      was !== undefined &&
      was.metadata?.uid === definition.metadata?.uid &&
      deepEqual(was.spec, definition.spec, { strict: true }) &&
      deepEqual(was.status?.acceptedNames, definition.status?.acceptedNames, { strict: true });
    if (same && isTrue(was, 'Terminating') === isTrue(definition, 'Terminating')) return;
    const { group, names } = definition.spec;
    const prefix = `${root}${group}/${definition.status?.acceptedNames?.plural ?? names.plural}/`;
    // What was encoded under another schema must not be shown again: watches end, and their clients start anew.
    if (current !== undefined && !same) cachers.release(current.prefix);
    const resource = new CustomResource(definition, prefix, cachers.for(prefix), webhooks, metrics);
    this.#served.set(name, resource);
    registry.addStore(resource.store);
    this.#changed();
  }

  #work(name: string): void {
    const before = this.#working.get(name) ?? Promise.resolve();
    const next = before
      .then(() => this.#sync(name))
      .catch((error: unknown) => {
        if (!this.#stopped && !isNotFound(error) && !isConflict(error)) this.#options.report(error);
      })
      .finally(() => {
        if (this.#working.get(name) === next) this.#working.delete(name);
      });
    this.#working.set(name, next);
  }

  async #sync(name: string): Promise<void> {
    const definition = this.#definitions.get(name);
    if (definition === undefined || this.#stopped) return;
    if (definition.metadata?.deletionTimestamp !== undefined) {
      await this.#finalize(name, definition);
      return;
    }
    const { now } = this.#options;
    const others = (group: string): Readonly<Definition>[] =>
      [...this.#definitions].flatMap(([other, each]) => (other !== name && each.spec.group === group ? [each] : []));
    if (!settle(structuredClone(definition), others(definition.spec.group), now())) return;
    const updated = await this.#update(name, (current) => settle(current, others(current.spec.group), now()));
    if (updated === undefined) return;
    this.#definitions.set(name, updated);
    this.#serve(name, updated);
    this.#retryNames(updated.spec.group);
  }

  /** Writes status and finalizers; undefined where `change` finds nothing to do. */
  async #update(name: string, change: (definition: Definition) => boolean): Promise<Definition | undefined> {
    let changed = false;
    const updated = await this.#options.registry.update<Definition>(
      definitions,
      '',
      name,
      (current) => {
        changed = change(current);
        return current;
      },
      { subresource: 'status', client: true },
    );
    return changed ? updated : undefined;
  }

  async #finalize(name: string, definition: Readonly<Definition>): Promise<void> {
    if (!(definition.metadata?.finalizers ?? []).includes(cleanupFinalizer)) return;
    const { now } = this.#options;
    const terminating = (status: 'True' | 'False', reason: string, message: string) => (current: Definition) => {
      setCondition(current, { type: 'Terminating', status, reason, message }, now());
      if (status === 'False') {
        const finalizers = current.metadata?.finalizers ?? [];
        current.metadata!.finalizers = finalizers.filter((finalizer) => finalizer !== cleanupFinalizer);
      }
      return true;
    };
    if (!isTrue(definition, 'Established')) {
      await this.#update(name, terminating('False', 'NeverEstablished', 'resource was never established'));
      return;
    }
    const inProgress = 'CustomResource deletion is in progress';
    const condition = definition.status?.conditions?.find(({ type }) => type === 'Terminating');
    if (condition?.reason !== 'InstanceDeletionInProgress')
      await this.#update(name, terminating('True', 'InstanceDeletionInProgress', inProgress));
    if (await this.#empty(name))
      await this.#update(name, terminating('False', 'InstanceDeletionCompleted', 'removed all instances'));
  }

  /** Deletes all objects; false where finalizers keep some, whose end is then waited for. */
  async #empty(name: string): Promise<boolean> {
    const { registry } = this.#options;
    const store = this.#served.get(name)?.store;
    if (store === undefined) return true;
    const { prefix, resource } = store.definition;
    const { entries, revision } = await store.storage.list({ prefix });
    for (const entry of entries) {
      const metadata = EntryView.of(entry).parse().metadata ?? {};
      if (metadata.deletionTimestamp !== undefined) continue;
      await registry.delete(resource, metadata.namespace ?? '', metadata.name ?? '').catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    const left = await store.storage.list({ prefix });
    if (left.entries.length === 0) return true;
    this.#emptying.get(name)?.();
    const stop = (): void => {
      this.#emptying.delete(name);
      watch.stop();
    };
    const watch = store.storage.watch(
      { prefix, afterRevision: Math.max(revision, left.revision) },
      {
        event: (event) => {
          if (event.type === 'delete') this.#work(name);
        },
        end: () => {
          if (this.#emptying.get(name) === stop && !this.#stopped && this.#definitions.has(name)) this.#work(name);
        },
      },
    );
    this.#emptying.set(name, stop);
    return false;
  }
}
