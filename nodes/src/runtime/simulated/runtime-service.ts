/**
 * RuntimeService without containers. Called directly by kubelets of the same process or behind a socket (serveCri);
 * emits events for everything that changes, so that a kubelet needs no relist.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '@typernetes/openapi/client';
import * as cri from 'cri-client';
import { parseDuration } from '../../duration.ts';
import { containerBehaviour, execAnswer, type ProbeName, podSimulation } from './behaviour.ts';
import { SimulatedContainer } from './container.ts';
import { ContainerEvents } from './events.ts';
import { Inventory } from './inventory.ts';
import { LogFiles } from './log-files.ts';
import { PodNetwork } from './pod-network.ts';
import { type SimulatedSandbox, sandboxItem, sandboxStatus } from './sandbox.ts';
import { containerStats, sandboxStats } from './stats.ts';

export interface SimulatedRuntimeOptions {
  clock: Clock;
  /** Pod addresses until the kubelet tells the node's pod CIDR. */
  podCidr?: string;
  /** No pod gets an address before the kubelet told the pod CIDR, as CNI has none before: nodes must not share any. */
  awaitsPodCidr?: boolean;
  newId?: () => string;
  /** Where exec, attach and port-forward are served; absent: they are UNIMPLEMENTED. */
  streaming?: { url(kind: 'exec' | 'attach' | 'portforward', request: StreamingRequest): string };
}

export interface StreamingRequest {
  containerId: string;
  sandboxId: string;
  command: readonly string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

type Input<T> = cri.Input<T>;
type Output = (stream: 'stdout' | 'stderr', text: string) => void;

export class SimulatedRuntime implements cri.RuntimeService {
  readonly #clock: Clock;
  readonly #options: SimulatedRuntimeOptions;
  readonly #newId: () => string;
  readonly #inventory = new Inventory();
  readonly #listeners = new Map<string, Set<Output>>();
  readonly #events = new ContainerEvents();
  readonly #logs: LogFiles;
  readonly #network: PodNetwork;

  constructor(options: SimulatedRuntimeOptions) {
    this.#clock = options.clock;
    this.#options = options;
    this.#newId = options.newId ?? (() => randomBytes(32).toString('hex'));
    this.#network = new PodNetwork(options.clock, options.podCidr ?? '10.244.0.0/24', options.awaitsPodCidr === true);
    this.#logs = new LogFiles(() => this.#clock.now());
  }

  #now(): bigint {
    return BigInt(this.#clock.now()) * 1_000_000n;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.timer(milliseconds, resolve));
  }

  /** The container itself, for the streaming server and in-process probes. */
  container(id: string | undefined): SimulatedContainer {
    return this.#inventory.container(id);
  }

  /** How a sandbox answers on a port: the first container that says anything about it. */
  portRule(sandboxId: string, port: number) {
    for (const container of this.#inventory.sandbox(sandboxId).containers.values()) {
      const rule = container.behaviour.ports[port] ?? container.behaviour.ports['*'];
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  probe(containerId: string, name: ProbeName): boolean {
    return this.#inventory.findContainer(containerId)?.probe(name) ?? false;
  }

  /** What the container writes from now on. Returns how to stop listening. */
  onOutput(containerId: string, listener: Output): () => void {
    const set = this.#listeners.get(containerId) ?? new Set();
    this.#listeners.set(containerId, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0) this.#listeners.delete(containerId);
    };
  }

  #publish(type: cri.ContainerEventType, id: string, sandbox: SimulatedSandbox): void {
    if (!this.#events.observed) return;
    this.#events.publish({
      containerId: id,
      containerEventType: type,
      createdAt: this.#now(),
      podSandboxStatus: sandboxStatus(sandbox),
      containersStatuses: [...sandbox.containers.values()].map((container) =>
        container.status(this.#logPath(container)),
      ),
    });
  }

  #logPath(container: SimulatedContainer): string {
    const folder = this.#inventory.findSandbox(container.sandboxId)?.config.logDirectory ?? '';
    return folder === '' || container.config.logPath === '' ? '' : join(folder, container.config.logPath);
  }

  async version(): Promise<cri.VersionResponse> {
    return { version: '0.1.0', runtimeName: 'simulated', runtimeVersion: '0.1.0', runtimeApiVersion: 'v1' };
  }

