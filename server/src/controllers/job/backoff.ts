/** How long a Job waits before it replaces pods that failed: 10 s, doubled with each failure since the last success. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { podCondition } from '../pods/pod-state.ts';
import { millisecondsOf } from '../time.ts';
import { absoluteIndexFailures } from './job-pods.ts';

const initialMs = 10_000;
const maximumMs = 600_000;

export interface BackoffRecord {
  readonly failures: number;
  readonly lastFailureAt: number;
}

export const noFailures: BackoffRecord = { failures: 0, lastFailureAt: 0 };

export function withFinished(
  record: BackoffRecord,
  succeeded: readonly Readonly<Pod>[],
  failed: readonly Readonly<Pod>[],
): BackoffRecord {
  const failedAt = failed.map(finishedAt);
  if (succeeded.length > 0) {
    const lastSuccess = Math.max(...succeeded.map(finishedAt));
    const since = failedAt.filter((at) => at > lastSuccess);
    return since.length > 0 ? { failures: since.length, lastFailureAt: Math.max(...since) } : noFailures;
  }
  if (failed.length === 0) return record;
  return { failures: record.failures + failed.length, lastFailureAt: Math.max(...failedAt) };
}

export function remainingMs({ failures, lastFailureAt }: BackoffRecord, now: number): number {
  if (failures === 0) return 0;
  const backoff = Math.min(initialMs * 2 ** Math.min(failures - 1, 20), maximumMs);
  return Math.max(0, lastFailureAt + backoff - now);
}

/** The same for one index, whose last failed pod is kept until its replacement is due. */
export function remainingForIndexMs(lastFailed: Readonly<Pod> | undefined, now: number): number {
  if (!lastFailed) return 0;
  return remainingMs({ failures: absoluteIndexFailures(lastFailed) + 1, lastFailureAt: finishedAt(lastFailed) }, now);
}

/** When the last container ended; while one has no end, the best that is known. */
export function finishedAt(pod: Readonly<Pod>): number {
  const sidecars = new Set(
    pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses?.filter(({ name }) => sidecars.has(name)) ?? []),
  ];
  const ends = statuses.map(({ state }) => millisecondsOf(state?.terminated?.finishedAt));
  if (ends.length > 0 && ends.every((end) => end > 0)) return Math.max(...ends);
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) return millisecondsOf(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds, creationTimestamp } = pod.metadata ?? {};
  if (deletionTimestamp) return millisecondsOf(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1000;
  return millisecondsOf(creationTimestamp);
}
