/**
 * Carries pods into the runtime: sandboxes, containers, their starts and their ends. It keeps no state of pods; what is
 * there it asks the runtime.
 */

import type { Clock, Logger } from '@typernetes/openapi/client';
import type { Container, Pod, Secret } from '@typernetes/openapi/types/core/v1';
import { type CriConnection, type Input, isCriError, type Mount, type PodSandboxConfig } from 'cri-client';
import type { ImageManager } from '../images/image-manager.ts';
import { podLogDirectory } from '../logs/paths.ts';
import { asContainer, formatPod, identityOf, isHostNetwork, isRestartableInit, specOf } from '../pod/pod.ts';
import {
  findRuntimeContainer,
  type RuntimeContainer,
  type RuntimePodStatus,
  runtimeContainer,
  runtimePodStatus,
} from '../pod/runtime-status.ts';
import type { KeyedBackOff } from './back-off.ts';
import { containerConfig } from './container-config.ts';
import { ContainerKiller } from './container-killer.ts';
import { ContainerStartError } from './container-start-error.ts';
import { podUidLabel } from './labels.ts';
import type { LifecycleRunner } from './lifecycle.ts';
import { computePodActions, type PodActions, type ProbeResult } from './pod-actions.ts';
import type { PodEvents } from './pod-events.ts';
import type { ResourceOptions } from './resources.ts';
import { nextRestartCount } from './restart-count.ts';
import { type SandboxSettings, sandboxConfig } from './sandbox-config.ts';
import { type ImageUser, type SecurityOptions, verifyRunAsNonRoot } from './security-context.ts';
import { terminationMessage } from './termination-message.ts';

export interface ContainerSettings {
  environment: ReadonlyMap<string, string>;
  mounts: readonly Input<Mount>[];
}

/** What the kubelet knows and the runtime manager does not: names, volumes, environment. */
export interface RuntimeHelper {
  sandboxSettings(pod: Pod): Promise<SandboxSettings>;
  /** Rejects when something that the pod refers to is missing. */
  containerSettings(pod: Pod, container: Container, podIPs: readonly string[]): Promise<ContainerSettings>;
}

export interface PodRuntimeOptions {
  cri: Pick<CriConnection, 'runtime' | 'images'>;
  clock: Clock;
  logger: Logger;
  events: PodEvents;
  images: ImageManager;
  helper: RuntimeHelper;
  lifecycle: LifecycleRunner;
  backOff: KeyedBackOff;
  probes: ProbeResult;
  logsDirectory: string;
  resources: ResourceOptions;
  security: SecurityOptions;
  runtimeHandler: (pod: Pod) => Promise<string>;
  /** Last words and other files of containers are read; off where containers have none. */
  readsHostFiles: boolean;
}

