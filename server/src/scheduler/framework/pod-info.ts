/** A pod and what the scheduler needs of it again and again, worked out once. */
import { keyOf } from '@typernetes/openapi/client';
import type { ContainerPort, Pod } from '@typernetes/openapi/types/core/v1';
import { nonZeroRequests, podRequests, type Resources } from './resources.ts';

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

export interface PodInfo {
  readonly pod: Readonly<Pod>;
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly priority: number;
  readonly requests: Readonly<Resources>;
  readonly nonZero: Readonly<Resources>;
  readonly hostPorts: readonly HostPort[];
}

export function podInfo(pod: Readonly<Pod>): PodInfo {
  return {
    pod,
    uid: pod.metadata?.uid ?? '',
    key: keyOf(pod),
    priority: pod.spec?.priority ?? 0,
    requests: podRequests(pod),
    nonZero: nonZeroRequests(pod),
    hostPorts: hostPorts(pod),
  };
}

function hostPorts(pod: Readonly<Pod>): HostPort[] {
  const sidecars = pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always') ?? [];
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) =>
    (container.ports ?? []).filter(hasHostPort).map(toHostPort),
  );
}

function hasHostPort(port: ContainerPort): boolean {
  return (port.hostPort ?? 0) > 0;
}

function toHostPort({ hostIP, protocol, hostPort }: ContainerPort): HostPort {
  return { ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort ?? 0 };
}
