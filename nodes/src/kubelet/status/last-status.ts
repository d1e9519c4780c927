/** The last status of a pod that has ended: every container is shown as terminated, known or not. */
import type { ContainerStatus, Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import { isRestartableInit, specOf } from '../pod/pod.ts';

const unknownEnd = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
};

/** A waiting container that has run ended as it last did; one that never ran, or vanished, ended unknown. */
function ended(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated !== undefined) return status;
  const last = status.lastState?.terminated;
  if (status.state?.waiting !== undefined && last !== undefined)
    return { ...status, state: { terminated: last }, lastState: {}, ready: false, started: false };
  return { ...status, state: unknownEnd, ready: false, started: false };
}

/** Regular containers must all have ended; init containers only where something ran after them. */
export function lastStatus(pod: Pod, status: PodStatus): PodStatus {
  const started = (status.containerStatuses ?? []).some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  const init = status.initContainerStatuses ?? [];
  const containers = specOf(pod).initContainers ?? [];
  const initialized = started || containers.length === 0;
  const firstWaiting = init.findIndex(
    ({ state, lastState }) => state?.waiting !== undefined && lastState?.terminated === undefined,
  );
  return {
    ...status,
    ...(status.containerStatuses === undefined
      ? {}
      : { containerStatuses: initialized ? status.containerStatuses.map(ended) : status.containerStatuses }),
    ...(status.initContainerStatuses === undefined
      ? {}
      : {
          initContainerStatuses: init.map((one, index) =>
            !initialized && firstWaiting !== -1 && index >= firstWaiting
              ? one
              : isRestartableInit(containers[index] ?? { name: '' }) || one.state?.waiting === undefined
                ? ended(one)
                : one,
          ),
        }),
  };
}
