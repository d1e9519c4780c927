/**
 * The extension points of scheduling, in the order a pod passes them, and what runs the plugins of each.
 *
 * A *scheduling cycle* chooses a node for one pod: PreFilter, Filter (PostFilter where no node passes), PreScore, Score,
 * Reserve, Permit. It runs without interruption, so plugins see one consistent state. The *binding cycle* then runs on
 * its own: PreBind, Bind, PostBind.
 */
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Status } from './status.ts';

export const maxNodeScore = 100;

/** What plugins leave for later points of the same cycle, under their names. */
export type CycleState = Map<string, unknown>;

export interface NodeReader {
  get(name: string): NodeInfo | undefined;
  /** Nodes that exist. */
  list(): readonly NodeInfo[];
}

/** Something changed that may make a pod schedulable. */
export interface ClusterEvent {
  resource: 'Pod' | 'Node';
  /** For pods: assigned ones. For nodes, `update*` name what changed. */
  action: 'add' | 'delete' | 'update' | 'updateAllocatable' | 'updateLabels' | 'updateTaints' | 'updateConditions';
}

export interface EventHint extends ClusterEvent {
  /** Whether the event may help the pod; absent: it may. */
  helps?: (pod: PodInfo, changed: { node?: NodeInfo; pod?: PodInfo }) => boolean;
}

export interface Plugin {
  readonly name: string;
  /** Events after which a pod this plugin turned away is worth another try. */
  readonly events?: readonly EventHint[];
}

export interface PreEnqueuePlugin extends Plugin {
  preEnqueue(pod: PodInfo): Status | undefined;
}

export interface PreFilterPlugin extends Plugin {
  /** A status turns the pod away from all nodes; `nodes` limits what is looked at; `skip` leaves the plugin's Filter out. */
  preFilter(
    state: CycleState,
    pod: PodInfo,
    nodes: NodeReader,
  ): { status?: Status; nodes?: ReadonlySet<string>; skip?: boolean };
}

export interface FilterPlugin extends Plugin {
  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
}

export interface PostFilterResult {
  /** The pod may fit there once victims are gone. */
  nominatedNode?: string;
  message: string;
}

export interface PostFilterPlugin extends Plugin {
  postFilter(state: CycleState, pod: PodInfo, rejected: ReadonlyMap<string, Status>): PostFilterResult;
}

export interface ScorePlugin extends Plugin {
  /** False: nothing to score for this pod, all nodes are equal. */
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): boolean;
  score(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings scores to 0 … maxNodeScore, in place. */
  normalize?(scores: number[]): void;
}

export interface ReservePlugin extends Plugin {
  reserve(state: CycleState, pod: PodInfo, node: string): Status | undefined;
  /** Undoes; also called for a plugin whose reserve failed. Must not fail. */
  unreserve(state: CycleState, pod: PodInfo, node: string): void;
}

export interface PermitPlugin extends Plugin {
  /** A promise makes the pod wait, bound to nothing, until it resolves. */
  permit(
    state: CycleState,
    pod: PodInfo,
    node: string,
    signal: AbortSignal,
  ): Status | undefined | Promise<Status | undefined>;
}

export interface PreBindPlugin extends Plugin {
  preBind(state: CycleState, pod: PodInfo, node: string, signal: AbortSignal): Promise<Status | undefined>;
}

export interface BindPlugin extends Plugin {
  bind(state: CycleState, pod: PodInfo, node: string, signal: AbortSignal): Promise<void>;
}

export interface PostBindPlugin extends Plugin {
  postBind(state: CycleState, pod: PodInfo, node: string): void;
}

/** The plugins of a profile, by extension point, in order. */
export interface Profile {
  schedulerName: string;
  preEnqueue: readonly PreEnqueuePlugin[];
  preFilter: readonly PreFilterPlugin[];
  filter: readonly FilterPlugin[];
  postFilter: readonly PostFilterPlugin[];
  score: readonly { plugin: ScorePlugin; weight: number }[];
  reserve: readonly ReservePlugin[];
  permit: readonly PermitPlugin[];
  preBind: readonly PreBindPlugin[];
  bind: BindPlugin;
  postBind: readonly PostBindPlugin[];
}

export interface PreFilterOutcome {
  status: Status | undefined;
  /** The only nodes worth a look; undefined: all. */
  nodes: ReadonlySet<string> | undefined;
  /** Names of plugins whose Filter need not run. */
  skipped: ReadonlySet<string>;
}

