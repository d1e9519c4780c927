/** What conditions and taints of nodes mean for one another. Pure. */
import type { Node, NodeCondition, Taint } from '@typernetes/openapi/types/core/v1';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** Condition → the taint that each of its statuses calls for. */
const conditionTaints: Record<string, Partial<Record<string, string>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
};

const conditionTaintKeys = new Set([
  unschedulableTaint,
  ...Object.values(conditionTaints).flatMap((statuses) => Object.values(statuses)),
]);

export function nodeCondition(node: Readonly<Node>, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** The node's taints with those of effect NoSchedule brought in line with its conditions; undefined: they are already. */
export function withNoScheduleTaints(node: Readonly<Node>, timestamp: string): Taint[] | undefined {
  const wanted = new Set<string>();
  for (const condition of node.status?.conditions ?? []) {
    const key = conditionTaints[condition.type]?.[condition.status];
    if (key !== undefined) wanted.add(key);
  }
  if (node.spec?.unschedulable) wanted.add(unschedulableTaint);
  const taints = node.spec?.taints ?? [];
  const isOurs = (taint: Taint): boolean => taint.effect === 'NoSchedule' && conditionTaintKeys.has(taint.key);
  const kept = taints.filter((taint) => !isOurs(taint) || wanted.has(taint.key));
  const present = new Set(kept.filter(isOurs).map((taint) => taint.key));
  const missing = [...wanted].filter((key) => !present.has(key));
  if (missing.length === 0 && kept.length === taints.length) return undefined;
  return [...kept, ...missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded: timestamp }))];
}

/** The node's taints with exactly the NoExecute taint that its health calls for; undefined: they are already. */
export function withNoExecuteTaint(
  node: Readonly<Node>,
  wanted: string | undefined,
  timestamp: string,
): Taint[] | undefined {
  const taints = node.spec?.taints ?? [];
  const isOurs = (taint: Taint): boolean =>
    taint.effect === 'NoExecute' && (taint.key === notReadyTaint || taint.key === unreachableTaint);
  const kept = taints.filter((taint) => !isOurs(taint) || taint.key === wanted);
  const isThere = kept.some((taint) => isOurs(taint));
  if (kept.length === taints.length && (wanted === undefined || isThere)) return undefined;
  return wanted === undefined || isThere ? kept : [...kept, { key: wanted, effect: 'NoExecute', timeAdded: timestamp }];
}

/** The conditions of a node that nothing has been heard of for too long. */
export function unknownConditions(node: Readonly<Node>, timestamp: string): NodeCondition[] {
  const conditions = [...(node.status?.conditions ?? [])];
  const created = node.metadata?.creationTimestamp;
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const index = conditions.findIndex((condition) => condition.type === type);
    const current = conditions[index];
    if (!current) {
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        ...(created ? { lastHeartbeatTime: created } : {}),
        lastTransitionTime: timestamp,
      });
    } else if (current.status !== 'Unknown') {
      conditions[index] = {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: timestamp,
      };
    }
  }
  return conditions;
}
