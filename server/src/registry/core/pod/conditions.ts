import { formatTime } from '@typernetes/openapi/meta';
import type { Pod, PodCondition } from '@typernetes/openapi/types/core/v1';

/** Sets one condition; its transition time moves only when its status does. */
export function setPodCondition(pod: Pod, condition: PodCondition, now: Date): void {
  const status = (pod.status ??= {});
  const conditions = (status.conditions ??= []);
  const index = conditions.findIndex((other) => other.type === condition.type);
  const old = conditions[index];
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(now);
  // A time without a value is a null in what Go writes.
  const next = {
    lastProbeTime: null,
    ...condition,
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  } as PodCondition;
  if (old) conditions[index] = next;
  else conditions.push(next);
}

export function isPodReady(pod: Readonly<Pod>): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