export class Framework {
  readonly profile: Profile;

  constructor(profile: Profile) {
    this.profile = profile;
  }

  preEnqueue(pod: PodInfo): Status | undefined {
    for (const plugin of this.profile.preEnqueue) {
      const status = plugin.preEnqueue(pod);
      if (status) return status;
    }
    return undefined;
  }

  preFilter(state: CycleState, pod: PodInfo, nodes: NodeReader): PreFilterOutcome {
    const skipped = new Set<string>();
    let selected: ReadonlySet<string> | undefined;
    for (const plugin of this.profile.preFilter) {
      const result = plugin.preFilter(state, pod, nodes);
      if (result.status) return { status: result.status, nodes: undefined, skipped };
      if (result.skip) skipped.add(plugin.name);
      if (result.nodes) selected = selected ? common(selected, result.nodes) : result.nodes;
    }
    return { status: undefined, nodes: selected, skipped };
  }

  /** The first plugin that turns the node away. */
  filter(state: CycleState, pod: PodInfo, node: NodeInfo, skipped: ReadonlySet<string>): Status | undefined {
    for (const plugin of this.profile.filter) {
      if (skipped.has(plugin.name)) continue;
      const status = plugin.filter(state, pod, node);
      if (status) return status;
    }
    return undefined;
  }

  postFilter(state: CycleState, pod: PodInfo, rejected: ReadonlyMap<string, Status>): PostFilterResult | undefined {
    let last: PostFilterResult | undefined;
    for (const plugin of this.profile.postFilter) {
      last = plugin.postFilter(state, pod, rejected);
      if (last.nominatedNode !== undefined) return last;
    }
    return last;
  }

  /** Weighted sums, one for each node. */
  score(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): number[] {
    const totals = nodes.map(() => 0);
    for (const { plugin, weight } of this.profile.score) {
      if (plugin.preScore && !plugin.preScore(state, pod, nodes)) continue;
      const scores = nodes.map((node) => plugin.score(state, pod, node));
      plugin.normalize?.(scores);
      for (const [index, score] of scores.entries()) totals[index] = (totals[index] ?? 0) + score * weight;
    }
    return totals;
  }

  reserve(state: CycleState, pod: PodInfo, node: string): Status | undefined {
    for (const plugin of this.profile.reserve) {
      const status = plugin.reserve(state, pod, node);
      if (status) {
        this.unreserve(state, pod, node);
        return status;
      }
    }
    return undefined;
  }

  unreserve(state: CycleState, pod: PodInfo, node: string): void {
    for (const plugin of [...this.profile.reserve].reverse()) plugin.unreserve(state, pod, node);
  }

  /** Permit, PreBind, Bind, PostBind. Throws what Bind throws; a status says why the pod may not be bound. */
  async bind(state: CycleState, pod: PodInfo, node: string, signal: AbortSignal): Promise<Status | undefined> {
    for (const plugin of this.profile.permit) {
      const status = await plugin.permit(state, pod, node, signal);
      if (status) return status;
    }
    for (const plugin of this.profile.preBind) {
      const status = await plugin.preBind(state, pod, node, signal);
      if (status) return status;
    }
    await this.profile.bind.bind(state, pod, node, signal);
    for (const plugin of this.profile.postBind) plugin.postBind(state, pod, node);
    return undefined;
  }

  /** Every plugin once. */
  plugins(): Set<Plugin> {
    const { preEnqueue, preFilter, filter, postFilter, score, reserve, permit, preBind, bind, postBind } = this.profile;
    return new Set<Plugin>([
      ...preEnqueue,
      ...preFilter,
      ...filter,
      ...postFilter,
      ...score.map(({ plugin }) => plugin),
      ...reserve,
      ...permit,
      ...preBind,
      bind,
      ...postBind,
    ]);
  }
}

function common(a: ReadonlySet<string>, b: ReadonlySet<string>): Set<string> {
  return new Set([...a].filter((entry) => b.has(entry)));
}

/** Scales to 0 … maxNodeScore by the highest; `reverse` turns low into high. */
export function normalizeByMaximum(scores: number[], reverse: boolean): void {
  const highest = Math.max(0, ...scores);
  for (const [index, score] of scores.entries()) {
    if (highest === 0) scores[index] = reverse ? maxNodeScore : score;
    else {
      const scaled = Math.trunc((maxNodeScore * score) / highest);
      scores[index] = reverse ? maxNodeScore - scaled : scaled;
    }
  }
}
