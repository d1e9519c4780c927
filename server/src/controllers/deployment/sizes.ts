/** The arithmetic of rollouts: how large each ReplicaSet may be. Pure. */
import type { Deployment, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import { countAnnotation, desiredReplicasAnnotation, maxReplicasAnnotation } from './annotations.ts';

/** A number, or a percentage of `total`. */
export function scaledValue(value: number | string | undefined | null, total: number, roundUp: boolean): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return value;
  const percentage = /^(\d+)%$/.exec(value)?.[1];
  if (percentage === undefined) throw new Error(`invalid value for IntOrString: ${value}`);
  const scaled = (Number(percentage) * total) / 100;
  return roundUp ? Math.ceil(scaled) : Math.floor(scaled);
}

export function desiredReplicas(deployment: Readonly<Deployment>): number {
  return deployment.spec?.replicas ?? 1;
}

export function sizeOf(replicaSet: Readonly<ReplicaSet>): number {
  return replicaSet.spec?.replicas ?? 1;
}

export function isRollingUpdate(deployment: Readonly<Deployment>): boolean {
  return deployment.spec?.strategy?.type === 'RollingUpdate';
}

/** Both at 0 would allow no progress: then one may be unavailable. */
function fenceposts(deployment: Readonly<Deployment>): { surge: number; unavailable: number } {
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const desired = desiredReplicas(deployment);
  const surge = scaledValue(maxSurge as number | string | undefined, desired, true);
  const unavailable = scaledValue(maxUnavailable as number | string | undefined, desired, false);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurge(deployment: Readonly<Deployment>): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

export function maxUnavailable(deployment: Readonly<Deployment>): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desired);
}

export function sumOf(
  replicaSets: readonly Readonly<ReplicaSet>[],
  count: (replicaSet: Readonly<ReplicaSet>) => number | undefined,
): number {
  return replicaSets.reduce((sum, replicaSet) => sum + (count(replicaSet) ?? 0), 0);
}

/** How large the new ReplicaSet may be now, given all (itself included). */
export function newReplicaSetSize(
  deployment: Readonly<Deployment>,
  all: readonly Readonly<ReplicaSet>[],
  newSize: number,
): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const maximum =
    desired +
    scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxSurge as number | string | undefined, desired, true);
  const current = sumOf(all, sizeOf);
  if (current >= maximum) return newSize;
  return newSize + Math.min(maximum - current, desired - newSize);
}

/** How many pods of old ReplicaSets may go without falling below the available minimum. */
export function maxScaleDown(
  deployment: Readonly<Deployment>,
  all: readonly Readonly<ReplicaSet>[],
  newReplicaSet: Readonly<ReplicaSet>,
): number {
  const minimum = desiredReplicas(deployment) - maxUnavailable(deployment);
  const newUnavailable = sizeOf(newReplicaSet) - (newReplicaSet.status?.availableReplicas ?? 0);
  return sumOf(all, sizeOf) - minimum - newUnavailable;
}

/**
 * New sizes of active ReplicaSets after the Deployment was scaled in the middle of a rollout: the difference is spread in
 * proportion, larger first, and what rounding leaves over goes to the largest.
 */
export function proportionalSizes(
  deployment: Readonly<Deployment>,
  active: readonly Readonly<ReplicaSet>[],
): Map<Readonly<ReplicaSet>, number> {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - sumOf(active, sizeOf);
  const newerFirst = (a: Readonly<ReplicaSet>, b: Readonly<ReplicaSet>): number => -compareCreation(a, b);
  const sorted = [...active].sort(
    (a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? newerFirst(a, b) : compareCreation(a, b)),
  );
  const sizes = new Map<Readonly<ReplicaSet>, number>();
  let added = 0;
  for (const replicaSet of sorted) {
    const share = proportion(deployment, replicaSet, toAdd, added);
    sizes.set(replicaSet, sizeOf(replicaSet) + share);
    added += share;
  }
  const largest = sorted[0];
  if (largest && toAdd !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

function proportion(
  deployment: Readonly<Deployment>,
  replicaSet: Readonly<ReplicaSet>,
  toAdd: number,
  added: number,
): number {
  const size = sizeOf(replicaSet);
  if (size === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, replicaSet, size);
  const rest = toAdd - added;
  return toAdd > 0 ? Math.min(share, rest) : Math.max(share, rest);
}

function fraction(deployment: Readonly<Deployment>, replicaSet: Readonly<ReplicaSet>, size: number): number {
  if (desiredReplicas(deployment) === 0) return -size;
  const before = countAnnotation(replicaSet, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const scaled = (size * (desiredReplicas(deployment) + maxSurge(deployment))) / before;
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5) - size;
}

/** The new ReplicaSet has all it needs: old ones can go at once. */
export function isSaturated(deployment: Readonly<Deployment>, replicaSet: Readonly<ReplicaSet> | undefined): boolean {
  if (!replicaSet) return false;
  const desired = desiredReplicas(deployment);
  return (
    countAnnotation(replicaSet, desiredReplicasAnnotation) === desired &&
    sizeOf(replicaSet) === desired &&
    (replicaSet.status?.availableReplicas ?? 0) === desired
  );
}

/** Older first. */
export function compareCreation(a: Readonly<ReplicaSet>, b: Readonly<ReplicaSet>): number {
  const [timeA = '', timeB = ''] = [a.metadata?.creationTimestamp, b.metadata?.creationTimestamp];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

/** The only ReplicaSet with pods, the newest if none has any; undefined while several have. */
export function activeOrLatest(
  newReplicaSet: Readonly<ReplicaSet> | undefined,
  old: readonly Readonly<ReplicaSet>[],
): Readonly<ReplicaSet> | undefined {
  const all = newReplicaSet ? [...old, newReplicaSet] : [...old];
  const active = all.filter((replicaSet) => sizeOf(replicaSet) > 0);
  if (active.length === 1) return active[0];
  if (active.length > 1) return undefined;
  return newReplicaSet ?? [...old].sort(compareCreation).at(-1);
}
