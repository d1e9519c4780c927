/**
 * Kubelet: runs the pods that are bound to its node. `syncLoop` takes one change after the other (a pod of a source, an
 * event of the runtime, a probe's verdict, the clock) and hands it to the pod's worker; the workers do the rest.
 */
import { setMaxListeners } from 'node:events';
import {
  type Clock,
  delay,
  EventRecorder,
  type Logger,
  type RestClient,
  resources,
  SharedInformer,
} from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { CriConnection } from 'cri-client';
import { type CgroupManager, isUnified, NodeCgroups, noCgroups } from './cgroups/cgroup-manager.ts';
import { noConfiguration, type PodConfigurationSource } from './configuration/no-configuration.ts';
import { PodConfiguration } from './configuration/pod-configuration.ts';
import { Housekeeping, isRunning, orphan } from './housekeeping.ts';
import { ImageManager } from './images/image-manager.ts';
import { KeyedBackOff } from './kuberuntime/back-off.ts';
import { GarbageCollector } from './kuberuntime/garbage-collection.ts';
import { LifecycleRunner } from './kuberuntime/lifecycle.ts';
import { PodRuntime } from './kuberuntime/pod-runtime.ts';
import { recordedEvents } from './kuberuntime/recorded-events.ts';
import type { Machine } from './node/machine.ts';
import { NodeManager } from './node/node-manager.ts';
import { diskKeepers, diskVolumes, nodeFacts } from './parts.ts';
import { PodLifecycleEventGenerator } from './pleg/pod-lifecycle-events.ts';
import { identityOf, isDeleted, specOf } from './pod/pod.ts';
import { MirrorPods } from './pod-sources/mirror-pods.ts';
import { PodManager } from './pod-sources/pod-manager.ts';
import { StaticPodSource } from './pod-sources/static-pods.ts';
import { KubeletPodSyncer } from './pod-syncer.ts';
import { PodWorkers } from './pod-workers/pod-workers.ts';
import { ProbeManager } from './prober/probe-manager.ts';
import { type Prober, RealProber } from './prober/prober.ts';
import { bareRuntimeHelper, NodeRuntimeHelper, type ServiceSource } from './runtime-helper.ts';
import type { KubeletSettings } from './settings.ts';
import { withProbeResults } from './status/readiness.ts';
import { StatusManager } from './status/status-manager.ts';
import { type SyncEvent, SyncQueue } from './sync-queue.ts';
import { noVolumes, type VolumeManager } from './volumes/volume-manager.ts';

export interface KubeletOptions {
  settings: KubeletSettings;
  machine: Machine;
  client: RestClient;
  cri: Pick<CriConnection, 'runtime' | 'images'>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  services: ServiceSource;
  /** The port of its HTTPS server, for the Node object. */
  port: number;
  kubeletVersion: string;
  /** How probes are answered; by default through the network and the runtime. */
  prober?: Prober;
  /** false: the runtime has no containers; nothing of the host is touched but log files. */
  realContainers: boolean;
  /** Events of what went well are left out (large simulated clusters). */
  warningsOnly?: boolean;
  /** Resolves when sandboxes can be made: the sandbox image is there. */
  beforePods?: () => Promise<void>;
}

export class Kubelet {
  /** Resolves when the node is Ready in the API. */
  readonly ready: Promise<void>;
  readonly pods = new PodManager();
  readonly pleg: PodLifecycleEventGenerator;
  readonly node: NodeManager;
  readonly statuses: StatusManager;
  readonly runtime: PodRuntime;
  readonly options: KubeletOptions;
  readonly #workers: PodWorkers;
  readonly #probes: ProbeManager;
  readonly #volumes: VolumeManager;
  readonly #cgroups: CgroupManager;
  readonly #garbage: GarbageCollector;
  readonly #syncer: KubeletPodSyncer;
  readonly #configuration: PodConfigurationSource;
  readonly #recorder: EventRecorder;
  readonly #queue = new SyncQueue();
  readonly #abort = new AbortController();
  readonly #mirrors: MirrorPods;
  readonly #housekeeping: Housekeeping;
  readonly #crashBackOff = new KeyedBackOff(10_000, 300_000);
  readonly #informer: SharedInformer<Pod>;
  #running: Promise<unknown> = Promise.resolve();
  #runtimeName = 'unknown';
  readonly #podCidr = Promise.withResolvers<string>();

