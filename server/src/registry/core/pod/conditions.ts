import { formatTime } from '@typernetes/openapi/meta';
import type { Pod, PodCondition } from '@typernetes/openapi/types/core/v1';

/** Sets one condition; its transition time moves only when its status does. */
export function setPodCondition(pod: Pod, condition: PodCondition, now: Date): void {
  const status = (pod.status ??= {});
  const conditions = (status.conditions ??= []);
  const index = conditions.findIndex((other) => other.type === condition.type);
  const old = conditions[index];
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(now);
  const next: PodCondition = { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  if (old) conditions[index] = next;
  else conditions.push(next);
}

export function isPodReady(pod: Readonly<Pod>): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
