/**
 * One reflector and one indexer, shared by any number of handlers. Handlers run synchronously, in the order of events,
 * after the indexer has changed; they should only note keys in a queue. A handler added late first gets an `add` for
 * every object there is.
 */

import type { KubernetesObject } from '../meta/index.ts';
import { deepFreeze } from '../schema/json-value.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { Indexer, type IndexFunction, keyOf, type Lister } from './indexer.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { ResourceClient } from './resource-client.ts';

export interface EventHandler<T extends KubernetesObject> {
  /** `initial`: the object was there before the handler or the informer was. */
  add?(object: Readonly<T>, initial: boolean): void;
  /** Also called by resyncs, with twice the same object. */
  update?(previous: Readonly<T>, object: Readonly<T>): void;
  /** The last state known; after a relist that may not be the very last. */
  delete?(object: Readonly<T>): void;
}

export interface HandlerRegistration {
  remove(): void;
}

export interface SharedInformerOptions<T extends KubernetesObject> extends ReflectorOptions {
  indexes?: Record<string, IndexFunction<T>>;
  /** Freezes every object deeply, so that code that changes one fails: for tests. */
  freeze?: boolean;
  /** Changes an object, which it owns, before it is kept: to save memory. */
  transform?: (object: T) => T;
}

interface Registration<T extends KubernetesObject> {
  readonly handler: EventHandler<T>;
  resync: Timer | undefined;
}

export class SharedInformer<T extends KubernetesObject> {
  readonly indexer: Indexer<T>;
  /** Resolves when the first list has been delivered to the handlers. */
  readonly synced: Promise<void>;
  readonly #reflector: Reflector<T>;
  readonly #options: SharedInformerOptions<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handlers = new Set<Registration<T>>();
  readonly #resolveSynced: () => void;
  #hasSynced = false;
  #running: Promise<void> | undefined;

  constructor(resource: ResourceClient<T>, options: SharedInformerOptions<T> = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.indexer = new Indexer(options.indexes);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
    this.#reflector = new Reflector(
      resource,
      {
        replace: (objects) => this.#replace(objects),
        put: (object) => this.#put(object, false),
        delete: (object) => this.#delete(keyOf(object), object),
      },
      options,
    );
  }

  get lister(): Lister<T> {
    return this.indexer;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get lastSyncResourceVersion(): string {
    return this.#reflector.lastSyncResourceVersion;
  }

  addIndex(name: string, of: IndexFunction<T>): void {
    this.indexer.addIndex(name, of);
  }

  /** @param options.resyncPeriodMs every so often, `update(object, object)` for every object; absent: never. */
  addEventHandler(handler: EventHandler<T>, options: { resyncPeriodMs?: number } = {}): HandlerRegistration {
    const registration: Registration<T> = { handler, resync: undefined };
    this.#handlers.add(registration);
    for (const object of this.indexer.list()) this.#call(() => handler.add?.(object, true));
    const { resyncPeriodMs } = options;
    if (resyncPeriodMs) {
      const again = (): void => {
        for (const object of this.indexer.list()) this.#call(() => handler.update?.(object, object));
        registration.resync = this.#clock.timer(resyncPeriodMs, again);
      };
      registration.resync = this.#clock.timer(resyncPeriodMs, again);
    }
    return {
      remove: () => {
        registration.resync?.stop();
        this.#handlers.delete(registration);
      },
    };
  }

  /** Runs until the signal aborts. A second call joins the first. */
  run(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#reflector.run(signal).finally(() => {
      for (const registration of this.#handlers) registration.resync?.stop();
    });
    return this.#running;
  }

  #replace(objects: T[]): void {
    const gone = new Set(this.indexer.keys());
    const initial = !this.#hasSynced;
    for (const object of objects) {
      gone.delete(keyOf(object));
      this.#put(object, initial);
    }
    for (const key of gone) {
      const last = this.indexer.getByKey(key);
      if (last) this.#delete(key, last as T);
    }
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  #put(received: T, initial: boolean): void {
    const transformed = this.#options.transform ? this.#options.transform(received) : received;
    const object = this.#options.freeze ? deepFreeze(transformed) : transformed;
    const previous = this.indexer.put(object);
    for (const { handler } of this.#handlers) {
      if (previous === undefined) this.#call(() => handler.add?.(object, initial));
      else this.#call(() => handler.update?.(previous, object));
    }
  }

  #delete(key: string, last: T): void {
    if (!this.indexer.delete(key)) return;
    for (const { handler } of this.#handlers) this.#call(() => handler.delete?.(last));
  }

  /** A handler that throws must not stop the others, nor the reflector. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#logger.error({ error: error instanceof Error ? error.stack : String(error) }, 'informer handler failed');
    }
  }
}