  async runPodSandbox(request: Input<cri.RunPodSandboxRequest>): Promise<cri.RunPodSandboxResponse> {
    const config = cri.complete('PodSandboxConfig', request.config ?? {});
    const simulation = podSimulation(config.annotations);
    if (simulation.sandboxError !== undefined) throw new cri.CriError('UNKNOWN', simulation.sandboxError);
    if (simulation.sandboxDelay !== undefined) await this.#wait(parseDuration(simulation.sandboxDelay));
    const inHost = config.linux?.securityContext?.namespaceOptions?.network === 'NODE';
    const address = inHost ? '' : await this.#network.takeAddress();
    const sandbox: SimulatedSandbox = {
      id: this.#newId(),
      config,
      runtimeHandler: request.runtimeHandler ?? '',
      simulation,
      createdAtMs: this.#clock.now(),
      address,
      ready: true,
      containers: new Map(),
    };
    this.#inventory.addSandbox(sandbox);
    this.#publish('CONTAINER_CREATED_EVENT', sandbox.id, sandbox);
    this.#publish('CONTAINER_STARTED_EVENT', sandbox.id, sandbox);
    return { podSandboxId: sandbox.id };
  }

  async stopPodSandbox(request: Input<cri.StopPodSandboxRequest>): Promise<cri.StopPodSandboxResponse> {
    const sandbox = this.#inventory.findSandbox(request.podSandboxId);
    if (sandbox === undefined || !sandbox.ready) return {};
    await Promise.all([...sandbox.containers.values()].map((container) => container.stop(0)));
    sandbox.ready = false;
    if (sandbox.address !== '') this.#network.giveBack(sandbox.address);
    this.#publish('CONTAINER_STOPPED_EVENT', sandbox.id, sandbox);
    return {};
  }

  async removePodSandbox(request: Input<cri.RemovePodSandboxRequest>): Promise<cri.RemovePodSandboxResponse> {
    const sandbox = this.#inventory.findSandbox(request.podSandboxId);
    if (sandbox === undefined) return {};
    await this.stopPodSandbox(request);
    for (const container of sandbox.containers.values()) container.dispose();
    this.#inventory.deleteSandbox(sandbox);
    this.#publish('CONTAINER_DELETED_EVENT', sandbox.id, sandbox);
    return {};
  }

