import type { DeploymentCondition } from '@typernetes/openapi/types/apps/v1';

export type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

export function findCondition(
  conditions: readonly DeploymentCondition[] | undefined,
  type: ConditionType,
): DeploymentCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Unchanged if status and reason are; the time of transition moves only with the status. */
export function withCondition(
  conditions: readonly DeploymentCondition[],
  condition: { type: ConditionType; status: 'True' | 'False' | 'Unknown'; reason: string; message: string },
  timestamp: string,
  options: { always?: boolean } = {},
): DeploymentCondition[] {
  const current = findCondition(conditions, condition.type);
  if (!options.always && current?.status === condition.status && current.reason === condition.reason)
    return [...conditions];
  const lastTransitionTime =
    current?.status === condition.status ? (current.lastTransitionTime ?? timestamp) : timestamp;
  return [
    ...withoutCondition(conditions, condition.type),
    { ...condition, lastUpdateTime: timestamp, lastTransitionTime },
  ];
}

export function withoutCondition(
  conditions: readonly DeploymentCondition[],
  type: ConditionType,
): DeploymentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}
