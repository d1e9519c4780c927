/** A status with newer probe results in it, without asking the runtime. */
import type { ContainerStatus, Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import { isRestartableInit, specOf } from '../pod/pod.ts';
import { containersReady, initialized, podReady } from './conditions.ts';
import type { PodPhase } from './phase.ts';

type Probes = (containerId: string, name: string) => { started: boolean; ready: boolean };

export function withProbeResults(pod: Pod, status: PodStatus, probes: Probes): PodStatus {
  const sidecars = new Set((specOf(pod).initContainers ?? []).filter(isRestartableInit).map(({ name }) => name));
  const probed = (container: ContainerStatus): ContainerStatus =>
    container.state?.running === undefined
      ? container
      : { ...container, ...probes(container.containerID?.replace(/^[^:]*:\/\//, '') ?? '', container.name) };
  const containerStatuses = status.containerStatuses?.map(probed);
  const initContainerStatuses = status.initContainerStatuses?.map((container) =>
    sidecars.has(container.name) ? probed(container) : container,
  );
  const all = [...(initContainerStatuses ?? []), ...(containerStatuses ?? [])];
  const phase = (status.phase ?? 'Pending') as PodPhase;
  const before = status.conditions ?? [];
  const ready = containersReady(pod, all, phase);
  const made = [initialized(pod, all, phase), podReady(pod, ready, before), ready];
  const conditions = before.map((condition) => {
    const next = made.find(({ type }) => type === condition.type);
    if (next === undefined) return condition;
    return condition.observedGeneration === undefined
      ? next
      : { ...next, observedGeneration: condition.observedGeneration };
  });
  return {
    ...status,
    conditions,
    ...(containerStatuses === undefined ? {} : { containerStatuses }),
    ...(initContainerStatuses === undefined ? {} : { initContainerStatuses }),
  };
}
