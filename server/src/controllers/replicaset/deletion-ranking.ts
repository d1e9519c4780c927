/** Which pods go first when there are too many. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { isPodActive, isPodReady, maxContainerRestarts, podCondition } from '../pods/pod-state.ts';
import { millisecondsOf } from '../time.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const phaseOrder: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The `count` pods to delete of `pods`, preferring in this order: unassigned, earlier phase, not ready, cheaper to
 * delete, on a node with more of the related pods, ready for less long (in powers of two), more restarts, younger.
 * @param related pods of all owners that count as neighbours, such as the other ReplicaSets of a Deployment
 */
export function podsToDelete(
  pods: readonly Readonly<Pod>[],
  related: readonly Readonly<Pod>[],
  count: number,
  now: number,
): Readonly<Pod>[] {
  if (count >= pods.length) return [...pods];
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node && isPodActive(pod)) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Readonly<Pod>): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort((a, b) => compareForDeletion(a, b, rank, now)).slice(0, count);
}

/** Negative: `a` goes first. */
export function compareForDeletion(
  a: Readonly<Pod>,
  b: Readonly<Pod>,
  rank: (pod: Readonly<Pod>) => number,
  now: number,
): number {
  const unassigned = Number(!!a.spec?.nodeName) - Number(!!b.spec?.nodeName);
  if (unassigned !== 0) return unassigned;
  const phase = (phaseOrder[a.status?.phase ?? ''] ?? 0) - (phaseOrder[b.status?.phase ?? ''] ?? 0);
  if (phase !== 0) return phase;
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  const cost = deletionCost(a) - deletionCost(b);
  if (cost !== 0) return cost;
  const neighbours = rank(b) - rank(a);
  if (neighbours !== 0) return neighbours;
  if (isPodReady(a)) {
    const readiness = compareAge(readySince(a), readySince(b), a, b, now);
    if (readiness !== 0) return readiness;
  }
  const restartsA = maxContainerRestarts(a);
  const restartsB = maxContainerRestarts(b);
  if (restartsA.regular !== restartsB.regular) return restartsB.regular - restartsA.regular;
  if (restartsA.sidecar !== restartsB.sidecar) return restartsB.sidecar - restartsA.sidecar;
  return compareAge(
    millisecondsOf(a.metadata?.creationTimestamp),
    millisecondsOf(b.metadata?.creationTimestamp),
    a,
    b,
    now,
  );
}

function deletionCost(pod: Readonly<Pod>): number {
  const value = pod.metadata?.annotations?.[deletionCostAnnotation] ?? '';
  return /^(0|-?[1-9]\d*)$/.test(value) ? Math.max(Math.min(Number(value), 0x7fffffff), -0x80000000) : 0;
}

function readySince(pod: Readonly<Pod>): number {
  return millisecondsOf(podCondition(pod, 'Ready')?.lastTransitionTime);
}

/** Younger first, but ages of the same power of two count as equal and go by uid: spreads deletions over time. */
function compareAge(a: number, b: number, podA: Readonly<Pod>, podB: Readonly<Pod>, now: number): number {
  if (a === b) return 0;
  if (a === 0 || b === 0) return a === 0 ? -1 : 1;
  const difference = magnitude(now - a) - magnitude(now - b);
  if (difference !== 0) return difference;
  return (podA.metadata?.uid ?? '') < (podB.metadata?.uid ?? '') ? -1 : 1;
}

function magnitude(milliseconds: number): number {
  return milliseconds > 0 ? Math.trunc(Math.log2(milliseconds * 1e6)) : -1;
}
