/** What a Deployment's status is, given its ReplicaSets. Pure. */
import type { Deployment, DeploymentStatus, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import { withoutZeros } from '../objects/zeros.ts';
import { millisecondsOf } from '../time.ts';
import { findCondition, withCondition, withoutCondition } from './conditions.ts';
import { desiredReplicas, maxUnavailable, sizeOf, sumOf } from './sizes.ts';

const noLimit = 0x7fffffff;

export function progressDeadlineMs(deployment: Readonly<Deployment>): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds == null || seconds === noLimit ? undefined : seconds * 1000;
}

/** Counts and the Available condition. */
export function deploymentStatus(
  deployment: Readonly<Deployment>,
  all: readonly Readonly<ReplicaSet>[],
  newReplicaSet: Readonly<ReplicaSet> | undefined,
  timestamp: string,
): DeploymentStatus {
  const available = sumOf(all, (replicaSet) => replicaSet.status?.availableReplicas);
  const hasMinimum = available >= desiredReplicas(deployment) - maxUnavailable(deployment);
  const conditions = withCondition(
    deployment.status?.conditions ?? [],
    hasMinimum
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    timestamp,
  );
  const terminatingReplicas = sumOf(all, (replicaSet) => replicaSet.status?.terminatingReplicas);
  const collisionCount = deployment.status?.collisionCount;
  return {
    ...withoutZeros({
      observedGeneration: deployment.metadata?.generation ?? 0,
      replicas: sumOf(all, (replicaSet) => replicaSet.status?.replicas),
      updatedReplicas: newReplicaSet?.status?.replicas ?? 0,
      readyReplicas: sumOf(all, (replicaSet) => replicaSet.status?.readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sumOf(all, sizeOf) - available),
    }),
    terminatingReplicas,
    conditions,
    ...(collisionCount == null ? {} : { collisionCount }),
  };
}

export function isComplete(deployment: Readonly<Deployment>, status: Readonly<DeploymentStatus>): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

/** More updated, ready or available replicas than before, or fewer old ones. */
function hasProgressed(before: Readonly<DeploymentStatus> | undefined, after: Readonly<DeploymentStatus>): boolean {
  const updated = (status: Readonly<DeploymentStatus> | undefined): number => status?.updatedReplicas ?? 0;
  const old = (status: Readonly<DeploymentStatus> | undefined): number => (status?.replicas ?? 0) - updated(status);
  return (
    updated(after) > updated(before) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Readonly<Deployment>, status: Readonly<DeploymentStatus>, now: number): boolean {
  const deadline = progressDeadlineMs(deployment);
  const condition = findCondition(status.conditions, 'Progressing');
  if (deadline === undefined || !condition || condition.reason === 'NewReplicaSetAvailable') return false;
  return condition.reason === 'ProgressDeadlineExceeded' || millisecondsOf(condition.lastUpdateTime) + deadline < now;
}

/** The status during a rollout: also Progressing and ReplicaFailure. */
export function rolloutStatus(
  deployment: Readonly<Deployment>,
  all: readonly Readonly<ReplicaSet>[],
  newReplicaSet: Readonly<ReplicaSet> | undefined,
  now: number,
  timestamp: string,
): DeploymentStatus {
  const status = deploymentStatus(deployment, all, newReplicaSet, timestamp);
  let conditions = status.conditions ?? [];
  const current = findCondition(deployment.status?.conditions, 'Progressing');
  const hasDeadline = progressDeadlineMs(deployment) !== undefined;
  const isOver =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  const subject = newReplicaSet
    ? `ReplicaSet "${newReplicaSet.metadata?.name ?? ''}"`
    : `Deployment "${deployment.metadata?.name ?? ''}"`;
  if (!hasDeadline) conditions = withoutCondition(conditions, 'Progressing');
  else if (!isOver) {
    if (isComplete(deployment, status)) {
      const condition = {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `${subject} has successfully progressed.`,
      } as const;
      conditions = withCondition(conditions, condition, timestamp);
    } else if (hasProgressed(deployment.status, status)) {
      const condition = {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        message: `${subject} is progressing.`,
      } as const;
      conditions = withCondition(conditions, condition, timestamp, { always: true });
    } else if (hasTimedOut(deployment, status, now)) {
      const condition = {
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: `${subject} has timed out progressing.`,
      } as const;
      conditions = withCondition(conditions, condition, timestamp);
    }
  }
  const failure = replicaFailure(all, newReplicaSet);
  conditions = failure ? withCondition(conditions, failure, timestamp) : withoutCondition(conditions, 'ReplicaFailure');
  return { ...status, conditions };
}

function replicaFailure(
  all: readonly Readonly<ReplicaSet>[],
  newReplicaSet: Readonly<ReplicaSet> | undefined,
): { type: 'ReplicaFailure'; status: 'True'; reason: string; message: string } | undefined {
  for (const replicaSet of newReplicaSet ? [newReplicaSet, ...all] : all) {
    const condition = replicaSet.status?.conditions?.find(
      (entry) => entry.type === 'ReplicaFailure' && entry.status === 'True',
    );
    if (condition)
      return {
        type: 'ReplicaFailure',
        status: 'True',
        reason: condition.reason ?? '',
        message: condition.message ?? '',
      };
  }
  return undefined;
}

/** When to look whether the rollout has stalled; undefined: no need. */
export function nextProgressCheckMs(
  deployment: Readonly<Deployment>,
  status: Readonly<DeploymentStatus>,
  now: number,
): number | undefined {
  const deadline = progressDeadlineMs(deployment);
  const current = findCondition(status.conditions, 'Progressing');
  if (
    deadline === undefined ||
    !current ||
    isComplete(deployment, status) ||
    current.reason === 'ProgressDeadlineExceeded'
  )
    return undefined;
  return Math.max(1000, millisecondsOf(current.lastUpdateTime) + deadline - now + 1000);
}
