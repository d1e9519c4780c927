import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Storage } from '../storage.ts';
import { Cacher } from './cacher.ts';
import { CurrentRevision } from './current-revision.ts';
import type { RingLimits } from './event-ring.ts';
import { SharedWatch } from './shared-watch.ts';

export interface CacherGroupOptions {
  clock?: Clock;
  /** Bounds of each Cacher's recent events. */
  ring?: RingLimits;
}

/**
 * The Cachers of all resources over one storage, with one watch of it between them. Making one costs nothing until it
 * is used.
 */
export class CacherGroup {
  readonly #shared: SharedWatch;
  readonly #current: CurrentRevision;
  readonly #ring: RingLimits | undefined;
  readonly #cachers = new Map<string, Cacher>();

  /** `root` ends in `/`; all prefixes are below it. */
  constructor(storage: Storage, root = '/registry/', options: CacherGroupOptions = {}) {
    this.#shared = new SharedWatch(storage, root, options.clock ?? systemClock);
    this.#current = new CurrentRevision(storage);
    this.#ring = options.ring;
  }

  /** The Cacher of one resource's folder, which ends in `/`; the same one each time. */
  for(prefix: string): Cacher {
    const known = this.#cachers.get(prefix);
    if (known !== undefined) return known;
    const cacher = new Cacher(this.#shared, this.#current, prefix, this.#ring);
    this.#cachers.set(prefix, cacher);
    return cacher;
  }

  /** Once those that anybody has asked for are filled. */
  async filled(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#cachers.values()].map((cacher) => cacher.filled(signal)));
  }

  /** Those that anybody has asked for, by prefix. */
  all(): Iterable<readonly [prefix: string, cacher: Cacher]> {
    return this.#cachers;
  }

  /** How much is cached of one resource; undefined where nobody has asked for it yet. */
  size(prefix: string): { count: number; bytes: number } | undefined {
    return this.#cachers.get(prefix)?.cache.size;
  }

  /** For a resource that is served no longer, or differently: ends its watches and frees its memory. */
  release(prefix: string): void {
    const cacher = this.#cachers.get(prefix);
    this.#cachers.delete(prefix);
    cacher?.release();
  }

  /** Ends all watches; the storage stays open. */
  async close(): Promise<void> {
    this.#shared.close();
    await Promise.all([...this.#cachers.values()].map((cacher) => cacher.close()));
  }
}
