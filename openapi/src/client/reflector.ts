/**
 * Keeps a target equal to what the API server has: list, then watch from the list's resourceVersion, for ever. A broken
 * or ended watch resumes from the last resourceVersion seen; a 410 lists again; failures back off. The target sees one
 * `replace` per list and then single changes in order.
 */
import { type KubernetesObject, StatusError } from '../meta/index.ts';
import { Backoff, type Clock, delay, systemClock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';
import type { ResourceClient } from './resource-client.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface ReflectorTarget<T extends KubernetesObject> {
  /** The whole state as of `resourceVersion`. */
  replace(objects: T[], resourceVersion: string): void;
  put(object: T): void;
  delete(object: T): void;
}

export interface ReflectorOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Only apiVersion, kind and metadata. */
  metadataOnly?: boolean;
  /**
   * Streams the initial state through the watch (sendInitialEvents) in place of a list; falls back to a list where the
   * server refuses. Default false.
   */
  watchList?: boolean;
  clock?: Clock;
  random?: () => number;
  logger?: Logger;
}

const initialEventsEnd = 'k8s.io/initial-events-end';
const minimumWatchSeconds = 300;

export class Reflector<T extends KubernetesObject> {
  readonly #resource: ResourceClient<T>;
  readonly #target: ReflectorTarget<T>;
  readonly #options: ReflectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  #resourceVersion = '';
  /** The last list's version was refused as too old or too new: ask for the newest. */
  #listNewest = false;
  #watchListRefused = false;

  constructor(resource: ResourceClient<T>, target: ReflectorTarget<T>, options: ReflectorOptions = {}) {
    this.#resource = resource;
    this.#target = target;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger ?? silentLogger;
  }

  /** The resourceVersion up to which the target is true; empty before the first list. */
  get lastSyncResourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#clock, this.#random, { initial: 800, maximum: 30_000, resetAfter: 120_000 });
    let listed = false;
    let listedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        if (!listed) {
          if (!(await this.#streamInitial(signal))) await this.#list(signal);
          listed = true;
          listedAt = this.#clock.now();
        }
        const startedAt = this.#clock.now();
        await this.#watch(signal);
        // A server that ends watches at once must not make us spin.
        if (this.#clock.now() - startedAt < 1000) await delay(this.#clock, backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) {
          listed = false;
          this.#listNewest = this.#listNewest || this.#resourceVersion === '' || isTooLarge(error);
          this.#logger.debug({ resource: this.#resource.resource.resource }, 'watch expired, listing again');
          // Nor must one whose lists are too old for its watches.
          if (!this.#listNewest && this.#clock.now() - listedAt >= 1000) continue;
        } else {
          this.#logger.warn(
            { resource: this.#resource.resource.resource, error: messageOf(error) },
            'list or watch failed',
          );
        }
        await delay(this.#clock, backoff.next(), signal);
      }
    }
  }

  #selection(): {
    labelSelector: string | undefined;
    fieldSelector: string | undefined;
    metadataOnly: boolean | undefined;
  } {
    const { labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { labelSelector, fieldSelector, metadataOnly };
  }

  /** At least as new as what was seen before (any state at first); pages only where the newest state is wanted. */
  async #list(signal: AbortSignal): Promise<void> {
    const objects: T[] = [];
    let resourceVersion = '';
    let token: string | undefined;
    const minimum = this.#listNewest ? undefined : this.#resourceVersion || '0';
    try {
      do {
        const page = await this.#resource.list(this.#options.namespace, {
          ...this.#selection(),
          signal,
          ...(minimum === undefined ? { limit: 500 } : {}),
          ...(token ? { continue: token } : { resourceVersion: minimum }),
        });
        const kind = page.kind?.replace(/List$/, '');
        const metadataOnly = page.kind === 'PartialObjectMetadataList';
        // Go writes an empty list of metadata as null.
        for (const item of page.items ?? []) {
          objects.push(
            !metadataOnly && item.kind === undefined && kind ? { apiVersion: page.apiVersion, kind, ...item } : item,
          );
        }
        resourceVersion = page.metadata?.resourceVersion ?? '';
        token = page.metadata?.continue || undefined;
      } while (token);
    } catch (error) {
      if (isExpired(error)) this.#listNewest = true;
      throw error;
    }
    this.#listNewest = false;
    this.#resourceVersion = resourceVersion;
    this.#target.replace(objects, resourceVersion);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const timeoutSeconds = Math.floor(minimumWatchSeconds * (1 + this.#random()));
    const events = this.#watchWithDeadline(signal, timeoutSeconds, {
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds,
    });
    for await (const event of events) this.#apply(event);
  }

  /** The initial state through the watch. False: this server or option does not do so, list instead. */
  async #streamInitial(signal: AbortSignal): Promise<boolean> {
    if (!this.#options.watchList || this.#watchListRefused) return false;
    const timeoutSeconds = Math.floor(minimumWatchSeconds * (1 + this.#random()));
    const objects = new Map<string, T>();
    try {
      const events = this.#watchWithDeadline(signal, timeoutSeconds, {
        resourceVersion: this.#resourceVersion || undefined,
        resourceVersionMatch: 'NotOlderThan',
        sendInitialEvents: true,
        allowWatchBookmarks: true,
        timeoutSeconds,
      });
      let complete = false;
      for await (const event of events) {
        if (complete) {
          this.#apply(event);
          continue;
        }
        const key = `${event.object.metadata?.namespace ?? ''}/${event.object.metadata?.name ?? ''}`;
        if (event.type === 'BOOKMARK') {
          if (event.object.metadata?.annotations?.[initialEventsEnd] !== 'true') continue;
          this.#resourceVersion = event.object.metadata.resourceVersion ?? '';
          this.#target.replace([...objects.values()], this.#resourceVersion);
          complete = true;
        } else if (event.type === 'DELETED') objects.delete(key);
        else objects.set(key, event.object);
      }
      return complete;
    } catch (error) {
      if (error instanceof StatusError && (error.status.code === 400 || error.status.code === 422)) {
        this.#watchListRefused = true;
        return false;
      }
      throw error;
    }
  }

  /** A watch that is given up when nothing ends it long after the server should have (a connection that died silently). */
  async *#watchWithDeadline(
    signal: AbortSignal,
    timeoutSeconds: number,
    options: Parameters<ResourceClient<T>['watch']>[1],
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const deadline = new AbortController();
    const timer = this.#clock.timer((timeoutSeconds + 30) * 1000, () => deadline.abort());
    const either = AbortSignal.any([signal, deadline.signal]);
    try {
      yield* this.#resource.watch(this.#options.namespace, { ...this.#selection(), ...options, signal: either });
    } finally {
      timer.stop();
    }
  }

  #apply(event: WatchEvent<T>): void {
    const { resourceVersion } = event.object.metadata ?? {};
    if (resourceVersion) this.#resourceVersion = resourceVersion;
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#target.put(event.object);
        break;
      case 'DELETED':
        this.#target.delete(event.object);
        break;
      case 'BOOKMARK':
        break;
    }
  }
}

function isExpired(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const { code, reason } = error.status;
  return code === 410 || reason === 'Expired' || reason === 'Gone' || isTooLarge(error);
}

/** The server is behind the version we have seen: storage was restored or replaced. */
function isTooLarge(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.status.code === 504 &&
    (error.status.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false)
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
