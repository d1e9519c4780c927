/** The strategic merge patch that turns one pod status into another; undefined when they are equal. */
import { isDeepStrictEqual } from 'node:util';
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
function mergedList<T extends object>(before: readonly T[], after: readonly T[], key: keyof T & string): unknown[] {
  const changed: unknown[] = after.filter((element) => !before.some((old) => isDeepStrictEqual(old, element)));
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

const normal = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

export function statusPatch(before: PodStatus, after: PodStatus): Patch | undefined {
  const patch: Patch = {};
  for (const field of owned) {
    const value = normal(after[field]);
    if (!isDeepStrictEqual(normal(before[field]), value)) patch[field] = value ?? null;
  }
  const lists: [keyof PodStatus & string, string][] = [
    ['conditions', 'type'],
    ['podIPs', 'ip'],
    ['hostIPs', 'ip'],
  ];
  for (const [field, key] of lists) {
    const old = (normal(before[field]) ?? []) as Record<string, unknown>[];
    const own = (normal(after[field]) ?? []) as Record<string, unknown>[];
    const changed = mergedList(old, own, key);
    if (changed.length > 0) patch[field] = changed;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