  async podSandboxStatus(request: Input<cri.PodSandboxStatusRequest>): Promise<cri.PodSandboxStatusResponse> {
    const sandbox = this.#inventory.sandbox(request.podSandboxId);
    const containersStatuses = [...sandbox.containers.values()].map((container) =>
      container.status(this.#logPath(container)),
    );
    return { status: sandboxStatus(sandbox), info: {}, containersStatuses, timestamp: this.#now() };
  }

  async listPodSandbox(request: Input<cri.ListPodSandboxRequest>): Promise<cri.ListPodSandboxResponse> {
    return { items: this.#inventory.selectSandboxes(request.filter).map(sandboxItem) };
  }

  async *streamPodSandboxes(
    request: Input<cri.StreamPodSandboxesRequest>,
  ): AsyncGenerator<cri.StreamPodSandboxesResponse> {
    yield { podSandboxes: this.#inventory.selectSandboxes(request.filter).map(sandboxItem) };
  }

  async createContainer(request: Input<cri.CreateContainerRequest>): Promise<cri.CreateContainerResponse> {
    const sandbox = this.#inventory.sandbox(request.podSandboxId);
    const config = cri.complete('ContainerConfig', request.config ?? {});
    const id = this.#newId();
    const container: SimulatedContainer = new SimulatedContainer({
      id,
      sandboxId: sandbox.id,
      config,
      behaviour: containerBehaviour(sandbox.simulation, config.metadata?.name ?? '', [
        ...config.command,
        ...config.args,
      ]),
      imageRef: config.image?.image ?? '',
      clock: this.#clock,
      hooks: {
        started: () => this.#publish('CONTAINER_STARTED_EVENT', id, sandbox),
        exited: () => this.#publish('CONTAINER_STOPPED_EVENT', id, sandbox),
        log: (stream, text) => {
          const path = this.#logPath(container);
          if (path !== '') this.#logs.write(path, stream, text);
          for (const listener of this.#listeners.get(id) ?? []) listener(stream, `${text}\n`);
        },
      },
    });
    this.#inventory.addContainer(container, sandbox);
    this.#publish('CONTAINER_CREATED_EVENT', id, sandbox);
    return { containerId: id };
  }

  async startContainer(request: Input<cri.StartContainerRequest>): Promise<cri.StartContainerResponse> {
    const container = this.container(request.containerId);
    if (container.state !== 'CONTAINER_CREATED') {
      throw new cri.CriError('FAILED_PRECONDITION', `container ${container.id} is in ${container.state} state`);
    }
    const { startDelayMs, startError } = container.behaviour;
    if (startDelayMs > 0) await this.#wait(startDelayMs);
    if (startError !== '') throw new cri.CriError('UNKNOWN', startError);
    container.start();
    return {};
  }

  async stopContainer(request: Input<cri.StopContainerRequest>): Promise<cri.StopContainerResponse> {
    await this.#inventory.findContainer(request.containerId)?.stop(Number(request.timeout ?? 0n) * 1000);
    return {};
  }

  async removeContainer(request: Input<cri.RemoveContainerRequest>): Promise<cri.RemoveContainerResponse> {
    const container = this.#inventory.findContainer(request.containerId);
    if (container === undefined) return {};
    await container.stop(0);
    container.dispose();
    const sandbox = this.#inventory.sandbox(container.sandboxId);
    this.#inventory.deleteContainer(container, sandbox);
    this.#publish('CONTAINER_DELETED_EVENT', container.id, sandbox);
    return {};
  }

  #item(container: SimulatedContainer): cri.Container {
    const { id, metadata, state, createdAt, image, imageRef, labels, annotations, imageId } = container.status('');
    return {
      id,
      metadata,
      state,
      createdAt,
      image,
      imageRef,
      labels,
      annotations,
      imageId,
      podSandboxId: container.sandboxId,
    };
  }

  async listContainers(request: Input<cri.ListContainersRequest>): Promise<cri.ListContainersResponse> {
    return { containers: this.#inventory.selectContainers(request.filter).map((container) => this.#item(container)) };
  }

  async *streamContainers(request: Input<cri.StreamContainersRequest>): AsyncGenerator<cri.StreamContainersResponse> {
    yield { containers: this.#inventory.selectContainers(request.filter).map((container) => this.#item(container)) };
  }

  async containerStatus(request: Input<cri.ContainerStatusRequest>): Promise<cri.ContainerStatusResponse> {
    const container = this.container(request.containerId);
    return { status: container.status(this.#logPath(container)), info: {} };
  }

  async updateContainerResources(
    request: Input<cri.UpdateContainerResourcesRequest>,
  ): Promise<cri.UpdateContainerResourcesResponse> {
    this.container(request.containerId);
    return {};
  }

  async reopenContainerLog(request: Input<cri.ReopenContainerLogRequest>): Promise<cri.ReopenContainerLogResponse> {
    this.container(request.containerId);
    return {};
  }

  async execSync(request: Input<cri.ExecSyncRequest>): Promise<cri.ExecSyncResponse> {
    const container = this.#runningContainer(request.containerId);
    const { stdout, stderr, exitCode } = execAnswer(container.behaviour, request.cmd ?? []);
    return { stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), exitCode };
  }

  #runningContainer(id: string | undefined): SimulatedContainer {
    const container = this.container(id);
    if (container.state === 'CONTAINER_RUNNING') return container;
    throw new cri.CriError('FAILED_PRECONDITION', `container ${container.id} is not running: ${container.state}`);
  }

  #streamingUrl(kind: 'exec' | 'attach' | 'portforward', request: Partial<StreamingRequest>): { url: string } {
    if (this.#options.streaming === undefined)
      throw new cri.CriError('UNIMPLEMENTED', 'this runtime serves no streams');
    const empty = {
      containerId: '',
      sandboxId: '',
      command: [],
      tty: false,
      stdin: false,
      stdout: false,
      stderr: false,
    };
    return { url: this.#options.streaming.url(kind, { ...empty, ...request }) };
  }

  async exec(request: Input<cri.ExecRequest>): Promise<cri.ExecResponse> {
    const { id } = this.#runningContainer(request.containerId);
    const { tty = false, stdin = false, stdout = false, stderr = false } = request;
    return this.#streamingUrl('exec', { containerId: id, command: request.cmd ?? [], tty, stdin, stdout, stderr });
  }

  async attach(request: Input<cri.AttachRequest>): Promise<cri.AttachResponse> {
    const { id } = this.#runningContainer(request.containerId);
    const { tty = false, stdin = false, stdout = false, stderr = false } = request;
    return this.#streamingUrl('attach', { containerId: id, tty, stdin, stdout, stderr });
  }

  async portForward(request: Input<cri.PortForwardRequest>): Promise<cri.PortForwardResponse> {
    return this.#streamingUrl('portforward', { sandboxId: this.#inventory.sandbox(request.podSandboxId).id });
  }

  async containerStats(request: Input<cri.ContainerStatsRequest>): Promise<cri.ContainerStatsResponse> {
    return { stats: containerStats(this.container(request.containerId), this.#clock.now()) };
  }

  async listContainerStats(request: Input<cri.ListContainerStatsRequest>): Promise<cri.ListContainerStatsResponse> {
    return {
      stats: this.#inventory
        .selectContainers(request.filter)
        .map((container) => containerStats(container, this.#clock.now())),
    };
  }

  async *streamContainerStats(
    request: Input<cri.StreamContainerStatsRequest>,
  ): AsyncGenerator<cri.StreamContainerStatsResponse> {
    yield { containerStats: (await this.listContainerStats({ filter: request.filter })).stats };
  }

  async podSandboxStats(request: Input<cri.PodSandboxStatsRequest>): Promise<cri.PodSandboxStatsResponse> {
    return { stats: sandboxStats(this.#inventory.sandbox(request.podSandboxId), this.#clock.now()) };
  }

  async listPodSandboxStats(request: Input<cri.ListPodSandboxStatsRequest>): Promise<cri.ListPodSandboxStatsResponse> {
    return {
      stats: this.#inventory.selectSandboxes(request.filter).map((sandbox) => sandboxStats(sandbox, this.#clock.now())),
    };
  }

  async *streamPodSandboxStats(
    request: Input<cri.StreamPodSandboxStatsRequest>,
  ): AsyncGenerator<cri.StreamPodSandboxStatsResponse> {
    yield { podSandboxStats: (await this.listPodSandboxStats({ filter: request.filter })).stats };
  }

  async updateRuntimeConfig(request: Input<cri.UpdateRuntimeConfigRequest>): Promise<cri.UpdateRuntimeConfigResponse> {
    const cidr = request.runtimeConfig?.networkConfig?.podCidr?.split(',').find((part) => !part.includes(':'));
    if (cidr) this.#network.setPodCidr(cidr);
    return {};
  }

  async status(): Promise<cri.StatusResponse> {
    const conditions = [{ type: 'RuntimeReady', status: true }, this.#network.condition()];
    return cri.complete('StatusResponse', { status: { conditions }, runtimeHandlers: [{ name: '' }] });
  }

  async checkpointContainer(): Promise<cri.CheckpointContainerResponse> {
    throw new cri.CriError('UNIMPLEMENTED', 'a simulated container has nothing to checkpoint');
  }

  getContainerEvents(
    _: Input<cri.GetEventsRequest>,
    options?: cri.CallOptions,
  ): AsyncIterable<cri.ContainerEventResponse> {
    return this.#events.subscribe(options?.signal);
  }

  async listMetricDescriptors(): Promise<cri.ListMetricDescriptorsResponse> {
    return { descriptors: [] };
  }

  async listPodSandboxMetrics(): Promise<cri.ListPodSandboxMetricsResponse> {
    return { podMetrics: [] };
  }

  async *streamPodSandboxMetrics(): AsyncGenerator<cri.StreamPodSandboxMetricsResponse> {
    yield cri.complete('StreamPodSandboxMetricsResponse', {});
  }

  async runtimeConfig(): Promise<cri.RuntimeConfigResponse> {
    return cri.complete('RuntimeConfigResponse', { linux: { cgroupDriver: 'CGROUPFS' } });
  }

  async updatePodSandboxResources(
    request: Input<cri.UpdatePodSandboxResourcesRequest>,
  ): Promise<cri.UpdatePodSandboxResourcesResponse> {
    this.#inventory.sandbox(request.podSandboxId);
    return {};
  }

  /** Ends every process and waits for the log files. */
  async stop(): Promise<void> {
    for (const container of this.#inventory.containers()) container.dispose();
    await this.#logs.flush();
  }
}
