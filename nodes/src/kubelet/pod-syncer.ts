/** What the pod workers do: bring a pod to its spec, end it, clean up after it. Every work starts from the runtime's own report. */

import { type Clock, jitter, type Logger } from '@typernetes/openapi/client';
import type { Pod, PodStatus, Secret } from '@typernetes/openapi/types/core/v1';
import type { CgroupManager } from './cgroups/cgroup-manager.ts';
import type { PodConfigurationSource } from './configuration/no-configuration.ts';
import { PodSyncError } from './kubelet-error.ts';
import type { ContainerStartError } from './kuberuntime/container-start-error.ts';
import type { GarbageCollector } from './kuberuntime/garbage-collection.ts';
import type { PodEvents } from './kuberuntime/pod-events.ts';
import type { PodRuntime } from './kuberuntime/pod-runtime.ts';
import { identityOf, isDeleted, isHostNetwork, isTerminalPhase, specOf } from './pod/pod.ts';
import type { RuntimePodStatus } from './pod/runtime-status.ts';
import type { PodSyncer } from './pod-workers/pod-workers.ts';
import type { PodOutcome, PodWork } from './pod-workers/state.ts';
import type { ProbeManager } from './prober/probe-manager.ts';
import { lastStatus } from './status/last-status.ts';
import { generatePodStatus } from './status/pod-status.ts';
import type { StatusManager } from './status/status-manager.ts';
import type { MountedVolume, VolumeManager } from './volumes/volume-manager.ts';

export interface PodSyncerOptions {
  clock: Clock;
  random: () => number;
  logger: Logger;
  events: PodEvents;
  runtime: PodRuntime;
  runtimeName: () => string;
  statuses: StatusManager;
  probes: ProbeManager;
  volumes: VolumeManager;
  cgroups: CgroupManager;
  garbage: GarbageCollector;
  configuration: PodConfigurationSource;
  hostIPs: readonly string[];
  networkReady: () => boolean;
  syncFrequencyMs: number;
  /** A static pod is shown in the API by its mirror. */
  ensureMirror: (pod: Pod) => Promise<void>;
}

const volumeRetry = { initialMs: 500, maximumMs: 122_000 };
const failureRetryMs = 10_000;

export class KubeletPodSyncer implements PodSyncer {
  readonly #options: PodSyncerOptions;
  /** Why containers do not start: uid → container → error. */
  readonly #failures = new Map<string, Map<string, ContainerStartError>>();
  readonly #mounted = new Map<string, ReadonlyMap<string, MountedVolume>>();
  readonly #mountDelays = new Map<string, number>();

  constructor(options: PodSyncerOptions) {
    this.#options = options;
  }

  mountedVolumes(uid: string): ReadonlyMap<string, MountedVolume> {
    return this.#mounted.get(uid) ?? new Map();
  }

  async perform(work: PodWork, signal: AbortSignal): Promise<PodOutcome> {
    try {
      switch (work.type) {
        case 'sync':
          return await this.#sync(work.pod, signal);
        case 'terminating':
          return await this.#terminating(work, signal);
        case 'terminated':
          return await this.#terminated(work);
      }
    } catch (error) {
      if (!(error instanceof PodSyncError) || signal.aborted) throw error;
      return { type: 'failed', requeueAfterMs: error.retryAfterMs };
    }
  }

