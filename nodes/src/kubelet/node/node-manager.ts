/**
 * Registers the node, keeps its status and its lease. The status is looked at every 10 s and written when it has
 * changed, or after 5 minutes; until the node is ready for the first time it is looked at much more often.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Clock, delay, jitter, type Logger, type RestClient, resources } from '@typernetes/openapi/client';
import { formatTime, isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';
import type { Node, NodeStatus } from '@typernetes/openapi/types/core/v1';
import type { CriConnection } from 'cri-client';
import { NodeLease } from './node-lease.ts';
import { type NodeFacts, newNode, nodeStatus, type RuntimeFacts } from './node-status.ts';

export interface NodeManagerOptions {
  client: RestClient;
  cri: Pick<CriConnection, 'runtime' | 'images'>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  facts: NodeFacts;
  plegHealthy: () => boolean;
  registers: boolean;
  updateFrequencyMs: number;
  reportFrequencyMs: number;
  leaseDurationSeconds: number;
  /** The runtime is told where pods get their addresses. */
  podCidrChanged: (cidr: string) => void;
}

/** Until the node is first Ready its status is looked at often, and less often the longer that takes. */
const startupPoll = { firstMs: 50, factor: 1.2, maximumMs: 1000 };
const imagesEveryMs = 60_000;

export class NodeManager {
  readonly ready: Promise<void>;
  readonly #options: NodeManagerOptions;
  readonly #resolveReady: () => void;
  readonly #lease: NodeLease;
  #node: Node | undefined;
  #runtime: RuntimeFacts = { version: undefined, status: undefined, images: [], plegHealthy: false, error: '' };
  #imagesAt = Number.NEGATIVE_INFINITY;
  #reportedAt = 0;
  #podCidr = '';
  #isReady = false;

  constructor(options: NodeManagerOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#resolveReady = resolve;
    this.#lease = new NodeLease({ ...options, nodeName: options.facts.name, node: () => this.#node });
  }

  /** The node as last read or written. */
  get node(): Node | undefined {
    return this.#node;
  }

  get allocatable(): Readonly<Record<string, string>> {
    return this.#node?.status?.allocatable ?? {};
  }

  /** Whether sandboxes get a network. */
  networkReady(): boolean {
    return this.#runtime.status?.status?.conditions.find(({ type }) => type === 'NetworkReady')?.status === true;
  }

  runtimeReady(): boolean {
    return this.#runtime.status?.status?.conditions.find(({ type }) => type === 'RuntimeReady')?.status === true;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger, updateFrequencyMs } = this.#options;
    let failed = false;
    let startupPollMs = startupPoll.firstMs;
    while (!signal.aborted) {
      let wait = updateFrequencyMs;
      try {
        await this.#readRuntime();
        if (this.#node === undefined) await this.#register();
        await this.#report();
        if (!this.#isReady) {
          wait = startupPollMs;
          startupPollMs = Math.min(startupPollMs * startupPoll.factor, startupPoll.maximumMs);
        }
        failed = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!failed)
          logger.warn(
            { error: error instanceof Error ? error.message : String(error) },
            'unable to update node status',
          );
        failed = true;
        wait = this.#isReady ? Math.min(updateFrequencyMs, 2000) : 200;
        if (isNotFound(error)) this.#node = undefined;
      }
      if (this.#node !== undefined) this.#lease.start(signal);
      await delay(clock, this.#isReady ? jitter(wait, 0.04, random) : wait, signal);
    }
    await this.#lease.stopped();
  }

  async #readRuntime(): Promise<void> {
    const { cri, clock, plegHealthy } = this.#options;
    try {
      const [version, status] = await Promise.all([
        this.#runtime.version ?? cri.runtime.version({}),
        cri.runtime.status({}),
      ]);
      let { images } = this.#runtime;
      if (this.#isReady && clock.now() - this.#imagesAt >= imagesEveryMs) {
        this.#imagesAt = clock.now();
        images = (await cri.images.listImages({})).images;
      }
      this.#runtime = { version, status, images, plegHealthy: plegHealthy(), error: '' };
    } catch (error) {
      this.#runtime = {
        ...this.#runtime,
        version: undefined,
        status: undefined,
        error: error instanceof Error ? error.message : String(error),
      };
    }
  }

  async #register(): Promise<void> {
    const { client, facts, registers } = this.#options;
    const nodes = client.resource(resources.nodes);
    if (!registers) {
      this.#node = await nodes.get(undefined, facts.name);
      return;
    }
    const wanted = newNode(facts);
    wanted.status = nodeStatus(facts, this.#runtime, {}, formatTime(new Date(this.#options.clock.now())));
    try {
      this.#node = await nodes.create(undefined, wanted);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await nodes.get(undefined, facts.name);
      const labels = Object.entries(wanted.metadata?.labels ?? {}).filter(
        ([key, value]) => existing.metadata?.labels?.[key] !== value,
      );
      this.#node =
        labels.length === 0
          ? existing
          : await nodes.patch(
              undefined,
              facts.name,
              { metadata: { labels: Object.fromEntries(labels) } },
              { type: 'strategic' },
            );
    }
  }

  async #report(): Promise<void> {
    const { client, facts, clock, reportFrequencyMs, podCidrChanged } = this.#options;
    const nodes = client.resource(resources.nodes);
    const now = clock.now();
    const due = now - this.#reportedAt >= reportFrequencyMs;
    let node = this.#node ?? (await nodes.get(undefined, facts.name));
    // The pod CIDR is given by a controller some time after registration.
    if (this.#podCidr === '' || due) node = await nodes.get(undefined, facts.name);
    this.#node = node;
    const cidrs = node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]);
    if (cidrs.join(',') !== this.#podCidr) {
      this.#podCidr = cidrs.join(',');
      podCidrChanged(this.#podCidr);
    }
    const before = node.status ?? {};
    const status = nodeStatus(facts, this.#runtime, before, formatTime(new Date(now)));
    const patch = nodeStatusPatch(before, status, due);
    if (patch !== undefined) {
      this.#node = await nodes.patch(
        undefined,
        facts.name,
        { status: patch },
        { type: 'strategic', subresource: 'status' },
      );
      this.#reportedAt = now;
    }
    const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (ready && !this.#isReady) this.#resolveReady();
    this.#isReady ||= ready;
  }
}

const ignoringHeartbeat = ({ conditions = [], ...status }: NodeStatus): unknown => ({
  ...status,
  conditions: conditions.map((condition) => ({ ...condition, lastHeartbeatTime: undefined })),
});

/** undefined: nothing but heartbeats differs, and no report is due. */
function nodeStatusPatch(before: NodeStatus, after: NodeStatus, due: boolean): Record<string, unknown> | undefined {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  if (!due && isDeepStrictEqual(plain(ignoringHeartbeat(before)), plain(ignoringHeartbeat(after)))) return undefined;
  const patch: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    if (key === 'addresses') {
      if (!isDeepStrictEqual(before.addresses, value)) patch[key] = [{ $patch: 'replace' }, ...(after.addresses ?? [])];
    } else if (!isDeepStrictEqual(plain(before[key as keyof NodeStatus] ?? null), plain(value))) patch[key] = value;
  }
  return patch;
}
