/**
 * Takes pods from the queue one after the other, finds each a node, assumes it there and binds it in the background.
 * Between pods other work of the process gets its turn.
 */
import { type Clock, type EventRecorder, type Logger, type RestClient, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { PodCondition } from '@typernetes/openapi/types/core/v1';
import type { SchedulerCache } from './cache/cache.ts';
import type { CycleState, Framework } from './framework/framework.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Status } from './framework/status.ts';
import { noNodesMessage } from './message.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';

const minFeasibleNodes = 100;
const minFeasiblePercentage = 5;
/** How long the scheduler may keep the event loop to itself. */
const sliceMs = 8;
const maxBindingsUnderWay = 500;

export interface SchedulerOptions {
  client: RestClient;
  recorder: EventRecorder;
  framework: Framework;
  cache: SchedulerCache;
  queue: SchedulingQueue;
  clock: Clock;
  random: () => number;
  logger: Logger;
  metrics?: SchedulerMetrics | undefined;
  /** 0: chosen by the number of nodes. */
  percentageOfNodesToScore: number;
  /** The pod as last seen, to write its status; undefined: gone. */
  current: (pod: PodInfo) => PodInfo | undefined;
}

/** No node will do, and why. */
interface Failure {
  message: string;
  plugins: ReadonlySet<string>;
  nominatedNode: string | undefined;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #bindings = new Set<Promise<void>>();
  /** Where the last search ended, so that all nodes get the same chance. */
  #nextStart = 0;
  /** Pods that wait for victims to leave, by uid: their room is kept from pods that matter less. */
  readonly #nominated = new Map<string, { pod: PodInfo; node: string }>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Until the queue is closed; resolves when no binding is under way any more. */
  async run(signal: AbortSignal): Promise<void> {
    let sliceEnd = performance.now() + sliceMs;
    for (;;) {
      const entry = this.#options.queue.tryPop() ?? (await this.#options.queue.pop());
      if (!entry || signal.aborted) break;
      this.#attempt(entry, signal);
      if (this.#bindings.size >= maxBindingsUnderWay) await Promise.race(this.#bindings);
      if (performance.now() >= sliceEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + sliceMs;
      }
    }
    await Promise.all(this.#bindings);
  }

  get bindingsUnderWay(): number {
    return this.#bindings.size;
  }

  /** A pod that was bound or is gone keeps no room. */
  forgetNomination(uid: string): void {
    this.#nominated.delete(uid);
  }

  #attempt(entry: QueuedPod, signal: AbortSignal): void {
    const { framework, cache, queue, recorder, logger, metrics } = this.#options;
    const { info } = entry;
    const started = performance.now();
    if (info.pod.metadata?.deletionTimestamp) {
      recorder.event(info.pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${info.key}`);
      queue.done(info.uid);
      return;
    }
    const state: CycleState = new Map();
    let chosen: NodeInfo | Failure;
    try {
      chosen = this.#choose(state, info);
    } catch (error) {
      // A plugin that throws must not stop the others from being scheduled.
      logger.error({ pod: info.key, error: error instanceof Error ? error.stack : String(error) }, 'scheduling failed');
      this.#track(
        this.#fail(
          entry,
          { message: String(error), plugins: new Set(), nominatedNode: undefined },
          'SchedulerError',
          started,
          signal,
        ),
      );
      return;
    }
    metrics?.searched(started);
    if ('message' in chosen) {
      this.#track(this.#fail(entry, chosen, 'Unschedulable', started, signal));
      return;
    }
    const node = chosen.name;
    cache.assume(info, node);
    const refused = framework.reserve(state, info, node);
    if (refused) {
      cache.forget(info.uid);
      this.#track(
        this.#fail(
          entry,
          { message: refused.reasons.join(', '), plugins: new Set([refused.plugin]), nominatedNode: undefined },
          'Unschedulable',
          started,
          signal,
        ),
      );
      return;
    }
    this.#track(this.#bind(entry, state, node, started, signal));
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#bindings.delete(tracked));
    this.#bindings.add(tracked);
  }

  #choose(state: CycleState, pod: PodInfo): NodeInfo | Failure {
    const { framework, cache } = this.#options;
    const all = cache.list();
    if (all.length === 0)
      return {
        message: 'no nodes available to schedule pods',
        plugins: new Set(['NodeResourcesFit']),
        nominatedNode: undefined,
      };
    const rejected = new Map<string, Status>();
    const { status, nodes, skipped } = framework.preFilter(state, pod, cache);
    if (status) {
      for (const node of all) rejected.set(node.name, status);
      return this.#failure(state, pod, all.length, rejected, status.reasons.join(', '));
    }
    const candidates = nodes ? [...nodes].map((name) => cache.get(name)).filter((node) => node !== undefined) : all;
    const feasible = this.#feasible(state, pod, candidates, rejected, skipped);
    if (feasible.length === 0) {
      if (nodes) {
        const excluded: Status = {
          code: 'unschedulableAndUnresolvable',
          plugin: 'NodeAffinity',
          reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
        };
        for (const node of all) if (!nodes.has(node.name)) rejected.set(node.name, excluded);
      }
      return this.#failure(state, pod, all.length, rejected, undefined);
    }
    if (feasible.length === 1) return feasible[0]!;
    return this.#best(feasible, framework.score(state, pod, feasible));
  }

  #feasible(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    rejected: Map<string, Status>,
    skipped: ReadonlySet<string>,
  ): NodeInfo[] {
    const wanted = feasibleNodesToFind(nodes.length, this.#options.percentageOfNodesToScore);
    const nominated = pod.pod.status?.nominatedNodeName;
    const preferred = nominated ? nodes.find((node) => node.name === nominated) : undefined;
    if (preferred && !this.#fits(state, pod, preferred, skipped)) return [preferred];
    const feasible: NodeInfo[] = [];
    let seen = 0;
    for (; seen < nodes.length && feasible.length < wanted; seen++) {
      const node = nodes[(this.#nextStart + seen) % nodes.length]!;
      const status = this.#fits(state, pod, node, skipped);
      if (status) rejected.set(node.name, status);
      else feasible.push(node);
    }
    this.#nextStart = nodes.length === 0 ? 0 : (this.#nextStart + seen) % nodes.length;
    return feasible;
  }

  /** Also counts pods of equal or higher priority that are nominated to the node. */
  #fits(state: CycleState, pod: PodInfo, node: NodeInfo, skipped: ReadonlySet<string>): Status | undefined {
    const { framework } = this.#options;
    const own = framework.filter(state, pod, node, skipped);
    if (own || this.#nominated.size === 0) return own;
    const expected = [...this.#nominated.values()].filter(
      (entry) => entry.node === node.name && entry.pod.uid !== pod.uid && entry.pod.priority >= pod.priority,
    );
    if (expected.length === 0) return undefined;
    const fuller = node.clone();
    for (const entry of expected) fuller.addPod(entry.pod);
    return framework.filter(state, pod, fuller, skipped);
  }

  /** The highest score; one of the highest at random. */
  #best(nodes: readonly NodeInfo[], scores: readonly number[]): NodeInfo {
    let best = 0;
    let equal = 1;
    for (let index = 1; index < nodes.length; index++) {
      const difference = (scores[index] ?? 0) - (scores[best] ?? 0);
      if (difference > 0) {
        best = index;
        equal = 1;
      } else if (difference === 0 && this.#options.random() * ++equal < 1) best = index;
    }
    return nodes[best]!;
  }

  #failure(
    state: CycleState,
    pod: PodInfo,
    nodes: number,
    rejected: ReadonlyMap<string, Status>,
    preFilterMessage: string | undefined,
  ): Failure {
    const result = this.#options.framework.postFilter(state, pod, rejected);
    const reason =
      preFilterMessage === undefined
        ? noNodesMessage(nodes, rejected.values())
        : `0/${nodes} nodes are available: ${preFilterMessage}.`;
    return {
      message: result?.message ? `${reason} ${result.message}` : reason,
      plugins: new Set([...rejected.values()].map((status) => status.plugin)),
      nominatedNode: result?.nominatedNode,
    };
  }

  async #bind(entry: QueuedPod, state: CycleState, node: string, started: number, signal: AbortSignal): Promise<void> {
    const { framework, cache, queue, recorder, metrics, clock } = this.#options;
    const { info } = entry;
    let failure: Failure | undefined;
    try {
      const status = await framework.bind(state, info, node, signal);
      if (status)
        failure = { message: status.reasons.join(', '), plugins: new Set([status.plugin]), nominatedNode: undefined };
    } catch (error) {
      failure = {
        message: `binding rejected: ${error instanceof Error ? error.message : String(error)}`,
        plugins: new Set(),
        nominatedNode: undefined,
      };
    }
    if (failure) {
      framework.unreserve(state, info, node);
      cache.forget(info.uid);
      queue.move({ resource: 'Pod', action: 'delete' }, { pod: info });
      if (!signal.aborted) await this.#fail(entry, failure, 'SchedulerError', started, signal);
      return;
    }
    this.#nominated.delete(info.uid);
    queue.done(info.uid);
    metrics?.attempted('scheduled', started);
    metrics?.scheduled(entry, clock.now());
    recorder.event(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${node}`);
  }

  async #fail(
    entry: QueuedPod,
    failure: Failure,
    reason: 'Unschedulable' | 'SchedulerError',
    started: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { queue, recorder, current, logger, metrics } = this.#options;
    metrics?.attempted(reason === 'Unschedulable' ? 'unschedulable' : 'error', started);
    const latest = current(entry.info);
    if (!latest || latest.pod.spec?.nodeName) {
      queue.done(entry.info.uid);
      return;
    }
    if (failure.nominatedNode !== undefined)
      this.#nominated.set(latest.uid, { pod: latest, node: failure.nominatedNode });
    queue.reject(entry, failure.plugins);
    recorder.event(latest.pod, 'Warning', 'FailedScheduling', failure.message.slice(0, 1024));
    try {
      await this.#writeCondition(latest, failure, reason, signal);
    } catch (error) {
      if (!signal.aborted && !isNotFound(error))
        logger.warn({ pod: latest.key, error: String(error) }, 'cannot update pod status');
    }
  }

  async #writeCondition({ pod }: PodInfo, failure: Failure, reason: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const { namespace, name = '', uid, generation } = pod.metadata ?? {};
    const previous = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    const nominates = failure.nominatedNode !== undefined && failure.nominatedNode !== pod.status?.nominatedNodeName;
    if (
      previous?.status === 'False' &&
      previous.reason === reason &&
      previous.message === failure.message &&
      !nominates
    )
      return;
    const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const condition: PodCondition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message: failure.message,
      lastTransitionTime: previous?.status === 'False' ? (previous.lastTransitionTime ?? now) : now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const status = { conditions: [condition], ...(nominates ? { nominatedNodeName: failure.nominatedNode } : {}) };
    await client
      .resource(resources.pods)
      .patch(namespace, name, { metadata: { uid }, status }, { type: 'strategic', subresource: 'status', signal });
  }
}

/** After how many feasible nodes the search may stop. */
export function feasibleNodesToFind(nodes: number, percentage: number): number {
  if (nodes < minFeasibleNodes) return nodes;
  const chosen = percentage > 0 ? percentage : Math.max(minFeasiblePercentage, 50 - Math.trunc(nodes / 125));
  return Math.max(minFeasibleNodes, Math.trunc((nodes * chosen) / 100));
}
