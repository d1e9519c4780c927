/** The pod's phase, from its spec and container statuses. */
import type { ContainerStatus, Pod } from '@typernetes/openapi/types/core/v1';
import { isRestartableInit, isStatic, restartsAfterExit, specOf } from '../pod/pod.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/**
 * `terminal`: no container will be started any more, whatever the restart policy. `hasInitialized`: a regular container
 * has been started, so a restarting sidecar does not put the pod back to Pending.
 */
export function podPhase(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  terminal: boolean,
  hasInitialized: boolean,
): PodPhase {
  const spec = specOf(pod);
  const byName = new Map(statuses.map((status) => [status.name, status]));
  let pendingInit = 0;
  let pendingSidecars = 0;
  let failedInitForGood = 0;
  let unknown = 0;
  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let stoppedForGood = 0;
  let succeeded = 0;

  for (const container of spec.initContainers ?? []) {
    const status = byName.get(container.name);
    const state = status?.state;
    if (isRestartableInit(container)) {
      if (state?.running !== undefined) {
        if (status?.started !== true) pendingSidecars++;
        running++;
      } else if (state?.waiting !== undefined) {
        if (status?.lastState?.terminated === undefined) {
          pendingSidecars++;
          waiting++;
        }
      } else if (state?.terminated === undefined) {
        if (status !== undefined) pendingSidecars++;
        unknown++;
      }
      continue;
    }
    const ended = state?.terminated ?? (state?.waiting === undefined ? undefined : status?.lastState?.terminated);
    if (ended === undefined) pendingInit++;
    else if (ended.exitCode !== 0 && !restartsAfterExit(container, spec, ended.exitCode)) failedInitForGood++;
  }
  for (const container of spec.containers) {
    const status = byName.get(container.name);
    const { state, lastState } = status ?? {};
    const ended = state?.terminated ?? (state?.waiting === undefined ? undefined : lastState?.terminated);
    if (state?.running !== undefined) running++;
    else if (ended !== undefined) {
      stopped++;
      if (!restartsAfterExit(container, spec, ended.exitCode)) stoppedForGood++;
      if (state?.terminated?.exitCode === 0) succeeded++;
    } else if (state?.waiting !== undefined) waiting++;
    else unknown++;
  }

  if (failedInitForGood > 0) return 'Failed';
  if (pendingInit > 0 || (pendingSidecars > 0 && !hasInitialized) || waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (terminal && !isStatic(pod)) return stopped === succeeded ? 'Succeeded' : 'Failed';
    if (stopped !== stoppedForGood) return 'Running';
    return stopped === succeeded ? 'Succeeded' : 'Failed';
  }
  return 'Pending';
}
