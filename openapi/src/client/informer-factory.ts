/** One informer for each resource, however many ask for it. */
import type { KubernetesObject } from '../meta/index.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { ReflectorOptions } from './reflector.ts';
import type { ResourceType } from './resource-type.ts';
import { apiVersionOf } from './resource-type.ts';
import type { RestClient } from './rest-client.ts';
import { SharedInformer, type SharedInformerOptions } from './shared-informer.ts';

export interface InformerFactoryOptions {
  namespace?: string;
  clock?: Clock;
  random?: () => number;
  logger?: Logger;
  watchList?: boolean;
  /** See SharedInformerOptions.freeze. */
  freeze?: boolean;
}

interface Held {
  run(signal: AbortSignal): Promise<void>;
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

export class SharedInformerFactory {
  readonly #client: RestClient;
  readonly #options: InformerFactoryOptions;
  readonly #informers = new Map<string, Held>();
  readonly #running: Promise<void>[] = [];
  #signal: AbortSignal | undefined;

  constructor(client: RestClient, options: InformerFactoryOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * The shared informer of the resource. Selectors, `namespace` and `metadataOnly` are part of its identity; other
   * options count for the first caller only, indexes can be added later.
   */
  informer<T extends KubernetesObject>(
    resource: ResourceType<T>,
    options: SharedInformerOptions<T> = {},
  ): SharedInformer<T> {
    const key = identityOf(resource, { ...this.#options, ...options });
    const existing = this.#informers.get(key);
    // The key determines T: one resource has one type of object.
    if (existing) return existing as SharedInformer<T>;
    const informer = new SharedInformer<T>(this.#client.resource(resource), {
      ...this.#options,
      ...options,
    });
    this.#informers.set(key, informer);
    if (this.#signal) this.#running.push(informer.run(this.#signal));
    return informer;
  }

  /** The informer of all objects of the resource in whole, if someone has asked for it. */
  find<T extends KubernetesObject>(resource: ResourceType<T>): SharedInformer<T> | undefined {
    const key = identityOf(resource, { namespace: this.#options.namespace });
    return this.#informers.get(key) as SharedInformer<T> | undefined;
  }

  /** Starts the informers asked for so far, and those asked for later at once. */
  start(signal: AbortSignal): void {
    this.#signal ??= signal;
    for (const informer of this.#informers.values()) this.#running.push(informer.run(this.#signal));
  }

  /** Resolves when every informer asked for so far has its first list. False: the signal aborted before. */
  async waitForSync(signal?: AbortSignal): Promise<boolean> {
    const all = Promise.all([...this.#informers.values()].map((informer) => informer.synced)).then(() => true);
    if (!signal) return all;
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const aborted = (): void => resolve(false);
    signal.addEventListener('abort', aborted, { once: true });
    return Promise.race([all, promise]).finally(() => signal.removeEventListener('abort', aborted));
  }

  /** Resolves when all have ended, after the signal given to start() aborted. */
  async stopped(): Promise<void> {
    await Promise.all(this.#running);
  }
}

function identityOf(resource: ResourceType, options: ReflectorOptions): string {
  const { namespace, labelSelector = '', fieldSelector = '', metadataOnly = false } = options;
  return JSON.stringify([
    apiVersionOf(resource),
    resource.resource,
    namespace,
    labelSelector,
    fieldSelector,
    metadataOnly,
  ]);
}
