import { type FilterPlugin, maxNodeScore, type ScorePlugin } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { type Status, unresolvable, unschedulable } from '../framework/status.ts';

const name = 'NodeResourcesFit';

interface Shortage {
  reason: string;
  /** The node could not hold the pod even if it were empty. */
  never: boolean;
}

function shortages(pod: PodInfo, node: NodeInfo): Shortage[] {
  const found: Shortage[] = [];
  if (node.pods.size + 1 > node.allowedPods) found.push({ reason: 'Too many pods', never: node.allowedPods === 0 });
  const check = (resource: string, asked: number, used: number, capacity: number): void => {
    if (asked > 0 && asked > capacity - used)
      found.push({ reason: `Insufficient ${resource}`, never: asked > capacity });
  };
  const { requests } = pod;
  const { requested, allocatable } = node;
  check('cpu', requests.milliCpu, requested.milliCpu, allocatable.milliCpu);
  check('memory', requests.memory, requested.memory, allocatable.memory);
  check('ephemeral-storage', requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage);
  for (const [resource, asked] of requests.scalar)
    check(resource, asked, requested.scalar.get(resource) ?? 0, allocatable.scalar.get(resource) ?? 0);
  return found;
}

function rejection(found: readonly Shortage[]): Status {
  const reasons = found.map(({ reason }) => reason);
  return found.some(({ never }) => never) ? unresolvable(name, ...reasons) : unschedulable(name, ...reasons);
}

/** Filters by what is left, prefers nodes with the most left. */
export const nodeResourcesFit: FilterPlugin & ScorePlugin = {
  name,
  events: [
    { resource: 'Pod', action: 'delete' },
    { resource: 'Pod', action: 'update' },
    { resource: 'Node', action: 'add', helps: (pod, { node }) => !node || shortages(pod, node).length === 0 },
    {
      resource: 'Node',
      action: 'updateAllocatable',
      helps: (pod, { node }) => !node || shortages(pod, node).length === 0,
    },
  ],

  filter(_state, pod, node) {
    const found = shortages(pod, node);
    return found.length === 0 ? undefined : rejection(found);
  },

  score(_state, pod, node) {
    const parts: number[] = [];
    for (const resource of ['milliCpu', 'memory'] as const) {
      const capacity = node.allocatable[resource];
      if (capacity === 0) continue;
      const wanted = node.nonZeroRequested[resource] + pod.nonZero[resource];
      parts.push(wanted > capacity ? 0 : Math.trunc(((capacity - wanted) * maxNodeScore) / capacity));
    }
    return parts.length === 0 ? 0 : Math.trunc(parts.reduce((sum, part) => sum + part, 0) / parts.length);
  },
};

/** Prefers nodes whose use of CPU and memory the pod brings closer together. */
export const nodeResourcesBalancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',

  /** A pod that asks for nothing changes no balance. */
  preScore: (_state, { requests }) => requests.milliCpu > 0 || requests.memory > 0,

  score(_state, pod, node) {
    const withPod = balance(node, pod.requests.milliCpu, pod.requests.memory);
    const without = balance(node, 0, 0);
    return Math.trunc(maxNodeScore / 2 + (maxNodeScore / 2 + withPod - without) / 2);
  },
};

function balance(node: NodeInfo, milliCpu: number, memory: number): number {
  const { requested, allocatable } = node;
  const fractions: number[] = [];
  if (allocatable.milliCpu > 0) fractions.push(Math.min(1, (requested.milliCpu + milliCpu) / allocatable.milliCpu));
  if (allocatable.memory > 0) fractions.push(Math.min(1, (requested.memory + memory) / allocatable.memory));
  const [first, second] = fractions;
  const deviation = first === undefined || second === undefined ? 0 : Math.abs(first - second) / 2;
  return Math.trunc((1 - deviation) * maxNodeScore);
}
