/**
 * What brings a pod closer to its spec: computed from the spec and what the runtime reports, carried out by
 * PodRuntime.syncPod. Pure: the probe results come in as a question.
 */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { isHostNetwork, isRestartableInit, restartsAfterExit, specOf } from '../pod/pod.ts';
import { anyRegularContainerCreated, shouldBeStarted } from '../pod/restart.ts';
import { findRuntimeContainer, type RuntimeContainer, type RuntimePodStatus } from '../pod/runtime-status.ts';
import { containerHash } from './labels.ts';

export type KillReason = 'startupProbe' | 'livenessProbe' | 'postStartHook' | 'unknown' | '';

export interface ContainerToKill {
  id: string;
  name: string;
  message: string;
  reason: KillReason;
}

export interface PodActions {
  /** Stop everything, sandbox included. */
  killPod: boolean;
  createSandbox: boolean;
  /** The sandbox to go on with; empty when one must be created. */
  sandboxId: string;
  attempt: number;
  initContainersToStart: number[];
  containersToStart: number[];
  ephemeralContainersToStart: number[];
  containersToKill: ContainerToKill[];
}

/** The last result of a probe of a container; undefined before the first. */
export type ProbeResult = (containerId: string, probe: 'liveness' | 'startup') => 'success' | 'failure' | undefined;

export function sandboxChanged(
  pod: Pod,
  status: RuntimePodStatus,
): { changed: boolean; attempt: number; sandboxId: string } {
  const [latest] = status.sandboxes;
  if (latest === undefined) return { changed: true, attempt: 0, sandboxId: '' };
  const attempt = latest.metadata?.attempt ?? 0;
  const ready = status.sandboxes.filter(({ state }) => state === 'SANDBOX_READY');
  if (ready.length > 1 || latest.state !== 'SANDBOX_READY')
    return { changed: true, attempt: attempt + 1, sandboxId: latest.id };
  const network = latest.linux?.namespaces?.options?.network ?? 'POD';
  if (network !== (isHostNetwork(pod) ? 'NODE' : 'POD')) return { changed: true, attempt: attempt + 1, sandboxId: '' };
  if (!isHostNetwork(pod) && latest.network !== undefined && latest.network.ip === '') {
    return { changed: true, attempt: attempt + 1, sandboxId: latest.id };
  }
  return { changed: false, attempt, sandboxId: latest.id };
}

const hashChanged = (container: Container, known: RuntimeContainer): boolean =>
  known.hash !== '' && known.hash !== containerHash(container);

const kill = (known: RuntimeContainer, message: string, reason: KillReason): ContainerToKill => ({
  id: known.id,
  name: known.name,
  message,
  reason,
});

/** Returns whether the pod's init containers have done their work. */
function initActions(pod: Pod, status: RuntimePodStatus, probes: ProbeResult, actions: PodActions): boolean {
  const spec = specOf(pod);
  const containers = spec.initContainers ?? [];
  if (containers.length === 0) return true;
  // An exited regular container may be of the sandbox before (a reboot): only a live one says that this one is initialized.
  let initialized = spec.containers.some(({ name }) => {
    const state = findRuntimeContainer(status, name)?.state;
    return state === 'running' || state === 'created';
  });
  let beyond = initialized;
  const start = new Set<number>();
  // From the last to the first: completed init containers may have been removed, the newest one always tells.
  for (const [index, container] of [...containers.entries()].reverse()) {
    const known = findRuntimeContainer(status, container.name);
    const sidecar = isRestartableInit(container);
    if (known === undefined) {
      if (beyond && sidecar) start.add(index);
      continue;
    }
    if (beyond && !sidecar) continue;
    const done = (): void => {
      if (index === containers.length - 1) initialized = true;
      else if (!beyond) start.add(index + 1);
    };
    const restart = (message: string, reason: KillReason): void => {
      actions.containersToKill.push(kill(known, message, reason));
      start.add(index);
    };
    switch (known.state) {
      case 'created':
        start.add(index);
        break;
      case 'running': {
        if (!sidecar) break;
        if (container.startupProbe !== undefined) {
          const startup = probes(known.id, 'startup');
          if (startup === 'failure') restart(`Init container ${container.name} failed startup probe`, 'startupProbe');
          if (startup !== 'success') break;
        }
        done();
        if (hashChanged(container, known)) restart(`Init container ${container.name} definition changed`, '');
        else if (container.livenessProbe !== undefined && probes(known.id, 'liveness') === 'failure') {
          restart(`Init container ${container.name} failed liveness probe`, 'livenessProbe');
        }
        break;
      }
      case 'exited':
        if (sidecar) start.add(index);
        else if (known.exitCode === 0) done();
        else if (restartsAfterExit(container, spec, known.exitCode)) start.add(index);
        else {
          actions.killPod = true;
          actions.initContainersToStart = [];
          return false;
        }
        break;
      case 'unknown':
        if (!sidecar && (container.restartPolicy ?? spec.restartPolicy) === 'Never') {
          actions.killPod = true;
          actions.initContainersToStart = [];
          return false;
        }
        restart('Init container is in "unknown" state, try killing it before restart', 'unknown');
        break;
    }
    beyond = true;
  }
  if (!beyond) start.add(0);
  actions.initContainersToStart = [...start].sort((a, b) => a - b);
  return initialized;
}

