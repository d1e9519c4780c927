/** Which pods of an older template go, and which nodes get a new pod beside the old one. Pure. */
import type { DaemonSet } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { isPodAvailable } from '../pods/pod-state.ts';
import { isUpdated, maxSurge, maxUnavailable } from './daemon-pods.ts';

export interface RolloutState {
  daemonSet: Readonly<DaemonSet>;
  hash: string;
  podsByNode: ReadonlyMap<string, readonly Readonly<Pod>[]>;
  shouldRun: (node: string) => boolean;
  /** Nodes that should run the daemon. */
  desired: readonly string[];
  now: number;
}

export interface Changes {
  remove: Readonly<Pod>[];
  create: string[];
}

/** The pods of a node that are not being deleted; undefined: more than one of a kind, which is being mended. */
function pair(
  { daemonSet, hash }: RolloutState,
  pods: readonly Readonly<Pod>[],
): { fresh?: Readonly<Pod>; old?: Readonly<Pod> } | undefined {
  const staying = pods.filter((pod) => !pod.metadata?.deletionTimestamp);
  const [fresh, ...moreFresh] = staying.filter((pod) => isUpdated(daemonSet, pod, hash));
  const [old, ...moreOld] = staying.filter((pod) => !isUpdated(daemonSet, pod, hash));
  if (moreFresh.length + moreOld.length > 0) return undefined;
  return { ...(fresh ? { fresh } : {}), ...(old ? { old } : {}) };
}

export function rollOut(state: RolloutState): Changes {
  const surge = maxSurge(state.daemonSet, state.desired.length);
  let unavailable = maxUnavailable(state.daemonSet, state.desired.length);
  if (state.desired.length > 0 && unavailable === 0 && surge === 0) unavailable = 1;
  const podsByNode = new Map(state.podsByNode);
  for (const node of state.desired) if (!podsByNode.has(node)) podsByNode.set(node, []);
  const complete = { ...state, podsByNode };
  return surge === 0 ? replaceInPlace(complete, unavailable) : replaceBeside(complete, surge);
}

function replaceInPlace(state: RolloutState, maximum: number): Changes {
  const { minReadySeconds = 0 } = state.daemonSet.spec ?? {};
  const isAvailable = (pod: Readonly<Pod>): boolean => isPodAvailable(pod, minReadySeconds, state.now);
  const remove: Readonly<Pod>[] = [];
  const candidates: Readonly<Pod>[] = [];
  let unavailable = 0;
  for (const pods of state.podsByNode.values()) {
    const { fresh, old } = pair(state, pods) ?? {};
    if (fresh && !old) {
      if (!isAvailable(fresh)) unavailable++;
    } else if (old && !fresh) {
      if (isAvailable(old)) candidates.push(old);
      else {
        // It serves nobody: replacing it costs nothing.
        remove.push(old);
        unavailable++;
      }
    } else unavailable++;
  }
  return { remove: [...remove, ...candidates.slice(0, Math.max(0, maximum - unavailable))], create: [] };
}

function replaceBeside(state: RolloutState, maximum: number): Changes {
  const { minReadySeconds = 0 } = state.daemonSet.spec ?? {};
  const isAvailable = (pod: Readonly<Pod>): boolean => isPodAvailable(pod, minReadySeconds, state.now);
  const remove: Readonly<Pod>[] = [];
  const misplaced: Readonly<Pod>[] = [];
  const create: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const [node, pods] of state.podsByNode) {
    const found = pair(state, pods);
    if (!found) {
      surging++;
      continue;
    }
    const { fresh, old } = found;
    const serving = old ?? fresh;
    if (serving && isAvailable(serving)) available++;
    if (!old) continue;
    if (fresh) {
      if (isAvailable(fresh)) remove.push(old);
      else surging++;
    } else if (!state.shouldRun(node)) (isAvailable(old) ? misplaced : remove).push(old);
    else (isAvailable(old) ? candidates : create).push(node);
  }
  return {
    remove: [...remove, ...misplaced.slice(0, Math.max(0, available - state.desired.length))],
    create: [...create, ...candidates.slice(0, Math.max(0, maximum - surging))],
  };
}
