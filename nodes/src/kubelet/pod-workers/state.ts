/**
 * The life of one pod on this node, as a pure state machine: syncing → terminating → terminated → finished, never back.
 * Updates come in, at most one work at a time goes out, the outcome of each work comes back. What arrived meanwhile is
 * folded into one pending work: only the newest pod counts.
 *
 *   syncing      containers are brought to the spec; until a deletion, an eviction or a terminal phase
 *   terminating  containers are stopped, again and again until none runs; the grace period may only shrink
 *   terminated   volumes and cgroups go, the last status is written
 *   finished     nothing of the pod is left but this record, until the pod itself is gone
 */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { isDeleted, isTerminalPhase, specOf } from '../pod/pod.ts';

export type PodWorkerPhase = 'syncing' | 'terminating' | 'terminated' | 'finished';

export interface PodUpdate {
  type: 'create' | 'update' | 'sync' | 'kill';
  pod: Pod;
  /** For a kill: the longest grace period; by default the pod's own. */
  gracePeriodSeconds?: number;
  /** For a kill: why, shown in the pod's status (Evicted …). */
  status?: { phase: 'Failed'; reason: string; message: string };
  /** Only the runtime knows of this pod: its object is gone. */
  orphan?: boolean;
}

export interface PodWork {
  type: 'sync' | 'terminating' | 'terminated';
  pod: Pod;
  orphan: boolean;
  /** terminating: seconds between SIGTERM and SIGKILL. */
  gracePeriodSeconds: number;
  status: PodUpdate['status'];
}

export type PodOutcome =
  /** sync: `terminal` when the pod's containers have ended for good. */
  { type: 'done'; terminal?: boolean; requeueAfterMs?: number } | { type: 'failed'; requeueAfterMs: number };

export class PodWorkerState {
  #phase: PodWorkerPhase = 'syncing';
  #pod: Pod;
  #orphan = false;
  #grace: number | undefined;
  #status: PodUpdate['status'];
  #pending = false;
  #working: PodWork['type'] | undefined;
  #synced = false;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  get phase(): PodWorkerPhase {
    return this.#phase;
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Whether a sync has been carried out at least once. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  /** Returns whether work under way must be aborted: it no longer does what is wanted. */
  update(update: PodUpdate): { abort: boolean } {
    if (update.orphan === true) this.#orphan = true;
    else {
      this.#pod = update.pod;
      this.#orphan = false;
    }
    if (this.#phase === 'finished') return { abort: false };
    this.#pending = true;
    const ends = update.type === 'kill' || isDeleted(update.pod) || isTerminalPhase(update.pod.status?.phase);
    if (this.#phase === 'syncing' && ends) {
      this.#phase = 'terminating';
      this.#status = update.status;
      this.#grace = this.#wantedGrace(update);
      return { abort: this.#working === 'sync' };
    }
    if (this.#phase !== 'terminating') return { abort: false };
    this.#status ??= update.status;
    const wanted = this.#wantedGrace(update);
    if (this.#grace !== undefined && wanted >= this.#grace) return { abort: false };
    this.#grace = wanted;
    return { abort: this.#working === 'terminating' };
  }

  /** A grace period is at least a second: containers get a chance to hear of their end. */
  #wantedGrace(update: PodUpdate): number {
    const own =
      update.pod.metadata?.deletionGracePeriodSeconds ?? specOf(update.pod).terminationGracePeriodSeconds ?? 30;
    return Math.max(
      1,
      Math.min(update.gracePeriodSeconds ?? own, isDeleted(update.pod) ? own : Number.POSITIVE_INFINITY),
    );
  }

  /** Asks for another round, for example after a time. */
  requeue(): void {
    if (this.#phase !== 'finished') this.#pending = true;
  }

  /** The next work, when there is one and none is under way; it counts as under way from here on. */
  next(): PodWork | undefined {
    if (this.#working !== undefined || !this.#pending || this.#phase === 'finished') return undefined;
    this.#pending = false;
    this.#working = this.#phase === 'syncing' ? 'sync' : this.#phase;
    return {
      type: this.#working,
      pod: this.#pod,
      orphan: this.#orphan,
      gracePeriodSeconds: this.#grace ?? 30,
      status: this.#status,
    };
  }

  /** Takes the outcome of the work that `next` gave. Returns after how long to `requeue`, if at all. */
  done(outcome: PodOutcome): { requeueAfterMs: number | undefined } {
    const worked = this.#working;
    this.#working = undefined;
    if (worked === 'sync') this.#synced = true;
    if (outcome.type === 'failed') return { requeueAfterMs: this.#pending ? 0 : outcome.requeueAfterMs };
    if (worked === 'sync') {
      if (outcome.terminal === true && this.#phase === 'syncing') {
        this.#phase = 'terminating';
        this.#grace ??= this.#wantedGrace({ type: 'sync', pod: this.#pod });
      }
      if (this.#phase === 'syncing') return { requeueAfterMs: outcome.requeueAfterMs };
      this.#pending = true;
      return { requeueAfterMs: 0 };
    }
    if (worked === 'terminating') {
      this.#phase = this.#orphan ? 'finished' : 'terminated';
      this.#pending = this.#phase !== 'finished';
      return { requeueAfterMs: this.#pending ? 0 : undefined };
    }
    this.#phase = 'finished';
    this.#pending = false;
    return { requeueAfterMs: undefined };
  }
}