function newSandboxActions(pod: Pod, status: RuntimePodStatus, actions: PodActions): PodActions {
  const spec = specOf(pod);
  const neverAgain = spec.restartPolicy === 'Never' && actions.attempt !== 0 && status.containers.length > 0;
  const toStart = spec.containers.flatMap((container, index) => {
    const known = findRuntimeContainer(status, container.name);
    const runOnce = (container.restartPolicy ?? spec.restartPolicy) === 'OnFailure';
    return runOnce && known?.state === 'exited' && known.exitCode === 0 ? [] : [index];
  });
  if (neverAgain || (toStart.length === 0 && anyRegularContainerCreated(pod, status)))
    return { ...actions, createSandbox: false };
  if ((spec.initContainers ?? []).length > 0) return { ...actions, initContainersToStart: [0] };
  return { ...actions, containersToStart: toStart };
}

export function computePodActions(pod: Pod, status: RuntimePodStatus, probes: ProbeResult): PodActions {
  const spec = specOf(pod);
  const { changed, attempt, sandboxId } = sandboxChanged(pod, status);
  const actions: PodActions = {
    killPod: changed,
    createSandbox: changed,
    sandboxId,
    attempt,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: [],
  };
  if (changed) return newSandboxActions(pod, status, actions);
  for (const [index, { name }] of (spec.ephemeralContainers ?? []).entries()) {
    if (findRuntimeContainer(status, name) === undefined) actions.ephemeralContainersToStart.push(index);
  }
  const initialized = initActions(pod, status, probes, actions);
  if (actions.killPod || !initialized) return actions;
  let kept = 0;
  for (const [index, container] of spec.containers.entries()) {
    const known = findRuntimeContainer(status, container.name);
    if (known?.state !== 'running') {
      if (!shouldBeStarted(container, pod, status)) continue;
      actions.containersToStart.push(index);
      if (known?.state === 'unknown') {
        actions.containersToKill.push(
          kill(known, 'Container is in "unknown" state, try killing it before restart', 'unknown'),
        );
      }
      continue;
    }
    const restarts = (container.restartPolicy ?? spec.restartPolicy) !== 'Never';
    let ending: [message: string, reason: KillReason, restart: boolean];
    if (hashChanged(container, known)) ending = [`Container ${container.name} definition changed`, '', true];
    else if (probes(known.id, 'liveness') === 'failure')
      ending = [`Container ${container.name} failed liveness probe`, 'livenessProbe', restarts];
    else if (probes(known.id, 'startup') === 'failure')
      ending = [`Container ${container.name} failed startup probe`, 'startupProbe', restarts];
    else {
      kept++;
      continue;
    }
    const [message, reason, restart] = ending;
    if (restart) actions.containersToStart.push(index);
    actions.containersToKill.push(kill(known, restart ? `${message}, will be restarted` : message, reason));
  }
  if (kept === 0 && actions.containersToStart.length === 0) {
    actions.killPod = true;
    actions.initContainersToStart = [];
  }
  return actions;
}
