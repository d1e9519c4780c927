/**
 * Makes room for a pod by deleting pods of lower priority: on the node where the least important ones have to go, and
 * no more of them than must. Disruption budgets are not looked at yet.
 */
import type { Clock, EventRecorder, Logger, RestClient } from '@typernetes/openapi/client';
import { resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { CycleState, NodeReader, PostFilterPlugin, PostFilterResult } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Status } from '../framework/status.ts';
import { noNodesMessage } from '../message.ts';

const minCandidatePercentage = 10;
const minCandidates = 100;

interface Candidate {
  node: NodeInfo;
  victims: PodInfo[];
}

export interface PreemptionOptions {
  client: RestClient;
  recorder: EventRecorder;
  nodes: NodeReader;
  clock: Clock;
  random: () => number;
  logger: Logger;
  signal: AbortSignal;
  /** Whether the pod passes all filters on the (changed) node. */
  fits: (state: CycleState, pod: PodInfo, node: NodeInfo) => Status | undefined;
  /** Told of each attempt, and of how many pods have to go where it helps. */
  attempted?: ((victims: number | undefined) => void) | undefined;
}

export function defaultPreemption(options: PreemptionOptions): PostFilterPlugin {
  return {
    name: 'DefaultPreemption',
    events: [{ resource: 'Pod', action: 'delete' }],
    postFilter(state, pod, rejected): PostFilterResult {
      const ineligible = ineligibility(pod, options.nodes, rejected);
      if (ineligible !== undefined) {
        options.attempted?.(undefined);
        return { message: `preemption: ${ineligible}` };
      }
      const nodes = options.nodes.list();
      const statuses = new Map<string, Status>();
      const candidates = findCandidates(options, state, pod, rejected, statuses);
      const best = selectCandidate(candidates);
      options.attempted?.(best?.victims.length);
      if (!best) {
        for (const node of nodes) {
          if (!statuses.has(node.name)) {
            statuses.set(node.name, {
              code: 'unschedulableAndUnresolvable',
              plugin: 'DefaultPreemption',
              reasons: ['Preemption is not helpful for scheduling'],
            });
          }
        }
        return { message: `preemption: ${noNodesMessage(nodes.length, statuses.values())}` };
      }
      for (const victim of best.victims) void evict(options, victim, pod, best.node.name);
      return { nominatedNode: best.node.name, message: '' };
    },
  };
}

/** Why the pod may not preempt; undefined: it may. */
function ineligibility(
  { pod, priority }: PodInfo,
  nodes: NodeReader,
  rejected: ReadonlyMap<string, Status>,
): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = pod.status?.nominatedNodeName;
  const node = nominated ? nodes.get(nominated) : undefined;
  if (!node || rejected.get(node.name)?.code === 'unschedulableAndUnresolvable') return undefined;
  const isLeaving = [...node.pods.values()].some((other) => other.priority < priority && isBeingPreempted(other));
  return isLeaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isBeingPreempted({ pod }: PodInfo): boolean {
  return (
    !!pod.metadata?.deletionTimestamp &&
    (pod.status?.conditions?.some(
      (condition) =>
        condition.type === 'DisruptionTarget' &&
        condition.status === 'True' &&
        condition.reason === 'PreemptionByScheduler',
    ) ??
      false)
  );
}

function findCandidates(
  options: PreemptionOptions,
  state: CycleState,
  pod: PodInfo,
  rejected: ReadonlyMap<string, Status>,
  statuses: Map<string, Status>,
): Candidate[] {
  const possible = options.nodes.list().filter((node) => rejected.get(node.name)?.code === 'unschedulable');
  const wanted = Math.min(
    possible.length,
    Math.max(minCandidates, Math.trunc((possible.length * minCandidatePercentage) / 100)),
  );
  const offset = Math.trunc(options.random() * possible.length);
  const candidates: Candidate[] = [];
  for (let index = 0; index < possible.length && candidates.length < wanted; index++) {
    const node = possible[(offset + index) % possible.length];
    if (!node) continue;
    const result = victimsOn(options, state, pod, node);
    if ('victims' in result) candidates.push(result);
    else statuses.set(node.name, result.status);
  }
  return candidates;
}

/** Takes all lower pods off, then puts back, most important first, whatever can stay. */
function victimsOn(
  options: PreemptionOptions,
  state: CycleState,
  pod: PodInfo,
  node: NodeInfo,
): Candidate | { status: Status } {
  const copy = node.clone();
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (lower.length === 0) {
    return {
      status: {
        code: 'unschedulableAndUnresolvable',
        plugin: 'DefaultPreemption',
        reasons: ['No preemption victims found for incoming pod'],
      },
    };
  }
  for (const other of lower) copy.removePod(other.uid);
  const status = options.fits(state, pod, copy);
  if (status) return { status };
  const victims: PodInfo[] = [];
  for (const other of lower.sort(moreImportantFirst)) {
    copy.addPod(other);
    if (!options.fits(state, pod, copy)) continue;
    copy.removePod(other.uid);
    victims.push(other);
  }
  return { node, victims };
}

function startedAt({ pod }: PodInfo): string {
  return pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? '';
}

function moreImportantFirst(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  return startedAt(a) < startedAt(b) ? -1 : 1;
}

/** The least important highest victim, the smallest sum of priorities, the fewest victims, the latest start. */
function selectCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const highest = ({ victims }: Candidate): number => Math.max(...victims.map((victim) => victim.priority));
  const sum = ({ victims }: Candidate): number =>
    victims.reduce((total, victim) => total + victim.priority + 2 ** 31, 0);
  const earliestOfHighest = (candidate: Candidate): string => {
    const top = highest(candidate);
    return (
      candidate.victims
        .filter((victim) => victim.priority === top)
        .map(startedAt)
        .sort()[0] ?? ''
    );
  };
  const sorted = [...candidates].sort(
    (a, b) =>
      highest(a) - highest(b) ||
      sum(a) - sum(b) ||
      a.victims.length - b.victims.length ||
      (earliestOfHighest(a) > earliestOfHighest(b) ? -1 : 1),
  );
  return sorted[0];
}

async function evict(
  { client, recorder, clock, logger, signal }: PreemptionOptions,
  victim: PodInfo,
  preemptor: PodInfo,
  node: string,
): Promise<void> {
  const { namespace, name = '', uid } = victim.pod.metadata ?? {};
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: 'default-scheduler: preempting to accommodate a higher priority pod',
    lastTransitionTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  try {
    const resource = client.resource(resources.pods);
    await resource.patch(
      namespace,
      name,
      { metadata: { uid }, status: { conditions: [condition] } },
      { type: 'strategic', subresource: 'status', signal },
    );
    await resource.delete(namespace, name, { preconditions: { uid }, signal });
    recorder.event(victim.pod, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${node}`);
  } catch (error) {
    if (!isNotFound(error) && !signal.aborted)
      logger.warn({ pod: victim.key, error: String(error) }, 'cannot preempt pod');
  }
}
