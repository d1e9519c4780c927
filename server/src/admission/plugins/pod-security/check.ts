import type { ObjectMeta } from '@typernetes/openapi/meta';
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { allContainers } from '../pods.ts';

export interface PodTemplate {
  metadata: ObjectMeta;
  spec: NonNullable<Pod['spec']>;
}

/** Why a pod is not allowed; undefined if it is. */
export interface Violation {
  reason: string;
  detail: string;
}

export type CheckPod = (pod: PodTemplate) => Violation | undefined;

/** One rule of the standard. Versions ascend; the last one at or below the asked minor counts. */
export interface Check {
  id: string;
  versions: readonly { minor: number; check: CheckPod }[];
  /** Baseline checks that a restricted check makes superfluous. */
  overrides?: readonly string[];
}

/** `container "a"`, `containers "a", "b"`, followed by the items. */
export function named(singular: string, items: readonly string[]): string {
  return `${plural(singular, items.length)} ${quoted(items)}`;
}

export function plural(singular: string, count: number): string {
  return count === 1 ? singular : `${singular}s`;
}

export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

export function sortedSet(items: Iterable<string>): string[] {
  return [...new Set(items)].sort();
}

/** Names of the containers that `isBad` picks. */
export function badContainers(pod: PodTemplate, isBad: (container: Container) => boolean): string[] {
  return allContainers(pod.spec)
    .filter(isBad)
    .map((container) => container.name);
}

/** Who set something: the pod, containers, or both. */
export function setters(podIsBad: boolean, containers: readonly string[]): string[] {
  return [...(podIsBad ? ['pod'] : []), ...(containers.length === 0 ? [] : [named('container', containers)])];
}

/** A check that Windows pods pass, because the field means nothing there. */
export function exceptWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod));
}

/** A check that pods in a user namespace of their own pass: root in there is nobody outside. */
export function exceptUserNamespaces(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
