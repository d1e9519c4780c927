/**
 * Counts ended pods exactly once, whoever crashes when: a pod keeps a finalizer until its UID stands in
 * status.uncountedTerminatedPods; then the finalizer goes, then the UID becomes part of the count.
 */
import { type Clock, type EventRecorder, type RestClient, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Job, JobStatus } from '@typernetes/openapi/types/batch/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { WrittenVersions } from '../ownership/written-versions.ts';
import { timestamp } from '../time.ts';
import type { BackoffRecord } from './backoff.ts';
import { newCondition, setCondition, trueCondition } from './conditions.ts';
import { Indexes } from './indexes.ts';
import { byCompletionIndex, isFailed, isIndexed, isTracked, trackingFinalizer, validIndex } from './job-pods.ts';
import { type JobSync, uidOf } from './job-sync.ts';
import { failureVerdict } from './policies.ts';

/** Keeps the UIDs in a status below some 20 kB. */
const maximumUncounted = 500;

export class JobTracking {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  readonly #written: WrittenVersions;
  readonly #backoffs: Map<string, BackoffRecord>;
  readonly #removals = new Map<string, Set<string>>();

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    clock: Clock;
    written: WrittenVersions;
    backoffs: Map<string, BackoffRecord>;
  }) {
    this.#client = options.client;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#written = options.written;
    this.#backoffs = options.backoffs;
  }

  expectedRemovals(key: string): ReadonlySet<string> {
    return new Set(this.#removals.get(key));
  }

  removalObserved(key: string, uid: string): void {
    this.#removals.get(key)?.delete(uid);
  }

  forget(key: string): void {
    this.#removals.delete(key);
  }

  /** Returns whether the Job is finished now. */
  async track(sync: JobSync, mustWrite: boolean, signal: AbortSignal): Promise<boolean> {
    const { status } = sync;
    const held = new Set(
      sync.pods.filter((pod) => isTracked(pod) && !sync.expectedRemovals.has(uidOf(pod))).map(uidOf),
    );
    let write = countReleased(status, held) || mustWrite;
    const { release, all, changed } = collect(sync);
    write ||= changed;
    const { finished } = sync;
    const now = timestamp(this.#clock);
    let final = finished;
    if (finished?.type === 'FailureTarget') {
      status.conditions = [...(status.conditions ?? []), finished];
      write = true;
      final = newCondition('Failed', finished.reason ?? '', finished.message ?? '', now);
    } else if (finished?.type === 'SuccessCriteriaMet') {
      if (!trueCondition({ status }, 'SuccessCriteriaMet')) {
        status.conditions = [...(status.conditions ?? []), finished];
        write = true;
      }
      final = newCondition('Complete', finished.reason ?? '', finished.message ?? '', now);
    }
    let job: Readonly<Job> = sync.job;
    if (write) {
      job = await this.#updateStatus(sync.key, { ...job, status: structuredClone(status) }, signal);
      this.#backoffs.set(sync.key, sync.backoff);
    }
    const error = await this.#release(sync.key, release, held, signal);
    let writeAgain = countReleased(status, held);
    if (error !== undefined) {
      if (writeAgain) await this.#updateStatus(sync.key, { ...job, status }, signal);
      throw error;
    }
    const isFinished = final !== undefined && all && enact(sync, final);
    writeAgain ||= isFinished;
    if (writeAgain) job = await this.#updateStatus(sync.key, { ...job, status }, signal);
    if (isFinished && final) this.#announce(job, final);
    return isFinished;
  }

  async #updateStatus(key: string, job: Job, signal: AbortSignal): Promise<Job> {
    const updated = await this.#client.resource(resources.jobs).updateStatus(job, { signal });
    this.#written.wrote(key, updated);
    return updated;
  }

  /** Takes the finalizers off, and the pods for which it worked out of `held`. The first error, if any. */
  async #release(
    key: string,
    pods: readonly Readonly<Pod>[],
    held: Set<string>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const removals = this.#removals.get(key) ?? new Set();
    this.#removals.set(key, removals);
    for (const pod of pods) removals.add(uidOf(pod));
    const results = await Promise.allSettled(
      pods.map(async (pod) => {
        try {
          await removeTrackingFinalizer(this.#client, pod, signal);
        } catch (error) {
          removals.delete(uidOf(pod));
          if (!isNotFound(error)) throw error;
        }
        held.delete(uidOf(pod));
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason as unknown;
  }

  #announce(
    job: Readonly<Job>,
    { type, reason = '', message = '' }: { type: string; reason?: string; message?: string },
  ): void {
    if (type !== 'Complete') {
      this.#recorder.event(job, 'Warning', reason, message);
      return;
    }
    const { completions } = job.spec ?? {};
    if (completions != null && (job.status?.succeeded ?? 0) > completions) {
      const tooMany = 'Too many succeeded pods running after completion count reached';
      this.#recorder.event(job, 'Warning', 'TooManySucceededPods', tooMany);
    }
    this.#recorder.event(job, 'Normal', 'Completed', 'Job completed');
  }
}

export async function removeTrackingFinalizer(
  client: RestClient,
  pod: Readonly<Pod>,
  signal: AbortSignal,
): Promise<void> {
  if (!isTracked(pod)) return;
  const { namespace, name = '' } = pod.metadata ?? {};
  const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  await client.resource(resources.pods).patch(namespace, name, patch, { type: 'strategic', signal });
}

/** Moves UIDs of pods without finalizer into the counts. */
function countReleased(status: JobStatus, held: ReadonlySet<string>): boolean {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const succeededLeft = succeeded.filter((uid) => held.has(uid));
  const failedLeft = failed.filter((uid) => held.has(uid));
  const newSucceeded = succeeded.length - succeededLeft.length;
  const newFailed = failed.length - failedLeft.length;
  if (newSucceeded > 0) status.succeeded = (status.succeeded ?? 0) + newSucceeded;
  if (newFailed > 0) status.failed = (status.failed ?? 0) + newFailed;
  status.uncountedTerminatedPods = {
    ...(succeededLeft.length > 0 ? { succeeded: succeededLeft } : {}),
    ...(failedLeft.length > 0 ? { failed: failedLeft } : {}),
  };
  return newSucceeded + newFailed > 0;
}

/** Notes newly ended pods in the status. `all` is false if there was no room for some. */
function collect(sync: JobSync): { release: Readonly<Pod>[]; all: boolean; changed: boolean } {
  const { job, status, uncounted } = sync;
  const indexed = isIndexed(job);
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const succeededIndexes: number[] = [];
  const release: Readonly<Pod>[] = [];
  let all = true;
  let changed = false;
  for (const pod of indexed ? [...sync.pods].sort(byCompletionIndex) : sync.pods) {
    const uid = uidOf(pod);
    if (!isTracked(pod) || sync.expectedRemovals.has(uid)) continue;
    const hasFailed = isFailed(pod, job);
    if (!mayRelease(sync, pod, hasFailed)) continue;
    release.push(pod);
    const index = validIndex(pod, job);
    if (pod.status?.phase === 'Succeeded' && !uncounted.failed.has(uid)) {
      if (indexed) {
        if (index !== undefined && !sync.previousSucceeded.has(index)) succeededIndexes.push(index);
      } else if (!uncounted.succeeded.has(uid)) {
        succeeded.push(uid);
        changed = true;
      }
    } else if (hasFailed || (sync.finished !== undefined && sync.finished.type !== 'SuccessCriteriaMet')) {
      const counts =
        !uncounted.failed.has(uid) &&
        (!indexed || index !== undefined) &&
        failureVerdict(job.spec?.podFailurePolicy, pod).counts;
      if (counts) {
        failed.push(uid);
        changed = true;
      }
    }
    if (succeededIndexes.length + succeeded.length + failed.length >= maximumUncounted) {
      all = false;
      break;
    }
  }
  status.uncountedTerminatedPods = {
    ...(succeeded.length > 0 ? { succeeded } : {}),
    ...(failed.length > 0 ? { failed } : {}),
  };
  return { release, all, changed: (indexed && writeIndexes(sync, succeededIndexes)) || changed };
}

function writeIndexes({ status, succeededIndexes, failedIndexes }: JobSync, added: readonly number[]): boolean {
  const succeeded = succeededIndexes.union(Indexes.of(added));
  const completed = succeeded.toString();
  const failed = failedIndexes?.toString();
  const changed = added.length > 0 || completed !== (status.completedIndexes ?? '') || failed !== status.failedIndexes;
  if (succeeded.total > 0) status.succeeded = succeeded.total;
  else delete status.succeeded;
  if (completed) status.completedIndexes = completed;
  else delete status.completedIndexes;
  if (failed === undefined) delete status.failedIndexes;
  else status.failedIndexes = failed;
  return changed;
}

function mayRelease(sync: JobSync, pod: Readonly<Pod>, hasFailed: boolean): boolean {
  if (sync.job.metadata?.deletionTimestamp || sync.finished || pod.status?.phase === 'Succeeded') return true;
  if (!hasFailed) return false;
  const index = validIndex(pod, sync.job);
  return index === undefined || sync.delayed.get(index)?.metadata?.uid !== pod.metadata?.uid;
}

/** The final condition comes only when every pod is counted and gone. */
function enact(sync: JobSync, final: NonNullable<JobSync['finished']>): boolean {
  const { status } = sync;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (succeeded.length + failed.length > 0 || sync.terminating > 0) return false;
  status.conditions = setCondition(status.conditions ?? [], final).conditions;
  if (final.type === 'Complete' && final.lastTransitionTime) status.completionTime = final.lastTransitionTime;
  return true;
}