  #status(pod: Pod, runtime: RuntimePodStatus, terminal: boolean): PodStatus {
    const { uid } = identityOf(pod);
    const { statuses, probes, hostIPs, runtimeName } = this.#options;
    return generatePodStatus({
      pod,
      runtime,
      runtimeName: runtimeName(),
      old: statuses.get(uid) ?? pod.status ?? {},
      terminal,
      reasonOf: (container) => this.#failures.get(uid)?.get(container),
      probes: (id, name) => probes.evaluate(pod, id, name),
      hostIPs,
    });
  }

  async #sync(pod: Pod, signal: AbortSignal): Promise<PodOutcome> {
    const { uid } = identityOf(pod);
    const { runtime, statuses, events, networkReady, configuration, cgroups, probes, clock, random, ensureMirror } =
      this.#options;
    let report = await runtime.podStatus(uid);
    let status = this.#status(pod, report, false);
    const deadline = this.#deadline(pod, status);
    if (deadline !== undefined && deadline <= 0 && !isTerminalPhase(status.phase)) {
      const message = 'Pod was active on the node longer than the specified deadline';
      events.record(pod, undefined, 'Normal', 'DeadlineExceeded', message);
      status = { ...status, phase: 'Failed', reason: 'DeadlineExceeded', message };
    }
    statuses.set(pod, status);
    if (isTerminalPhase(status.phase)) return { type: 'done', terminal: true };
    await ensureMirror(pod);
    if (!networkReady() && !isHostNetwork(pod)) {
      events.record(
        pod,
        undefined,
        'Warning',
        'NetworkNotReady',
        'network is not ready: container runtime network not ready',
      );
      throw new PodSyncError('network is not ready', 1000);
    }
    configuration.setReferences(pod);
    await cgroups.ensure(pod);
    await this.#mount(pod);
    signal.throwIfAborted();
    const secrets: Secret[] = await configuration.pullSecrets(pod);
    probes.addPod(pod);
    const result = await runtime.syncPod(pod, report, secrets, signal);
    this.#failures.set(uid, result.failures);
    if (result.acted || result.failures.size > 0) {
      report = await runtime.podStatus(uid);
      status = this.#status(pod, report, false);
      statuses.set(pod, status);
      if (isTerminalPhase(status.phase)) return { type: 'done', terminal: true };
    }
    if (result.failures.size > 0) {
      const waits = [...result.failures.values()].map(
        ({ retryAfterMs }) => retryAfterMs ?? jitter(failureRetryMs, 0.5, random),
      );
      return { type: 'failed', requeueAfterMs: Math.max(Math.min(...waits), 10) };
    }
    const initializing = result.acted && (specOf(pod).initContainers ?? []).length > 0;
    const next = initializing ? 0 : jitter(this.#options.syncFrequencyMs, 0.5, random);
    const left = this.#deadline(pod, statuses.get(uid) ?? status, clock.now());
    return { type: 'done', requeueAfterMs: left === undefined ? next : Math.max(Math.min(next, left), 0) };
  }

  /** Milliseconds until activeDeadlineSeconds are over. */
  #deadline(pod: Pod, status: PodStatus, now = this.#options.clock.now()): number | undefined {
    const seconds = specOf(pod).activeDeadlineSeconds;
    const start = status.startTime;
    if (seconds === undefined || start === undefined) return undefined;
    return Date.parse(start) + seconds * 1000 - now;
  }

  async #mount(pod: Pod): Promise<void> {
    const { uid } = identityOf(pod);
    const { volumes, events } = this.#options;
    try {
      this.#mounted.set(uid, await volumes.mount(pod));
      this.#mountDelays.delete(uid);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // What ran with its volumes goes on with them: only new starts need them complete.
      events.record(pod, undefined, 'Warning', 'FailedMount', message);
      const wait = Math.min((this.#mountDelays.get(uid) ?? volumeRetry.initialMs / 2) * 2, volumeRetry.maximumMs);
      this.#mountDelays.set(uid, wait);
      throw new PodSyncError(message, wait, { cause: error });
    }
  }

  async #terminating(
    { pod, orphan, gracePeriodSeconds, status: reason }: PodWork,
    signal: AbortSignal,
  ): Promise<PodOutcome> {
    const { uid } = identityOf(pod);
    const { runtime, statuses, probes, volumes, cgroups } = this.#options;
    const before = await runtime.podStatus(uid);
    if (!orphan) statuses.set(pod, { ...this.#status(pod, before, false), ...reason });
    probes.stopLivenessAndStartup(uid);
    await runtime.killPod(pod, before, gracePeriodSeconds, signal);
    probes.removePod(uid);
    const after = await runtime.podStatus(uid);
    const running = after.containers.filter(({ state }) => state === 'running').map(({ name }) => name);
    if (running.length > 0)
      throw new PodSyncError(`detected running containers after a successful KillPod: ${running.join(', ')}`, 1000);
    if (orphan) {
      await volumes.unmount(uid);
      await cgroups.remove(uid);
      this.forget(uid);
    } else statuses.set(pod, { ...this.#status(pod, after, true), ...reason });
    return { type: 'done' };
  }

  async #terminated({ pod, status: reason }: PodWork): Promise<PodOutcome> {
    const { uid } = identityOf(pod);
    const { runtime, statuses, volumes, cgroups, garbage } = this.#options;
    const report = await runtime.podStatus(uid);
    const status = { ...this.#status(pod, report, true), ...reason };
    statuses.set(pod, lastStatus(pod, status));
    await volumes.unmount(uid);
    // A pod that is to be deleted leaves nothing: its sandbox goes before its object.
    if (isDeleted(pod)) await garbage.removePod(uid);
    await cgroups.remove(uid);
    this.forget(uid);
    statuses.finish(pod);
    return { type: 'done' };
  }

  forget(uid: string): void {
    this.#failures.delete(uid);
    this.#mounted.delete(uid);
    this.#mountDelays.delete(uid);
    this.#options.configuration.forget(uid);
  }
}
