import { selectorFromSet } from '@typernetes/openapi/meta';
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { withoutZeros } from '../objects/zeros.ts';
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts';

export interface ReplicaSetObservation {
  active: readonly Readonly<Pod>[];
  terminating: readonly Readonly<Pod>[];
  /** What went wrong creating or deleting pods this time. */
  failure: string | undefined;
  now: number;
  timestamp: string;
}

export function replicaSetStatus(
  replicaSet: Readonly<ReplicaSet>,
  observation: ReplicaSetObservation,
): ReplicaSetStatus {
  const { active, terminating, failure, now } = observation;
  const labelled = selectorFromSet(replicaSet.spec?.template?.metadata?.labels);
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const conditions = conditionsWithFailure(replicaSet, active.length, failure, observation.timestamp);
  return {
    ...withoutZeros({
      fullyLabeledReplicas: active.filter((pod) => labelled.matches(pod.metadata?.labels ?? {})).length,
      readyReplicas: active.filter(isPodReady).length,
      availableReplicas: active.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length,
      observedGeneration: replicaSet.metadata?.generation ?? 0,
    }),
    replicas: active.length,
    terminatingReplicas: terminating.length,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function conditionsWithFailure(
  replicaSet: Readonly<ReplicaSet>,
  active: number,
  failure: string | undefined,
  timestamp: string,
): ReplicaSetCondition[] {
  const conditions = replicaSet.status?.conditions ?? [];
  const present = conditions.find((condition) => condition.type === 'ReplicaFailure');
  if (failure === undefined) return conditions.filter((condition) => condition !== present);
  if (present) return conditions;
  const reason = active < (replicaSet.spec?.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  return [
    ...conditions,
    { type: 'ReplicaFailure', status: 'True', reason, message: failure, lastTransitionTime: timestamp },
  ];
}
