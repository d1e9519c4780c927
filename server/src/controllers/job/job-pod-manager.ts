/** Creates and deletes pods until as many run as the Job wants. */
import { type Clock, type Expectations, type RestClient, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { controllerReference } from '../ownership/controller-reference.ts';
import { isNamespaceTerminating, type PodControl } from '../pods/pod-control.ts';
import { isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { compareForDeletion } from '../replicaset/deletion-ranking.ts';
import { slowStart } from '../replicaset/slow-start.ts';
import { remainingForIndexMs, remainingMs } from './backoff.ts';
import { Indexes } from './indexes.ts';
import { completionIndex, isIndexed, isSuspended, podTemplate, replacesOnlyFailed, validIndex } from './job-pods.ts';
import { hasBackoffPerIndex, type JobSync, uidOf } from './job-sync.ts';
import { removeTrackingFinalizer } from './job-tracking.ts';

const maximumAtOnce = 500;

export interface Managed {
  error?: unknown;
  /** Pods are due then that are not due yet. */
  requeueAfter?: number;
}

export class JobPodManager {
  readonly #client: RestClient;
  readonly #podControl: PodControl;
  readonly #expectations: Expectations;
  readonly #clock: Clock;

  constructor(client: RestClient, podControl: PodControl, expectations: Expectations, clock: Clock) {
    this.#client = client;
    this.#podControl = podControl;
    this.#expectations = expectations;
    this.#clock = clock;
  }

  async manage(sync: JobSync, signal: AbortSignal): Promise<Managed> {
    const { job } = sync;
    const wanted = isSuspended(job) ? 0 : wantedActive(sync);
    const surplus = isSuspended(job) ? sync.active : Math.max(0, sync.active - wanted);
    const chosen = this.#podsToRemove(sync, surplus).slice(0, isSuspended(job) ? undefined : maximumAtOnce);
    if (chosen.length > 0 || isSuspended(job)) return this.#remove(sync, chosen, signal);
    const terminating = replacesOnlyFailed(job) ? sync.terminating : 0;
    const missing = Math.min(wanted - terminating - sync.active, maximumAtOnce);
    return missing > 0 ? this.#create(sync, missing, signal) : {};
  }

  /** Of a Job that ends. Their finalizers stay until they are counted. */
  async deleteActive(sync: JobSync, signal: AbortSignal): Promise<{ deleted: number; error: unknown }> {
    const results = await Promise.allSettled(
      sync.activePods.map(async (pod) => {
        try {
          await this.#podControl.delete(pod, sync.job, signal);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }),
    );
    const deleted = results.filter(({ status }) => status === 'fulfilled').length;
    sync.ready -= sync.activePods.filter(isPodReady).length;
    sync.active -= deleted;
    sync.terminating += deleted;
    return { deleted, error: results.find((result) => result.status === 'rejected')?.reason as unknown };
  }

  /** These are not counted as failed: their finalizers go first. */
  async #remove(sync: JobSync, pods: readonly Readonly<Pod>[], signal: AbortSignal): Promise<Managed> {
    this.#expectations.expectDeletions(sync.key, pods.map(uidOf));
    const results = await Promise.allSettled(
      pods.map(async (pod) => {
        try {
          await removeTrackingFinalizer(this.#client, pod, signal);
          await this.#podControl.delete(pod, sync.job, signal);
        } catch (error) {
          this.#expectations.deletionObserved(sync.key, uidOf(pod));
          if (!isNotFound(error)) throw error;
        }
      }),
    );
    const removed = results.filter(({ status }) => status === 'fulfilled').length;
    sync.active -= removed;
    sync.terminating += removed;
    sync.ready -= pods.filter(isPodReady).length;
    return { error: results.find((result) => result.status === 'rejected')?.reason as unknown };
  }

  async #create(sync: JobSync, missing: number, signal: AbortSignal): Promise<Managed> {
    const { job, key } = sync;
    const now = this.#clock.now();
    if (!hasBackoffPerIndex(job)) {
      const wait = remainingMs(sync.backoff, now);
      if (wait > 0) return { requeueAfter: wait };
    }
    let indexes: (number | undefined)[] = Array.from({ length: missing });
    if (isIndexed(job)) {
      const pending = pendingIndexes(sync, missing);
      const waits = pending.map((index) => remainingForIndexMs(sync.delayed.get(index), now));
      indexes = pending.filter((_, position) => waits[position] === 0);
      if (indexes.length === 0 && pending.length > 0) return { requeueAfter: Math.min(...waits) };
    }
    const count = indexes.length;
    this.#expectations.expectCreations(key, count);
    const reference = controllerReference(job, resources.jobs);
    let next = 0;
    const { succeeded, error } = await slowStart(count, () => {
      const index = indexes[next++];
      const { template, generateName } = podTemplate(
        job,
        index,
        index === undefined ? undefined : sync.delayed.get(index),
      );
      return this.#podControl.create(template, job, reference, signal, generateName);
    });
    // What was not created will never be observed.
    if (succeeded < count) this.#expectations.creationObserved(key, count - succeeded);
    sync.active += succeeded;
    return isNamespaceTerminating(error) ? {} : { error };
  }

  /** Of an index too many or out of range all but the best, then the earliest in their life. */
  #podsToRemove({ job, activePods }: JobSync, atLeast: number): Readonly<Pod>[] {
    const now = this.#clock.now();
    const sorted = [...activePods].sort((a, b) => compareForDeletion(a, b, () => 0, now));
    if (!isIndexed(job)) return sorted.slice(0, atLeast);
    const best = new Map<number, Readonly<Pod>>();
    for (const pod of sorted) {
      const index = validIndex(pod, job);
      if (index !== undefined) best.set(index, pod);
    }
    const kept = new Set(best.values());
    const removed = sorted.filter((pod) => !kept.has(pod));
    const more = sorted.filter((pod) => kept.has(pod)).slice(0, Math.max(0, atLeast - removed.length));
    return [...removed, ...more];
  }
}

function wantedActive({ job, succeeded, active }: JobSync): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  if (completions == null) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function pendingIndexes(sync: JobSync, count: number): number[] {
  const of = (pods: readonly Readonly<Pod>[]): Indexes =>
    Indexes.of(pods.map(completionIndex).filter((index) => index !== undefined));
  let taken = sync.succeededIndexes.union(of(sync.activePods));
  if (replacesOnlyFailed(sync.job)) taken = taken.union(of(sync.pods.filter(isPodTerminating)));
  if (sync.failedIndexes) taken = taken.union(sync.failedIndexes);
  return taken.firstMissing(count, sync.job.spec?.completions ?? 0);
}
