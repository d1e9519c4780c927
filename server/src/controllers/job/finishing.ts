/** Whether a Job has to end now, and why. */
import type { Job, JobCondition } from '@typernetes/openapi/types/batch/v1';
import { millisecondsOf } from '../time.ts';
import { newCondition, trueCondition } from './conditions.ts';
import { isFailed, isIndexed, isSuspended } from './job-pods.ts';
import { hasBackoffPerIndex, type JobSync } from './job-sync.ts';
import { failureVerdict, successMessage } from './policies.ts';

/** A condition on the way to the final one: FailureTarget or SuccessCriteriaMet, or Failed if it was targeted before. */
export function endingCondition(sync: JobSync, now: number, timestamp: string): JobCondition | undefined {
  const { job } = sync;
  const met = trueCondition(job, 'SuccessCriteriaMet');
  if (met) return met;
  const target = trueCondition(job, 'FailureTarget');
  if (target) return newCondition('Failed', target.reason ?? '', target.message ?? '', timestamp);
  const fail = (reason: string, message: string): JobCondition =>
    newCondition('FailureTarget', reason, message, timestamp);
  const policyMessage = sync.pods
    .filter((pod) => isFailed(pod, job))
    .map((pod) => failureVerdict(job.spec?.podFailurePolicy, pod).message)
    .find((message) => message !== undefined);
  if (policyMessage !== undefined) return fail('PodFailurePolicy', policyMessage);
  const backoffLimit = job.spec?.backoffLimit ?? 6;
  if (sync.failed > backoffLimit || restartsExceed(sync, backoffLimit))
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineInMs(sync, now);
  if (deadline !== undefined && deadline <= 0)
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (!isIndexed(job)) return undefined;
  const completions = job.spec?.completions ?? 0;
  if (hasBackoffPerIndex(job)) {
    const failed = sync.failedIndexes?.total ?? 0;
    const { maxFailedIndexes } = job.spec ?? {};
    if (maxFailedIndexes != null && failed > maxFailedIndexes)
      return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
    if (failed > 0 && failed + sync.succeededIndexes.total >= completions)
      return fail('FailedIndexes', 'Job has failed indexes');
  }
  const success = successMessage(job.spec?.successPolicy, completions, sync.succeededIndexes);
  return success === undefined ? undefined : newCondition('SuccessCriteriaMet', 'SuccessPolicy', success, timestamp);
}

/** Time left of activeDeadlineSeconds. */
export function deadlineInMs({ job, status }: JobSync, now: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds == null || !status.startTime || isSuspended(job)) return undefined;
  return millisecondsOf(status.startTime) + seconds * 1000 - now;
}

export function isComplete(sync: JobSync): boolean {
  const completions = sync.job.spec?.completions;
  return sync.active === 0 && (completions == null ? sync.succeeded > 0 : sync.succeeded >= completions);
}

/** Containers that restart in place count as failures. */
function restartsExceed({ job, pods }: JobSync, backoffLimit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += restartCount;
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

export function isManagedByOther(job: Readonly<Job>): boolean {
  return job.spec?.managedBy != null && job.spec.managedBy !== 'kubernetes.io/job-controller';
}
