/** The annotations by which a Deployment and its ReplicaSets remember revisions and sizes. */
import type { Deployment, ReplicaSet } from '@typernetes/openapi/types/apps/v1';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
export const rollbackToAnnotation = 'deprecated.deployment.rollback.to';

/** Room for about 100 revisions. */
const maxHistoryLength = 2000;

/** Not carried from a Deployment to its ReplicaSets, nor back. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackToAnnotation,
]);

type Annotations = Record<string, string>;

/** Undefined where the annotation is no number. */
export function revisionOf(object: Readonly<ReplicaSet> | Readonly<Deployment>): number | undefined {
  const value = object.metadata?.annotations?.[revisionAnnotation];
  if (value === undefined) return 0;
  return /^-?\d+$/.test(value) ? Number(value) : undefined;
}

export function maxRevision(replicaSets: readonly Readonly<ReplicaSet>[]): number {
  return Math.max(0, ...replicaSets.map((replicaSet) => revisionOf(replicaSet) ?? 0));
}

/** The second highest revision: the one before the current. */
export function lastRevision(replicaSets: readonly Readonly<ReplicaSet>[]): number {
  const revisions = replicaSets.map((replicaSet) => revisionOf(replicaSet) ?? 0).sort((a, b) => b - a);
  return revisions[1] ?? 0;
}

/** What the annotations of the Deployment's current ReplicaSet should be. */
export function newReplicaSetAnnotations(
  deployment: Readonly<Deployment>,
  current: Readonly<Annotations> | undefined,
  revision: number,
): Annotations {
  const annotations: Annotations = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!ownAnnotations.has(key)) annotations[key] = value;
  }
  const previous = annotations[revisionAnnotation];
  if (previous && !/^-?\d+$/.test(previous)) return annotations;
  if (Number(previous ?? 0) >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (previous !== undefined) {
    const history = (annotations[revisionHistoryAnnotation] ?? '').split(',').filter(Boolean);
    history.push(previous);
    while (history.length > 1 && history.join(',').length > maxHistoryLength) history.shift();
    annotations[revisionHistoryAnnotation] = history.join(',');
  }
  return annotations;
}

export function sizeAnnotations(desired: number, maximum: number): Annotations {
  return { [desiredReplicasAnnotation]: String(desired), [maxReplicasAnnotation]: String(maximum) };
}

/** A non-negative count, or undefined. */
export function countAnnotation(replicaSet: Readonly<ReplicaSet>, name: string): number | undefined {
  const value = replicaSet.metadata?.annotations?.[name];
  return value !== undefined && /^\d+$/.test(value) && Number(value) <= 0x7fffffff ? Number(value) : undefined;
}

/** The Deployment's annotations after a rollback to the ReplicaSet: its own stay, all others are the ReplicaSet's. */
export function rolledBackAnnotations(deployment: Readonly<Deployment>, replicaSet: Readonly<ReplicaSet>): Annotations {
  const own = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => ownAnnotations.has(key));
  const others = Object.entries(replicaSet.metadata?.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  return Object.fromEntries([...own, ...others]);
}
