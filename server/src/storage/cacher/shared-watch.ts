/**
 * One watch of the storage for all Cachers. A Cacher is as fresh as this watch: an event of any resource tells every
 * other resource that nothing happened to it, so that reads need not wait for their own resource to change.
 */
import type { Clock } from '../clock.ts';
import type { Storage, Watch } from '../storage.ts';
import type { ChangeEvent } from './event-ring.ts';

export interface Subscriber {
  event(event: ChangeEvent): void;
  /** The watch runs, again: whoever lists from now on and takes the events after that misses nothing. */
  started(): void;
  /** The watch is over; events are missing from here to the next `started`. */
  interrupted(): void;
}

interface Waiter {
  revision: number;
  resolve: (reached: boolean) => void;
}

const restartDelayMs = 200;
const progressIntervalMs = 100;

export class SharedWatch {
  readonly #storage: Storage;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  #waiters: Waiter[] = [];
  #state: 'idle' | 'starting' | 'running' | 'closed' = 'idle';
  #revision = 0;
  #watch: Watch | undefined;
  #cancelRestart: (() => void) | undefined;
  #asking = false;

  constructor(storage: Storage, root: string, clock: Clock) {
    this.#storage = storage;
    this.#root = root;
    this.#clock = clock;
  }

  get storage(): Storage {
    return this.#storage;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Every event up to this revision has been handed to the subscribers. */
  get revision(): number {
    return this.#revision;
  }

  /** `prefix` ends in `/` and is the root or below it. */
  subscribe(prefix: string, subscriber: Subscriber): void {
    if (!prefix.startsWith(this.#root)) throw new RangeError(`${prefix} is not below ${this.#root}`);
    const subscribers = this.#subscribers.get(prefix) ?? new Set();
    this.#subscribers.set(prefix, subscribers.add(subscriber));
    if (this.#state === 'running') subscriber.started();
    else if (this.#state === 'idle') void this.#start();
  }

  unsubscribe(prefix: string, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(prefix);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#subscribers.delete(prefix);
  }

  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      const revision = await this.#storage.currentRevision();
      if (this.#closed()) return;
      this.#revision = revision;
      let ended = false;
      const watch = this.#storage.watch(
        { prefix: this.#root, afterRevision: revision, progress: true },
        {
          event: (event) => {
            if (ended) return;
            if (event.type !== 'progress') this.#dispatch(event);
            this.#reached(event.revision);
          },
          end: () => {
            ended = true;
            this.#interrupted();
          },
        },
      );
      this.#watch = watch;
    } catch {
      // The storage cannot be reached; the readers hear that from the storage itself.
      if (!this.#closed()) this.#restartLater();
      return;
    }
    this.#state = 'running';
    this.#each((subscriber) => subscriber.started());
  }

  #closed(): boolean {
    return this.#state === 'closed';
  }

  #interrupted(): void {
    if (this.#closed()) return;
    this.#watch = undefined;
    this.#each((subscriber) => subscriber.interrupted());
    this.#restartLater();
  }

  #restartLater(): void {
    this.#state = 'starting';
    this.#cancelRestart = this.#clock.after(restartDelayMs, () => void this.#start());
  }

  #each(call: (subscriber: Subscriber) => void): void {
    for (const subscribers of this.#subscribers.values()) for (const subscriber of subscribers) call(subscriber);
  }

  #dispatch(event: ChangeEvent): void {
    const { key } = event.entry;
    for (let slash = key.indexOf('/', this.#root.length - 1); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const subscribers = this.#subscribers.get(key.slice(0, slash + 1));
      if (subscribers !== undefined) for (const subscriber of subscribers) subscriber.event(event);
    }
  }

  #reached(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    if (this.#waiters.length === 0) return;
    const reached = this.#waiters.filter((waiter) => waiter.revision <= this.#revision);
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#revision);
    for (const waiter of reached) waiter.resolve(true);
  }

  /** Resolves to whether the watch came so far within the time. */
  waitFor(revision: number, withinMs: number): Promise<boolean> {
    if (this.#revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        revision,
        resolve: (reached) => {
          cancel();
          resolve(reached);
        },
      };
      const cancel = this.#clock.after(withinMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      this.#waiters.push(waiter);
      this.#askForProgress();
    });
  }

  /** While somebody waits: the prefix may be idle, then only progress tells. */
  #askForProgress(): void {
    if (this.#asking || this.#waiters.length === 0 || this.#closed()) return;
    this.#asking = true;
    this.#storage.requestProgress?.();
    this.#clock.after(progressIntervalMs, () => {
      this.#asking = false;
      this.#askForProgress();
    });
  }

  close(): void {
    if (this.#closed()) return;
    this.#state = 'closed';
    this.#watch?.stop();
    this.#cancelRestart?.();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(false);
  }
}
