/** What the fields of a pod mean, for everyone who counts pods. */

import type { Pod, PodCondition } from '@typernetes/openapi/types/core/v1';
import { millisecondsOf } from '../time.ts';

export function podCondition(pod: Readonly<Pod>, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Readonly<Pod>): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Readonly<Pod>, minReadySeconds: number, now: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  return (
    minReadySeconds === 0 ||
    (!!ready.lastTransitionTime && millisecondsOf(ready.lastTransitionTime) + minReadySeconds * 1000 <= now)
  );
}

/** Has ended and will not run again. */
export function isPodTerminal(pod: Readonly<Pod>): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** Neither ended nor being deleted. */
export function isPodActive(pod: Readonly<Pod>): boolean {
  return !isPodTerminal(pod) && !pod.metadata?.deletionTimestamp;
}

/** Being deleted, but not ended yet. */
export function isPodTerminating(pod: Readonly<Pod>): boolean {
  return !isPodTerminal(pod) && !!pod.metadata?.deletionTimestamp;
}

/** Restarts of the container that restarted most, init containers that restart included. */
export function maxContainerRestarts(pod: Readonly<Pod>): { regular: number; sidecar: number } {
  const most = (statuses: readonly { restartCount?: number }[]): number =>
    Math.max(0, ...statuses.map((status) => status.restartCount ?? 0));
  const sidecars = new Set(
    pod.spec?.initContainers
      ?.filter((container) => container.restartPolicy === 'Always')
      .map((container) => container.name),
  );
  return {
    regular: most(pod.status?.containerStatuses ?? []),
    sidecar: most(pod.status?.initContainerStatuses?.filter((status) => sidecars.has(status.name)) ?? []),
  };
}
