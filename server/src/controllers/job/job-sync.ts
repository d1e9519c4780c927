/** One look at a Job and its pods: what the steps of a reconcile share. Only `status` and the counts change. */
import type { Job, JobCondition, JobStatus } from '@typernetes/openapi/types/batch/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { isPodActive, isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { type BackoffRecord, finishedAt, noFailures } from './backoff.ts';
import { Indexes } from './indexes.ts';
import {
  absoluteIndexFailures,
  completionIndex,
  failsIndex,
  isFailed,
  isIndexed,
  isTracked,
  validIndex,
} from './job-pods.ts';
import { failureVerdict } from './policies.ts';

export interface JobSync {
  readonly key: string;
  readonly job: Readonly<Job>;
  readonly pods: readonly Readonly<Pod>[];
  readonly activePods: readonly Readonly<Pod>[];
  /** Pods whose finalizer was removed, which the cache has not seen yet. */
  readonly expectedRemovals: ReadonlySet<string>;
  /** As the status had them at the beginning. */
  readonly uncounted: { succeeded: ReadonlySet<string>; failed: ReadonlySet<string> };
  readonly newSucceeded: readonly Readonly<Pod>[];
  readonly newFailed: readonly Readonly<Pod>[];
  readonly previousSucceeded: Indexes;
  readonly succeededIndexes: Indexes;
  /** Only for Jobs with a backoff limit for each index. */
  readonly failedIndexes: Indexes | undefined;
  /** The last failed pod of each index that waits for its replacement. */
  readonly delayed: ReadonlyMap<number, Readonly<Pod>>;
  succeeded: number;
  failed: number;
  active: number;
  ready: number;
  terminating: number;
  status: JobStatus;
  backoff: BackoffRecord;
  finished: JobCondition | undefined;
}

export function hasBackoffPerIndex(job: Readonly<Job>): boolean {
  return job.spec?.backoffLimitPerIndex != null;
}

export function uidOf(pod: Readonly<Pod>): string {
  return pod.metadata?.uid ?? '';
}

export function lookAt(
  key: string,
  job: Readonly<Job>,
  pods: readonly Readonly<Pod>[],
  expectedRemovals: ReadonlySet<string>,
): JobSync {
  const status = structuredClone(job.status ?? {}) as JobStatus;
  status.uncountedTerminatedPods ??= {};
  const uncounted = {
    succeeded: new Set(status.uncountedTerminatedPods.succeeded),
    failed: new Set(status.uncountedTerminatedPods.failed),
  };
  const activePods = pods.filter(isPodActive);
  const tracked = pods.filter((pod) => isTracked(pod) && !expectedRemovals.has(uidOf(pod)));
  const valid = tracked.filter((pod) => !isIndexed(job) || validIndex(pod, job) !== undefined);
  const newSucceeded = valid.filter((pod) => pod.status?.phase === 'Succeeded' && !uncounted.succeeded.has(uidOf(pod)));
  const newFailed = valid.filter((pod) => isFailed(pod, job) && !uncounted.failed.has(uidOf(pod)));
  const counting = newFailed.filter((pod) => failureVerdict(job.spec?.podFailurePolicy, pod).counts).length;
  const indexes = indexesOf(job, pods, activePods, valid);
  return {
    key,
    job,
    pods,
    activePods,
    expectedRemovals,
    uncounted,
    newSucceeded,
    newFailed,
    ...indexes,
    succeeded: isIndexed(job)
      ? indexes.succeededIndexes.total
      : (status.succeeded ?? 0) + newSucceeded.length + uncounted.succeeded.size,
    failed: (status.failed ?? 0) + counting + uncounted.failed.size,
    active: activePods.length,
    ready: activePods.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    status,
    backoff: noFailures,
    finished: undefined,
  };
}

function indexesOf(
  job: Readonly<Job>,
  pods: readonly Readonly<Pod>[],
  activePods: readonly Readonly<Pod>[],
  valid: readonly Readonly<Pod>[],
): Pick<JobSync, 'previousSucceeded' | 'succeededIndexes' | 'failedIndexes' | 'delayed'> {
  const none = { previousSucceeded: Indexes.none, succeededIndexes: Indexes.none, failedIndexes: undefined };
  if (!isIndexed(job)) return { ...none, delayed: new Map() };
  const completions = job.spec?.completions ?? 0;
  const indexesWhere = (accept: (pod: Readonly<Pod>) => boolean): Indexes =>
    Indexes.of(
      pods
        .filter((pod) => isTracked(pod) && accept(pod))
        .map((pod) => validIndex(pod, job))
        .filter((index) => index !== undefined),
    );
  const previousSucceeded = Indexes.parse(job.status?.completedIndexes, completions);
  const succeededIndexes = previousSucceeded.union(indexesWhere((pod) => pod.status?.phase === 'Succeeded'));
  if (!hasBackoffPerIndex(job))
    return { previousSucceeded, succeededIndexes, failedIndexes: undefined, delayed: new Map() };
  const failedIndexes = Indexes.parse(job.status?.failedIndexes, completions).union(
    indexesWhere((pod) => failsIndex(pod, job)),
  );
  const activeIndexes = new Set(activePods.map(completionIndex));
  const delayed = new Map<number, Readonly<Pod>>();
  for (const pod of valid) {
    const index = validIndex(pod, job);
    if (index === undefined || !isFailed(pod, job)) continue;
    if (succeededIndexes.has(index) || failedIndexes.has(index) || activeIndexes.has(index)) continue;
    const last = delayed.get(index);
    const isLater =
      !last || (absoluteIndexFailures(last) <= absoluteIndexFailures(pod) && finishedAt(pod) >= finishedAt(last));
    if (isLater) delayed.set(index, pod);
  }
  return { previousSucceeded, succeededIndexes, failedIndexes, delayed };
}