export interface SyncResult {
  /** Something was started or stopped: the runtime's report is out of date. */
  acted: boolean;
  /** Start failures by container, for the waiting state. */
  failures: Map<string, ContainerStartError>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class PodRuntime {
  readonly #options: PodRuntimeOptions;
  readonly killer: ContainerKiller;

  constructor(options: PodRuntimeOptions) {
    this.#options = options;
    this.killer = new ContainerKiller(options);
  }

  async podStatus(uid: string): Promise<RuntimePodStatus> {
    const { runtime } = this.#options.cri;
    const filter = { labelSelector: { [podUidLabel]: uid } };
    const [{ items }, { containers }] = await Promise.all([
      runtime.listPodSandbox({ filter }),
      runtime.listContainers({ filter }),
    ]);
    const gone = (error: unknown): undefined => {
      if (isCriError(error, 'NOT_FOUND')) return undefined;
      throw error;
    };
    const [sandboxes, statuses] = await Promise.all([
      Promise.all(
        items.map(async ({ id }) => (await runtime.podSandboxStatus({ podSandboxId: id }).catch(gone))?.status),
      ),
      Promise.all(
        containers.map(async ({ id }) => (await runtime.containerStatus({ containerId: id }).catch(gone))?.status),
      ),
    ]);
    const known = statuses.filter((status) => status !== undefined);
    const messages = await Promise.all(
      known.map(async (status) => (this.#options.readsHostFiles ? terminationMessage(status) : status.message)),
    );
    return runtimePodStatus(
      uid,
      sandboxes.filter((status) => status !== undefined),
      known.map((status, index) => runtimeContainer(status, messages[index] ?? '')),
    );
  }

  /** One step towards the spec. Rejects when the sandbox cannot be made; container failures are in the result. */
  async syncPod(
    pod: Pod,
    status: RuntimePodStatus,
    secrets: readonly Secret[],
    signal: AbortSignal,
  ): Promise<SyncResult> {
    const result: SyncResult = { acted: false, failures: new Map() };
    const actions = computePodActions(pod, status, this.#options.probes);
    if (actions.createSandbox && actions.sandboxId !== '') {
      this.#options.events.record(
        pod,
        undefined,
        'Normal',
        'SandboxChanged',
        'Pod sandbox changed, it will be killed and re-created.',
      );
    }
    if (actions.killPod) {
      if (status.sandboxes.length > 0) {
        await this.killPod(pod, status, undefined, signal);
        result.acted = true;
      }
      if (actions.createSandbox) await this.#removeInitContainers(pod, status);
    }
    for (const { id, name, message, reason } of actions.killPod ? [] : actions.containersToKill) {
      await this.killer.kill(pod, { id, name }, { message, reason }, signal);
      result.acted = true;
    }
    signal.throwIfAborted();
    const settings = await this.#options.helper.sandboxSettings(pod);
    const config = sandboxConfig(pod, actions.attempt, settings);
    let podIPs = status.ips;
    let sandboxId = actions.sandboxId;
    if (actions.createSandbox) {
      ({ sandboxId, podIPs } = await this.#createSandbox(pod, config, settings));
      result.acted = true;
    }
    await this.#startContainers(pod, status, actions, { sandboxId, config, podIPs, secrets, signal }, result);
    return result;
  }

  async #createSandbox(
    pod: Pod,
    config: Input<PodSandboxConfig>,
    settings: SandboxSettings,
  ): Promise<{ sandboxId: string; podIPs: readonly string[] }> {
    const { cri, events, runtimeHandler } = this.#options;
    try {
      const { podSandboxId } = await cri.runtime.runPodSandbox(
        { config: { ...config, logDirectory: settings.logDirectory }, runtimeHandler: await runtimeHandler(pod) },
        { timeoutMs: 240_000 },
      );
      const { status } = await cri.runtime.podSandboxStatus({ podSandboxId });
      const ips = isHostNetwork(pod)
        ? []
        : [status?.network?.ip ?? '', ...(status?.network?.additionalIps ?? []).map(({ ip }) => ip)];
      return { sandboxId: podSandboxId, podIPs: ips.filter((ip) => ip !== '') };
    } catch (error) {
      events.record(
        pod,
        undefined,
        'Warning',
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${messageOf(error)}`,
      );
      throw error;
    }
  }

  async #startContainers(
    pod: Pod,
    status: RuntimePodStatus,
    actions: PodActions,
    place: StartPlace,
    result: SyncResult,
  ): Promise<void> {
    const spec = specOf(pod);
    const start = async (container: Container, target?: string): Promise<boolean> => {
      try {
        place.signal.throwIfAborted();
        this.#checkBackOff(pod, container, status);
        await this.#startContainer(pod, container, status, place, target);
        result.acted = true;
        return true;
      } catch (error) {
        place.signal.throwIfAborted();
        if (!(error instanceof ContainerStartError)) throw error;
        result.failures.set(container.name, error);
        return false;
      }
    };
    for (const index of actions.ephemeralContainersToStart) {
      const ephemeral = spec.ephemeralContainers?.[index];
      if (ephemeral !== undefined) await start(asContainer(ephemeral), ephemeral.targetContainerName);
    }
    for (const index of actions.initContainersToStart) {
      const container = spec.initContainers?.[index];
      if (container !== undefined && !(await start(container)) && !isRestartableInit(container)) return;
    }
    for (const index of actions.containersToStart) {
      const container = spec.containers[index];
      if (container !== undefined) await start(container);
    }
  }

  #checkBackOff(pod: Pod, container: Container, status: RuntimePodStatus): void {
    const ended = status.containers.find(({ name, state }) => name === container.name && state === 'exited');
    if (ended === undefined) return;
    const { backOff, clock, events } = this.#options;
    const key = `${identityOf(pod).uid}/${container.name}/${container.image ?? ''}`;
    const now = clock.now();
    if (!backOff.inBackOffSince(key, ended.finishedAt, now)) {
      backOff.next(key, ended.finishedAt, now);
      return;
    }
    const delay = backOff.delay(key);
    const seconds = delay / 1000;
    const shown = seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
    events.record(
      pod,
      container,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`,
    );
    throw new ContainerStartError(
      'CrashLoopBackOff',
      `back-off ${shown} restarting failed container=${container.name} pod=${formatPod(pod)}`,
      ended.finishedAt + delay - now,
    );
  }

  async #startContainer(
    pod: Pod,
    container: Container,
    status: RuntimePodStatus,
    place: StartPlace,
    target: string | undefined,
  ): Promise<void> {
    const { cri, events, images, helper, lifecycle } = this.#options;
    const failed = (event: string, message: string): void => events.record(pod, container, 'Warning', event, message);
    const image = await images
      .ensureImage(pod, container, place.secrets, place.config, place.signal)
      .catch((error: unknown) => {
        failed('Failed', `Error: ${error instanceof ContainerStartError ? error.reason : messageOf(error)}`);
        throw error;
      });
    const user: ImageUser = {
      uid:
        image.image.uid === undefined ? (image.image.username === '' ? 0 : undefined) : Number(image.image.uid.value),
      username: image.image.username,
    };
    const known = findRuntimeContainer(status, container.name);
    let restartCount = known === undefined ? 0 : known.restartCount + 1;
    if (known === undefined && this.#options.readsHostFiles) {
      restartCount = await nextRestartCount(
        podLogDirectory(this.#options.logsDirectory, identityOf(pod)),
        container.name,
      );
    }
    let config: ReturnType<typeof containerConfig>;
    try {
      verifyRunAsNonRoot(pod, container, user);
      const settings = await helper.containerSettings(pod, container, place.podIPs);
      const targetId = target === undefined ? undefined : this.#targetId(target, status);
      config = containerConfig({
        pod,
        container,
        restartCount,
        imageRef: image.ref,
        imageUser: user,
        ...settings,
        targetId,
        resources: this.#options.resources,
        security: this.#options.security,
      });
    } catch (error) {
      place.signal.throwIfAborted();
      failed('Failed', `Error: ${messageOf(error)}`);
      throw new ContainerStartError('CreateContainerConfigError', messageOf(error));
    }
    let containerId: string;
    try {
      ({ containerId } = await cri.runtime.createContainer({
        podSandboxId: place.sandboxId,
        config,
        sandboxConfig: place.config,
      }));
    } catch (error) {
      failed('Failed', `Error: ${messageOf(error)}`);
      throw new ContainerStartError('CreateContainerError', messageOf(error));
    }
    events.record(pod, container, 'Normal', 'Created', 'Container created');
    try {
      await cri.runtime.startContainer({ containerId });
    } catch (error) {
      failed('Failed', `Error: ${messageOf(error)}`);
      throw new ContainerStartError('RunContainerError', messageOf(error));
    }
    events.record(pod, container, 'Normal', 'Started', 'Container started');
    const hook = container.lifecycle?.postStart;
    if (hook === undefined) return;
    try {
      await lifecycle.run(hook, pod, container, containerId, place.podIPs, place.signal);
    } catch (error) {
      failed('FailedPostStartHook', 'PostStartHook failed');
      await this.killer.kill(
        pod,
        { id: containerId, name: container.name },
        { message: 'FailedPostStartHook', reason: 'postStartHook' },
        place.signal,
      );
      throw new ContainerStartError('PostStartHookError', messageOf(error));
    }
  }

  #targetId(name: string, status: RuntimePodStatus): string {
    const found = findRuntimeContainer(status, name);
    if (found === undefined) throw new Error(`unable to find target container ${name}`);
    return found.id;
  }

  /** A new sandbox starts its init containers anew: the old ones must not count as done. */
  async #removeInitContainers(pod: Pod, status: RuntimePodStatus): Promise<void> {
    const init = new Set((specOf(pod).initContainers ?? []).map(({ name }) => name));
    for (const { id, name } of status.containers) {
      if (init.has(name)) await this.#options.cri.runtime.removeContainer({ containerId: id });
    }
  }

  /** Stops every container (sidecars last), then the sandboxes. */
  async killPod(
    pod: Pod,
    status: RuntimePodStatus,
    gracePeriodSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const running = status.containers.filter(
      ({ state }: RuntimeContainer) => state === 'running' || state === 'unknown',
    );
    await this.killer.killAll(pod, running, gracePeriodSeconds, signal);
    for (const { id, state } of status.sandboxes) {
      if (state === 'SANDBOX_READY') await this.#options.cri.runtime.stopPodSandbox({ podSandboxId: id });
    }
  }
}

interface StartPlace {
  sandboxId: string;
  config: Input<PodSandboxConfig>;
  podIPs: readonly string[];
  secrets: readonly Secret[];
  signal: AbortSignal;
}
