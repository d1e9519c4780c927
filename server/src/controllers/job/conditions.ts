import type { Job, JobCondition } from '@typernetes/openapi/types/batch/v1';

export type JobConditionType = 'Suspended' | 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet';

export function newCondition(
  type: JobConditionType,
  reason: string,
  message: string,
  timestamp: string,
  status: 'True' | 'False' = 'True',
): JobCondition {
  return { type, status, lastProbeTime: timestamp, lastTransitionTime: timestamp, reason, message };
}

export function trueCondition(job: Readonly<Job>, type: JobConditionType): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

/** The condition that ended the Job. */
export function finishedCondition(job: Readonly<Job>): JobCondition | undefined {
  return trueCondition(job, 'Complete') ?? trueCondition(job, 'Failed');
}

/** Replaces the condition of that type if it says something else. A condition that is not there is not False either. */
export function setCondition(
  conditions: readonly JobCondition[],
  condition: JobCondition,
): { conditions: JobCondition[]; changed: boolean } {
  const index = conditions.findIndex(({ type }) => type === condition.type);
  const current = conditions[index];
  if (!current) {
    const changed = condition.status !== 'False';
    return { conditions: changed ? [...conditions, condition] : [...conditions], changed };
  }
  const changed =
    current.status !== condition.status || current.reason !== condition.reason || current.message !== condition.message;
  return { conditions: changed ? conditions.with(index, condition) : [...conditions], changed };
}
