/** Container statuses as the API shows them, from what the runtime reports and what the last status said. */

import { formatTime } from '@typernetes/openapi/meta';
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
} from '@typernetes/openapi/types/core/v1';
import { isDeleted, isRestartableInit } from '../pod/pod.ts';
import { anyRegularContainerCreated, shouldBeStarted } from '../pod/restart.ts';
import { findRuntimeContainer, type RuntimeContainer, type RuntimePodStatus } from '../pod/runtime-status.ts';

export interface WaitingReason {
  reason: string;
  message: string;
}

export interface ContainerStatusSources {
  pod: Pod;
  runtime: RuntimePodStatus;
  /** The runtime's name: the scheme of container IDs. */
  runtimeName: string;
  /** Why the last start of a container failed. */
  reasonOf: (containerName: string) => WaitingReason | undefined;
}

const time = (milliseconds: number): string | undefined =>
  milliseconds > 0 ? formatTime(new Date(milliseconds)) : undefined;

/** Without undefined values: what is not known is not sent. */
function compact<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function terminated(container: RuntimeContainer, containerID: string): ContainerStateTerminated {
  return compact({
    exitCode: container.exitCode,
    reason: container.reason || undefined,
    message: container.message || undefined,
    startedAt: time(container.startedAt),
    finishedAt: time(container.finishedAt),
    containerID,
  });
}

function convert(
  container: RuntimeContainer,
  sources: ContainerStatusSources,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const containerID = `${sources.runtimeName}://${container.id}`;
  let state: ContainerState;
  switch (container.state) {
    case 'running':
      state = { running: compact({ startedAt: time(container.startedAt) }) };
      break;
    case 'exited':
      state = { terminated: terminated(container, containerID) };
      break;
    case 'created':
      state = { waiting: {} };
      break;
    case 'unknown':
      if (old?.state?.running !== undefined) {
        state = {
          terminated: {
            exitCode: 137,
            reason: 'ContainerStatusUnknown',
            message: 'The container could not be located when the pod was terminated',
            containerID,
          },
        };
      } else state = { waiting: {} };
      break;
  }
  const carried = old !== undefined && old.containerID !== containerID ? old.state?.terminated : undefined;
  const last = carried ?? old?.lastState?.terminated;
  const user = container.status.user?.linux;
  return compact({
    name: container.name,
    state,
    lastState: last === undefined ? {} : { terminated: last },
    ready: false,
    restartCount: Math.max(container.restartCount, old?.restartCount ?? 0),
    image: container.image,
    imageID: container.imageRef,
    containerID,
    volumeMounts: old?.volumeMounts,
    user:
      user === undefined
        ? undefined
        : {
            linux: {
              uid: Number(user.uid),
              gid: Number(user.gid),
              supplementalGroups: user.supplementalGroups.map(Number),
            },
          },
  });
}

function mountStatuses(container: Container): ContainerStatus['volumeMounts'] {
  return container.volumeMounts?.map((mount) =>
    compact({
      name: mount.name,
      mountPath: mount.mountPath,
      readOnly: mount.readOnly,
      recursiveReadOnly: mount.readOnly ? (mount.recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled') : undefined,
    }),
  );
}

/** Before the runtime knows of the container: waiting, or what the API last said when it had ended. */
function withoutContainer(container: Container, waiting: string, old: ContainerStatus | undefined): ContainerStatus {
  if (old?.state?.terminated !== undefined) return old;
  const status: ContainerStatus = compact({
    name: container.name,
    state: { waiting: { reason: waiting } },
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
    volumeMounts: mountStatuses(container),
  });
  return status;
}

const vanished: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
};

export function containerStatuses(
  sources: ContainerStatusSources,
  containers: readonly Container[],
  previous: readonly ContainerStatus[],
  init: boolean,
): ContainerStatus[] {
  const { pod, runtime } = sources;
  const waiting = (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const old = new Map(previous.map((status) => [status.name, status]));
  const statuses = containers.map((container) => {
    const before = old.get(container.name);
    const [latest, earlier] = runtime.containers.filter(({ name }) => name === container.name);
    let status: ContainerStatus;
    if (latest === undefined) {
      status = withoutContainer(container, waiting, before);
      if (before?.state?.running !== undefined && status.lastState?.terminated === undefined) {
        // It ran and is gone without a trace: stopped, not waiting for its first start.
        status = {
          ...status,
          lastState: { terminated: vanished },
          restartCount: status.restartCount + (isDeleted(pod) ? 0 : 1),
        };
      }
    } else {
      status = convert(latest, sources, before);
      const mounts = status.volumeMounts ?? mountStatuses(container);
      status = compact({
        ...status,
        volumeMounts: mounts,
        resources: container.resources,
        allocatedResources: container.resources?.requests,
      });
      if (earlier !== undefined) status = { ...status, lastState: convert(earlier, sources, undefined).state ?? {} };
    }
    return waitingForStart(container, status, sources, init);
  });
  return init ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A container whose start has failed (back-off, image, configuration) waits, for the reason of that failure. */
function waitingForStart(
  container: Container,
  status: ContainerStatus,
  sources: ContainerStatusSources,
  init: boolean,
): ContainerStatus {
  const { pod, runtime } = sources;
  const known = findRuntimeContainer(runtime, container.name);
  if (init) {
    if (known?.state === 'exited' && known.exitCode === 0 && !isRestartableInit(container)) return status;
    if (
      known === undefined &&
      !isRestartableInit(container) &&
      status.state?.waiting !== undefined &&
      anyRegularContainerCreated(pod, runtime)
    ) {
      const message =
        'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally';
      return { ...status, state: { terminated: { exitCode: 0, reason: 'Completed', message } } };
    }
  }
  const reason = shouldBeStarted(container, pod, runtime) ? sources.reasonOf(container.name) : undefined;
  if (reason === undefined) return status;
  const lastState = status.state?.terminated === undefined ? status.lastState : status.state;
  return compact({
    ...status,
    lastState,
    state: { waiting: compact({ reason: reason.reason, message: reason.message || undefined }) },
  });
}
