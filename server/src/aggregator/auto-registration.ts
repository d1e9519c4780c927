/**
 * The APIServices of what this server serves itself: one for each built-in group version, seen to once at start, and one
 * for each group version of a CustomResourceDefinition, kept as it must be for as long as there is one.
 */
import { Controller, type ReconcileResult, type Reconciler, type Running } from '@typernetes/openapi/client';
import { type GroupVersion, isAlreadyExists, isConflict, isNotFound } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import type { Definition } from '../extensions/definition.ts';
import type { WorkQueueMetrics } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import { apiServiceName, apiServices, groupVersionOf } from './api-service.ts';
import { builtInPriority, customPriority } from './priorities.ts';

const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';
const once = 'onstart';
const always = 'true';

export interface AutoRegistrationOptions {
  /** For metrics. */
  queues?: Pick<WorkQueueMetrics, 'queue'>;
  registry: Pick<RegistryReader, 'create' | 'update' | 'delete'>;
  builtIn: readonly GroupVersion[];
  current: (name: string) => Readonly<APIService> | undefined;
}

export class AutoRegistration implements Reconciler {
  readonly #options: AutoRegistrationOptions;
  readonly #desired = new Map<string, APIService>();
  readonly #definitions = new Map<string, Readonly<Definition>>();
  /** APIServices that were there before this server: only those of them that it no longer serves may go. */
  readonly #atStart = new Set<string>();
  readonly #synced = new Set<string>();
  readonly #missing: Set<string>;
  readonly #complete = Promise.withResolvers<void>();
  readonly #controller: Controller;

  constructor(options: AutoRegistrationOptions) {
    this.#options = options;
    // Many at a time: at the start they go to the storage in one transaction.
    this.#controller = new Controller({
      name: 'autoregister',
      reconciler: this,
      concurrency: 40,
      observer: options.queues?.queue('autoregister'),
    });
    for (const groupVersion of options.builtIn) this.#want(groupVersion, builtInPriority(groupVersion), once);
    this.#missing = new Set(this.#desired.keys());
    if (this.#missing.size === 0) this.#complete.resolve();
  }

  /** Call when all APIServices and definitions that are there are known. */
  start(existing: Iterable<string>, signal: AbortSignal): Running {
    for (const name of existing) {
      this.#atStart.add(name);
      this.#controller.queue.add(name);
    }
    for (const name of this.#desired.keys()) this.#controller.queue.add(name);
    return this.#controller.start(signal);
  }

  /** Built-in group versions whose APIService has not been seen available yet. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  apiServiceChanged(name: string, available: boolean): void {
    if (available && this.#missing.delete(name) && this.#missing.size === 0) this.#complete.resolve();
    this.#controller.queue.add(name);
  }

  definitionChanged(name: string, definition: Readonly<Definition> | undefined): void {
    const before = this.#definitions.get(name);
    if (definition === undefined) this.#definitions.delete(name);
    else this.#definitions.set(name, definition);
    for (const { spec } of [before, definition].filter((each) => each !== undefined))
      for (const version of spec.versions) this.#settle({ group: spec.group, version: version.name });
  }

  async reconcile(name: string): Promise<ReconcileResult | undefined> {
    await this.#sync(name);
    this.#synced.add(name);
    return undefined;
  }

  #want(groupVersion: GroupVersion, priority: { group: number; version: number } | undefined, managed: string): void {
    if (priority === undefined) return;
    const { group, version } = groupVersion;
    const name = apiServiceName(groupVersion);
    this.#desired.set(name, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [managedLabel]: managed } },
      spec: {
        ...(group === '' ? {} : { group }),
        version,
        groupPriorityMinimum: priority.group,
        versionPriority: priority.version,
      },
    });
  }

  #settle(groupVersion: GroupVersion): void {
    const name = apiServiceName(groupVersion);
    if (this.#desired.get(name)?.metadata?.labels?.[managedLabel] === once) return;
    const serves = ({ spec }: Readonly<Definition>): boolean =>
      spec.group === groupVersion.group &&
      spec.versions.some((version) => version.served && version.name === groupVersion.version);
    if ([...this.#definitions.values()].some(serves)) this.#want(groupVersion, customPriority, always);
    else this.#desired.delete(name);
    this.#controller.queue.add(name);
  }

  async #sync(name: string): Promise<void> {
    const { registry, current } = this.#options;
    const desired = this.#desired.get(name);
    const existing = current(name);
    const managed = existing?.metadata?.labels?.[managedLabel];
    const hasSynced = this.#synced.has(name);
    if (desired?.metadata?.labels?.[managedLabel] === once && hasSynced) return;
    if (existing === undefined) {
      if (desired !== undefined) await registry.create(apiServices, '', desired).catch(unless(isAlreadyExists));
      return;
    }
    if (managed !== once && managed !== always) return;
    if (managed === once && (!this.#atStart.has(name) || hasSynced)) return;
    if (desired === undefined) {
      const uid = existing.metadata?.uid;
      await registry
        .delete(apiServices, '', name, uid === undefined ? {} : { uid })
        .catch(unless((error) => isNotFound(error) || isConflict(error)));
      return;
    }
    if (deepEqual(specOf(existing), specOf(desired), { strict: true })) return;
    await registry
      .update<APIService>(apiServices, '', name, (object) => ({ ...object, spec: desired.spec! }))
      .catch(unless(isNotFound));
  }
}

/** An empty group may be written or left out. */
function specOf(apiService: Readonly<APIService>) {
  return { ...apiService.spec, group: apiService.spec?.group ?? groupVersionOf(apiService.metadata?.name ?? '').group };
}

function unless(expected: (error: unknown) => boolean) {
  return (error: unknown): void => {
    if (!expected(error)) throw error;
  };
}
