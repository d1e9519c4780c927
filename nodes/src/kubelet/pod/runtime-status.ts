/**
 * What the runtime says of one pod: its sandboxes and containers, newest first. Made from CRI answers; everything the
 * kubelet decides about a running pod it decides from this and the pod's spec, never from memory of its own: so a
 * kubelet that restarts goes on where it was.
 */
import type { ContainerStatus, PodSandboxStatus } from 'cri-client';
import { containerHashAnnotation, containerNameLabel, restartCountAnnotation } from '../kuberuntime/labels.ts';

export type RuntimeState = 'created' | 'running' | 'exited' | 'unknown';

export interface RuntimeContainer {
  /** Without the runtime's name. */
  readonly id: string;
  readonly name: string;
  readonly state: RuntimeState;
  /** Milliseconds since the epoch; 0 when it has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  readonly restartCount: number;
  readonly hash: string;
  readonly logPath: string;
  readonly status: ContainerStatus;
}

export interface RuntimePodStatus {
  readonly uid: string;
  readonly ips: readonly string[];
  readonly sandboxes: readonly PodSandboxStatus[];
  readonly containers: readonly RuntimeContainer[];
}

const states: Record<string, RuntimeState> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
};
const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n);

export function runtimeContainer(status: ContainerStatus, message: string): RuntimeContainer {
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    state: states[status.state] ?? 'unknown',
    createdAt: milliseconds(status.createdAt),
    startedAt: milliseconds(status.startedAt),
    finishedAt: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message,
    image: status.image?.userSpecifiedImage || status.image?.image || '',
    imageRef: status.imageRef,
    restartCount: Number(status.annotations[restartCountAnnotation] ?? 0),
    hash: status.annotations[containerHashAnnotation] ?? '',
    logPath: status.logPath,
    status,
  };
}

export function runtimePodStatus(
  uid: string,
  sandboxes: readonly PodSandboxStatus[],
  containers: readonly RuntimeContainer[],
): RuntimePodStatus {
  const newestFirst = [...sandboxes].sort((a, b) => Number(b.createdAt - a.createdAt));
  const ready = newestFirst.find(({ state }) => state === 'SANDBOX_READY') ?? newestFirst[0];
  const ips =
    ready?.network === undefined ? [] : [ready.network.ip, ...ready.network.additionalIps.map(({ ip }) => ip)];
  return {
    uid,
    ips: ips.filter((ip) => ip !== ''),
    sandboxes: newestFirst,
    containers: [...containers].sort((a, b) => b.createdAt - a.createdAt || b.restartCount - a.restartCount),
  };
}

/** The newest container of that name. */
export const findRuntimeContainer = (status: RuntimePodStatus, name: string): RuntimeContainer | undefined =>
  status.containers.find((container) => container.name === name);
