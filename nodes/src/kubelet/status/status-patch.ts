/** The strategic merge patch that turns one pod status into another; undefined when they are equal. */
import type { PodCondition, PodStatus } from '@typernetes/openapi/types/core/v1';

type Patch = Record<string, unknown>;

/** What the kubelet writes; other fields belong to others. */
const owned = [
  'phase',
  'reason',
  'message',
  'startTime',
  'qosClass',
  'hostIP',
  'podIP',
  'observedGeneration',
  'containerStatuses',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
  'resize',
] as const;

/** Lists that are merged by a key: changed elements, and a word for those that are gone. */
function mergedList(before: readonly Patch[], after: readonly Patch[], key: string): unknown[] {
  const changed: unknown[] = after.flatMap((element) => {
    const old = before.find((candidate) => candidate[key] === element[key]);
    if (old === undefined) return [element];
    if (isEqual(old, element)) return [];
    const dropped = Object.keys(old).filter((field) => element[field] === undefined);
    return [{ ...element, ...Object.fromEntries(dropped.map((field) => [field, null])) }];
  });
  for (const old of before) {
    if (!after.some((element) => element[key] === old[key])) changed.push({ $patch: 'delete', [key]: old[key] });
  }
  return changed;
}

/** Times of conditions: the last change of their status, not of their words. */
export function withTransitionTimes(
  conditions: readonly PodCondition[],
  before: readonly PodCondition[],
  now: string,
): PodCondition[] {
  return conditions.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const time =
      old !== undefined && old.status === condition.status
        ? old.lastTransitionTime
        : (condition.lastTransitionTime ?? now);
    return {
      lastProbeTime: condition.lastProbeTime,
      ...condition,
      ...(time === undefined ? { lastTransitionTime: now } : { lastTransitionTime: time }),
    };
  });
}

const isObject = (value: unknown): value is Patch => typeof value === 'object' && value !== null;

/** As JSON: a field that is undefined is not there. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => isEqual(element, b[index]));
  if (!isObject(a) || !isObject(b) || Array.isArray(b)) return false;
  for (const key in a) if (!isEqual(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

export function statusPatch(before: PodStatus, after: PodStatus): Patch | undefined {
  const patch: Patch = {};
  for (const field of owned) {
    if (!isEqual(before[field], after[field])) patch[field] = after[field] ?? null;
  }
  const lists: ['conditions' | 'podIPs' | 'hostIPs', string][] = [
    ['conditions', 'type'],
    ['podIPs', 'ip'],
    ['hostIPs', 'ip'],
  ];
  for (const [field, key] of lists) {
    const old = (before[field] ?? []) as Patch[];
    const own = (after[field] ?? []) as Patch[];
    const changed = mergedList(old, own, key);
    if (changed.length > 0) patch[field] = changed;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