  constructor(options: KubeletOptions) {
    this.options = options;
    // Everything that waits listens to it.
    setMaxListeners(0, this.#abort.signal);
    const { settings, client, cri, clock, random, logger, realContainers } = options;
    this.#recorder = new EventRecorder(client, { component: 'kubelet', host: settings.nodeName, clock, logger });
    const events = recordedEvents(this.#recorder, options.warningsOnly === true);
    this.statuses = new StatusManager({
      client,
      clock,
      logger,
      apiPod: (uid) => {
        const pod = this.pods.get(uid);
        return pod && this.pods.mirrorOf(pod);
      },
      changed: (uid) => this.#probes.wake(uid),
    });
    this.#probes = new ProbeManager({
      prober: options.prober ?? new RealProber(cri.runtime),
      clock,
      logger,
      events,
      statusOf: (uid) => this.statuses.get(uid),
      podOf: (uid) => this.pods.get(uid) ?? this.#workers.pod(uid),
      changed: ({ kind, podUid, outcome }) => this.#queue.put({ type: 'probe', uid: podUid, kind, outcome }),
    });
    this.pleg = new PodLifecycleEventGenerator({
      runtime: cri.runtime,
      clock,
      logger,
      changed: (uid) => this.#queue.put({ type: 'runtime', uid }),
    });
    this.node = new NodeManager({
      client,
      cri,
      clock,
      random,
      logger,
      facts: nodeFacts(options),
      plegHealthy: () => this.pleg.healthy(),
      registers: settings.registerNode,
      updateFrequencyMs: settings.nodeStatusUpdateFrequencyMs,
      reportFrequencyMs: settings.nodeStatusReportFrequencyMs,
      leaseDurationSeconds: settings.nodeLeaseDurationSeconds,
      podCidrChanged: (podCidr) => this.#tellPodCidr(podCidr),
    });
    this.ready = this.node.ready;
    this.#mirrors = new MirrorPods(client, this.pods, () => this.node.node);
    const changedPods = (uids: readonly string[]): void => {
      for (const uid of uids) this.#queue.put({ type: 'sync', uid });
    };
    const configuration = realContainers
      ? new PodConfiguration({ client, clock, logger, changed: changedPods })
      : undefined;
    this.#configuration = configuration ?? noConfiguration;
    this.#volumes =
      configuration === undefined ? noVolumes : diskVolumes(options, configuration, () => this.node.allocatable);
    const allocatable = (): Readonly<Record<string, string>> => this.node.allocatable;
    const cgroups =
      realContainers && settings.cgroupsPerQos
        ? new NodeCgroups(settings.cgroupRoot, settings.cgroupDriver, logger)
        : noCgroups;
    this.#cgroups = cgroups;
    this.#garbage = new GarbageCollector({
      runtime: cri.runtime,
      logger,
      logsDirectory: settings.logsDirectory,
      isKept: (uid) => this.#isKept(uid),
    });
    const lifecycle = new LifecycleRunner(cri.runtime, clock, async (uid) => this.statuses.get(uid)?.podIP ?? '');
    this.runtime = new PodRuntime({
      cri,
      clock,
      logger,
      events,
      lifecycle,
      images: new ImageManager(cri.images, clock, events),
      helper: realContainers
        ? new NodeRuntimeHelper({
            settings,
            configuration: this.#configuration,
            services: options.services,
            volumes: this.#volumes,
            mountedVolumes: (uid) => this.#syncer.mountedVolumes(uid),
            cgroups,
            allocatable,
          })
        : bareRuntimeHelper(settings),
      backOff: this.#crashBackOff,
      probes: (id, kind) => {
        const outcome = this.#probes.results.get(kind, id);
        return outcome === 'unknown' ? undefined : outcome;
      },
      logsDirectory: settings.logsDirectory,
      resources: {
        memoryCapacity: options.machine.memoryBytes,
        unifiedCgroups: realContainers && isUnified(),
        cpuCfsQuota: settings.cpuCfsQuota,
      },
      security: { seccompProfileRoot: `${settings.rootDirectory}/seccomp`, seccompDefault: settings.seccompDefault },
      runtimeHandler: (pod) => this.#runtimeHandler(pod),
      readsHostFiles: realContainers,
    });
    this.#syncer = new KubeletPodSyncer({
      clock,
      random,
      logger,
      events,
      runtime: this.runtime,
      runtimeName: () => this.#runtimeName,
      statuses: this.statuses,
      probes: this.#probes,
      volumes: this.#volumes,
      cgroups,
      garbage: this.#garbage,
      configuration: this.#configuration,
      hostIPs: settings.nodeIps,
      networkReady: () => this.node.networkReady(),
      syncFrequencyMs: settings.syncFrequencyMs,
      ensureMirror: (pod) => this.#mirrors.ensure(pod),
    });
    this.#workers = new PodWorkers({
      syncer: this.#syncer,
      clock,
      logger,
      random,
      finished: (uid) => this.#queue.put({ type: 'finished', uid }),
    });
    this.#informer = new SharedInformer(client.resource(resources.pods), {
      fieldSelector: `spec.nodeName=${settings.nodeName}`,
      clock,
      random,
      logger,
    });
    this.#housekeeping = new Housekeeping({
      clock,
      logger,
      pods: this.pods,
      workers: this.#workers,
      pleg: this.pleg,
      volumes: this.#volumes,
      cgroups,
      mirrors: this.#mirrors,
      garbage: this.#garbage,
      crashBackOff: this.#crashBackOff,
      isKept: (uid) => this.#isKept(uid),
      sourcesReady: () => this.#informer.hasSynced,
      disk: realContainers ? diskKeepers(options) : undefined,
    });
  }

  get runtimeName(): string {
    return this.#runtimeName;
  }

  /** Starts everything and returns; `ready` says when the node is Ready. */
  async start(giveUp?: AbortSignal): Promise<void> {
    const { signal } = this.#abort;
    giveUp?.addEventListener('abort', () => this.#abort.abort(), { once: true });
    await this.#volumes.start();
    const node = this.node.run(signal);
    const { logger, beforePods } = this.options;
    this.#runtimeName = await this.#readRuntimeName(signal);
    if (signal.aborted) return;
    const pleg = this.pleg.run(signal);
    await beforePods?.().catch((error: unknown) =>
      logger.error({ error: error instanceof Error ? error.message : String(error) }, 'pods may not start'),
    );
    this.#informer.addEventHandler({
      add: (pod) => this.#queue.put({ type: 'put', pod: pod as Pod }),
      update: (_, pod) => this.#queue.put({ type: 'put', pod: pod as Pod }),
      delete: (pod) => this.#queue.put({ type: 'remove', pod: pod as Pod }),
    });
    await this.#startStaticPods(signal);
    this.#running = Promise.all([
      node,
      pleg,
      this.#informer.run(signal),
      this.syncLoop(),
      this.#housekeeping.run(signal),
    ]);
  }

  async #readRuntimeName(signal: AbortSignal): Promise<string> {
    const { cri, clock, logger } = this.options;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        return (await cri.runtime.version({})).runtimeName;
      } catch (error) {
        if (tries === 50)
          logger.warn(
            { error: error instanceof Error ? error.message : String(error) },
            'the container runtime does not answer yet: is it running, and is --container-runtime-endpoint its socket?',
          );
        await delay(clock, 100, signal);
      }
    }
    return 'unknown';
  }

  async #startStaticPods(signal: AbortSignal): Promise<void> {
    const { settings, clock, logger } = this.options;
    if (settings.staticPodPath === undefined) return;
    const source = new StaticPodSource({
      folder: settings.staticPodPath,
      nodeName: settings.nodeName,
      clock,
      logger,
      handlers: {
        put: (pod) => this.#queue.put({ type: 'put', pod }),
        remove: (pod) => this.#queue.put({ type: 'remove', pod }),
      },
    });
    await source.start(signal);
  }

  async syncLoop(): Promise<void> {
    for (let event = await this.#queue.next(); event !== undefined; event = await this.#queue.next())
      this.syncLoopIteration(event);
  }

  /** One change. Never waits: what takes time happens in the pod's worker. */
  syncLoopIteration(event: SyncEvent): void {
    switch (event.type) {
      case 'put': {
        const known = this.pods.get(identityOf(event.pod).uid) !== undefined;
        if (!this.pods.put(event.pod)) return;
        this.statuses.observe(event.pod);
        // A status that we wrote comes back as an update: nothing to do for the worker.
        if (known && !this.#isNews(event.pod)) return;
        this.#workers.update({ type: known ? 'update' : 'create', pod: event.pod });
        return;
      }
      case 'remove': {
        this.pods.remove(event.pod);
        const { uid } = identityOf(event.pod);
        if (this.#workers.phase(uid) === 'finished') this.#finish(uid);
        else if (this.#workers.phase(uid) !== undefined) this.#workers.update({ type: 'kill', pod: event.pod });
        return;
      }
      case 'runtime':
      case 'sync':
        this.#workers.requeue(event.uid);
        return;
      case 'probe':
        if (event.kind === 'liveness') {
          if (event.outcome === 'failure') this.#workers.requeue(event.uid);
          return;
        }
        this.#refreshReadiness(event.uid);
        if (event.kind === 'startup') this.#workers.requeue(event.uid);
        return;
      case 'finished':
        this.#finish(event.uid);
        return;
    }
  }

  /** Whether the spec or the metadata that matters changed since the worker last saw the pod. */
  #isNews(pod: Pod): boolean {
    const seen = this.#workers.pod(identityOf(pod).uid);
    if (seen === undefined) return true;
    const essence = ({ metadata = {}, spec, status }: Pod): string =>
      JSON.stringify([
        metadata.deletionTimestamp,
        metadata.deletionGracePeriodSeconds,
        metadata.labels,
        metadata.annotations,
        metadata.generation,
        spec,
        status?.conditions?.filter(({ type }) =>
          (spec?.readinessGates ?? []).some((gate) => gate.conditionType === type),
        ),
        status?.phase === 'Failed' || status?.phase === 'Succeeded',
      ]);
    return essence(seen) !== essence(pod);
  }

  #refreshReadiness(uid: string): void {
    const pod = this.pods.get(uid) ?? this.#workers.pod(uid);
    const status = this.statuses.get(uid);
    if (pod === undefined || status === undefined) return;
    this.statuses.set(
      pod,
      withProbeResults(pod, status, (id, name) => this.#probes.evaluate(pod, id, name)),
    );
  }

  /** Nothing of the pod runs any more. When its object is gone too, so is everything else of it. */
  #finish(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod !== undefined) {
      if (isDeleted(pod)) this.statuses.observe(pod);
      return;
    }
    this.#workers.forgetFinished(this.pods.uids());
    this.statuses.forget(uid);
    this.#probes.removePod(uid);
    this.#garbage
      .removePod(uid)
      .catch((error: unknown) =>
        this.options.logger.debug(
          { uid, error: String(error) },
          'leftovers of a pod stay until the next garbage collection',
        ),
      );
  }

  #isKept(uid: string): boolean {
    const phase = this.#workers.phase(uid);
    return this.pods.get(uid) !== undefined || (phase !== undefined && phase !== 'finished');
  }

  /** Looks for what nobody needs any more, now. */
  housekeeping(): Promise<void> {
    return this.#housekeeping.sweep();
  }

  /** Resolves when the node has been given its pod CIDR. */
  get podCidr(): Promise<string> {
    return this.#podCidr.promise;
  }

  #tellPodCidr(podCidr: string): void {
    if (podCidr === '') return;
    this.#podCidr.resolve(podCidr);
    this.options.cri.runtime
      .updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr } } })
      .catch((error: unknown) =>
        this.options.logger.warn({ error: String(error) }, 'the runtime does not take the pod CIDR'),
      );
  }

  async #runtimeHandler(pod: Pod): Promise<string> {
    const name = specOf(pod).runtimeClassName;
    if (!name) return '';
    const runtimeClass = await this.options.client
      .resource<{ metadata?: object; handler: string }>({
        group: 'node.k8s.io',
        version: 'v1',
        resource: 'runtimeclasses',
      })
      .get(undefined, name);
    return runtimeClass.handler;
  }

  /** Ends all pods as their grace periods allow, as a machine that shuts down; their objects stay as they are. */
  async stopPods(): Promise<void> {
    await this.#workers.stop();
    this.#probes.stop();
    await this.pleg.relist();
    const signal = new AbortController().signal;
    await Promise.all(
      [...this.pleg.pods.values()].filter(isRunning).map(async (running) => {
        const pod = this.pods.get(running.uid) ?? orphan(running);
        await this.runtime.killPod(pod, await this.runtime.podStatus(running.uid), undefined, signal);
        await this.#volumes.unmount(running.uid);
        await this.#cgroups.remove(running.uid);
      }),
    );
  }

  /** Containers go on running. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#queue.close();
    this.#probes.stop();
    await Promise.all([this.#workers.stop(), this.statuses.stop()]);
    this.#configuration.stop();
    await this.#running;
    await this.#recorder.stop();
    await this.#volumes.stop();
  }
}
