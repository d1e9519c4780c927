/** generatePodStatus: the whole status of a pod. Pure; the caller knows the runtime's report, probe results and addresses. */
import type { ContainerStatus, Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import { asContainer, isHostNetwork, isRestartableInit, isTerminalPhase, specOf } from '../pod/pod.ts';
import { qosClass } from '../pod/qos.ts';
import type { RuntimePodStatus } from '../pod/runtime-status.ts';
import { podConditions } from './conditions.ts';
import { containerStatuses, type WaitingReason } from './container-statuses.ts';
import { podPhase } from './phase.ts';

export interface PodStatusSources {
  pod: Pod;
  runtime: RuntimePodStatus;
  runtimeName: string;
  /** What the kubelet last decided; the API's status when it has not decided yet. */
  old: PodStatus;
  /** The pod's containers will not be started again. */
  terminal: boolean;
  reasonOf: (containerName: string) => WaitingReason | undefined;
  /** Probe results: `started` and `ready` of a running container. */
  probes: (containerId: string, container: string) => { started: boolean; ready: boolean };
  hostIPs: readonly string[];
}

/** started and ready, from the probes for running containers, from the exit for init containers. */
function withReadiness(statuses: ContainerStatus[], sources: PodStatusSources, init: boolean): ContainerStatus[] {
  const sidecars = new Set(
    (specOf(sources.pod).initContainers ?? []).filter(isRestartableInit).map(({ name }) => name),
  );
  return statuses.map((status) => {
    const id = status.containerID?.slice(status.containerID.indexOf('://') + 3) ?? '';
    const running = status.state?.running !== undefined;
    const probed = running ? sources.probes(id, status.name) : { started: false, ready: false };
    if (!init || sidecars.has(status.name))
      return { ...status, ready: running && probed.started && probed.ready, started: probed.started };
    return { ...status, started: running, ready: status.state?.terminated?.exitCode === 0 };
  });
}

const startedAtAll = (runtime: RuntimePodStatus, names: ReadonlySet<string>): boolean =>
  runtime.containers.some(({ name, state }) => names.has(name) && (state === 'running' || state === 'exited'));

export function generatePodStatus(sources: PodStatusSources): PodStatus {
  const { pod, runtime, old } = sources;
  const spec = specOf(pod);
  const initStatuses = containerStatuses(sources, spec.initContainers ?? [], old.initContainerStatuses ?? [], true);
  const regular = containerStatuses(sources, spec.containers, old.containerStatuses ?? [], false);
  const ephemeral = containerStatuses(
    sources,
    (spec.ephemeralContainers ?? []).map(asContainer),
    old.ephemeralContainerStatuses ?? [],
    false,
  );
  const initContainerStatuses = withReadiness(initStatuses, sources, true);
  const statuses = withReadiness(regular, sources, false);
  const all = [...initContainerStatuses, ...statuses];

  const apiPhase = pod.status?.phase;
  let phase = podPhase(
    pod,
    all,
    sources.terminal,
    startedAtAll(runtime, new Set(spec.containers.map(({ name }) => name))),
  );
  // A pod never leaves a terminal phase, whoever has put it there.
  for (const earlier of [old.phase, apiPhase]) if (isTerminalPhase(earlier)) phase = earlier as typeof phase;

  const status: PodStatus = {
    phase,
    conditions: podConditions(pod, all, runtime, phase),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    ...(statuses.length > 0 ? { containerStatuses: statuses } : {}),
    ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
  };
  if (phase === old.phase || phase === apiPhase) {
    const reason = old.reason ?? pod.status?.reason;
    const message = old.message ?? pod.status?.message;
    if (reason !== undefined) status.reason = reason;
    if (message !== undefined) status.message = message;
  }
  for (const name of ['startTime', 'nominatedNodeName'] as const) {
    const value = old[name] ?? pod.status?.[name];
    if (value !== undefined) status[name] = value;
  }
  const [hostIP] = sources.hostIPs;
  if (hostIP !== undefined) {
    status.hostIP = hostIP;
    status.hostIPs = sources.hostIPs.map((ip) => ({ ip }));
  }
  const ips = isHostNetwork(pod)
    ? sources.hostIPs
    : runtime.ips.length > 0
      ? runtime.ips
      : (old.podIPs ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  if (ips.length > 0) {
    status.podIP = ips[0] ?? '';
    status.podIPs = ips.map((ip) => ({ ip }));
  }
  return status;
}
