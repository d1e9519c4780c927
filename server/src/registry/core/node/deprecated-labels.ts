/** Labels of nodes that were renamed or left, and what to say where something still selects by them. */
import type { LabelSelectorLike } from '../../printing/selectors.ts';
import type { Path } from '../../validation/index.ts';

const messages = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** Where `key` is the value of the field `at`. */
export const namedLabelWarnings = (key: string, at: Path): string[] =>
  messages.has(key) ? [`${at.toString()}: ${key} is ${messages.get(key)}`] : [];

/** `at: message` for each of the keys that has one. */
export const nodeLabelWarnings = (places: readonly (readonly [key: string, at: Path])[]): string[] =>
  places.flatMap(([key, at]) => (messages.has(key) ? [`${at.toString()}: ${messages.get(key)}`] : []));

export function nodeSelectorWarnings(selector: LabelSelectorLike | undefined, at: Path): string[] {
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key }, index) =>
    namedLabelWarnings(key, at.child('matchExpressions').index(index).child('key')),
  );
  const labels = Object.keys(selector?.matchLabels ?? {}).map((key) => [key, at.child('matchLabels', key)] as const);
  return [...expressions, ...nodeLabelWarnings(labels)];
}
