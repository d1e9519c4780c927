/**
 * What an embedded store does by itself: delete what has expired, forget history that is old. etcd expires leases by
 * itself and upstream's API server has it compacted every five minutes, to where it was five minutes before.
 */
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';

const expiryChunk = 500;

export interface ExpiryTarget {
  readonly database: Database;
  readonly clock: Clock;
  /** Delete the key if `revision` is still its last; must not throw for one that changed. */
  expire(key: string, revision: number): Promise<void>;
}

/** Deletes entries when they are due, soonest first, also those that came due while the store was closed. */
export class Expiry {
  readonly #target: ExpiryTarget;
  #cancel: (() => void) | undefined;
  #armedFor = Infinity;
  #sweeping = false;
  #stopped = false;

  constructor(target: ExpiryTarget) {
    this.#target = target;
  }

  /** An entry that expires then is durable. */
  add(expiresAt: number): void {
    if (this.#stopped || this.#sweeping || expiresAt >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = expiresAt;
    this.#cancel = this.#target.clock.after(expiresAt - this.#target.clock.now(), () => void this.sweep());
  }

  async sweep(): Promise<void> {
    if (this.#sweeping || this.#stopped) return;
    this.#sweeping = true;
    this.#cancel?.();
    this.#armedFor = Infinity;
    const { database, clock } = this.#target;
    let next: number | undefined;
    try {
      while (!this.#stopped) {
        const first = database.expiring(expiryChunk);
        const due = first.filter(({ expiresAt }) => expiresAt <= clock.now());
        if (due.length === 0) {
          next = first[0]?.expiresAt;
          break;
        }
        await Promise.all(due.map(({ key, revision }) => this.#target.expire(key, revision)));
        // What was added meanwhile, and may be due sooner than the rest, is seen when it looks again.
        await database.forgetExpiring(due);
      }
    } catch {
      // The disk failed. What is due stays due; look again later.
      next = clock.now() + 1000;
    } finally {
      this.#sweeping = false;
    }
    if (next !== undefined) this.add(next);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}

export interface CompactionPolicy {
  /** History is kept at least this long, and a fifth longer at most. 0 turns compaction by time off. */
  intervalMs: number;
  /** Beyond this many revisions since the last compaction the older half goes, however young. */
  maximumRevisions: number;
}

export interface CompactionTarget {
  readonly clock: Clock;
  readonly revision: number;
  readonly compactedRevision: number;
  compact(revision: number): Promise<void>;
}

const ticksPerInterval = 5;

/** Decides when history goes. */
export class AutoCompaction {
  readonly #target: CompactionTarget;
  readonly #policy: CompactionPolicy;
  #cancel: (() => void) | undefined;
  /** What the revision was at the last ticks, oldest first. */
  readonly #revisionAtTicks: number[];

  constructor(target: CompactionTarget, policy: CompactionPolicy) {
    this.#target = target;
    this.#policy = policy;
    this.#revisionAtTicks = [target.revision];
    this.#schedule();
  }

  /** Revisions have been added. */
  grown(): void {
    const { revision, compactedRevision } = this.#target;
    if (revision - compactedRevision <= this.#policy.maximumRevisions) return;
    this.#compact(revision - Math.floor(this.#policy.maximumRevisions / 2));
  }

  #schedule(): void {
    if (this.#policy.intervalMs <= 0) return;
    this.#cancel = this.#target.clock.after(this.#policy.intervalMs / ticksPerInterval, () => {
      const ticks = this.#revisionAtTicks;
      if (ticks.length >= ticksPerInterval) this.#compact(ticks.shift() ?? 0);
      ticks.push(this.#target.revision);
      this.#schedule();
    });
  }

  #compact(revision: number): void {
    if (revision <= this.#target.compactedRevision) return;
    // A failed compaction is tried again with the next.
    this.#target.compact(revision).catch(() => undefined);
  }

  stop(): void {
    this.#cancel?.();
  }
}
