/**
 * Group commit. Writers queue changes; while one group is being synced the next one gathers, so any number of writers
 * share a sync and a single one does not wait for company. Changes on their way are known here only: readers see a
 * change when it is durable, the next compare-and-swap sees it at once.
 */
import { nextTurn } from '../signal.ts';
import type { Entry } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { Change } from './database.ts';

const maximumGroup = 1000;
const maximumGroupBytes = 8 * 1024 * 1024;

export interface PendingChange extends Change {
  /** The state after a put; the last state before a delete. */
  entry: Entry;
  previous: Entry | undefined;
  /** Resolves when durable. */
  done: Promise<void>;
}

interface QueuedChange extends PendingChange {
  settle: (error: StorageError | undefined) => void;
}

export interface WriterTarget {
  commit(changes: readonly Change[]): Promise<void>;
  /** The group is durable; called before its writers hear of it. */
  committed(changes: readonly PendingChange[]): void;
  /** The group and whatever was queued behind it is void; revisions start again after the last durable one. */
  failed(): void;
}

export class Writer {
  readonly #target: WriterTarget;
  readonly #pending = new Map<string, PendingChange>();
  #queue: QueuedChange[] = [];
  #tasks: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  constructor(target: WriterTarget) {
    this.#target = target;
  }

  /** The newest change of this key that is not durable yet. */
  pending(key: string): PendingChange | undefined {
    return this.#pending.get(key);
  }

  queue(change: Omit<PendingChange, 'done'>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = (error: StorageError | undefined): void => (error === undefined ? resolve() : reject(error));
    const queued: QueuedChange = { ...change, done: promise, settle };
    this.#queue.push(queued);
    this.#pending.set(change.key, queued);
    this.#start();
    return promise;
  }

  /** Runs `task` while no commit is under way. */
  between(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject));
      this.#start();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0 || this.#tasks.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    // One turn, so that requests which arrived together go together.
    await nextTurn();
    while (this.#queue.length > 0 || this.#tasks.length > 0) {
      await this.#tasks.shift()?.();
      if (this.#queue.length > 0) await this.#commitGroup(this.#takeGroup());
      await nextTurn();
    }
  }

  #takeGroup(): QueuedChange[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && count < maximumGroup && bytes < maximumGroupBytes) {
      bytes += this.#queue[count]?.value.length ?? 0;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commitGroup(group: QueuedChange[]): Promise<void> {
    try {
      await this.#target.commit(group);
    } catch (cause) {
      const lost = [...group, ...this.#queue];
      this.#queue = [];
      this.#pending.clear();
      this.#target.failed();
      const error = new StorageError('unavailable', `the store could not be written: ${String(cause)}`, { cause });
      for (const change of lost) change.settle(error);
      return;
    }
    for (const change of group) if (this.#pending.get(change.key) === change) this.#pending.delete(change.key);
    this.#target.committed(group);
    // Node sends what the watches wrote when this tick ends. Controllers that act on the answer to a write find it in
    // their caches more often when the event has left first.
    process.nextTick(() => {
      for (const change of group) change.settle(undefined);
    });
  }
}
