import type { Taint, Toleration } from '@typernetes/openapi/types/core/v1';
import { tolerates } from '../../controllers/tainteviction/tolerations.ts';
import { type FilterPlugin, normalizeByMaximum, type ScorePlugin } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { unresolvable } from '../framework/status.ts';

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function isTolerated(taint: Readonly<Taint>, tolerations: readonly Readonly<Toleration>[]): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}

function keepsOut(node: NodeInfo, tolerations: readonly Readonly<Toleration>[] = []): boolean {
  return (node.node?.spec?.taints ?? []).some(
    (taint) => (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !isTolerated(taint, tolerations),
  );
}

export const taintToleration: FilterPlugin & ScorePlugin = {
  name: 'TaintToleration',
  events: [
    { resource: 'Node', action: 'add', helps: ({ pod }, { node }) => !node || !keepsOut(node, pod.spec?.tolerations) },
    {
      resource: 'Node',
      action: 'updateTaints',
      helps: ({ pod }, { node }) => !node || !keepsOut(node, pod.spec?.tolerations),
    },
  ],

  filter(_state, { pod }, node) {
    return keepsOut(node, pod.spec?.tolerations)
      ? unresolvable('TaintToleration', 'node(s) had untolerated taint(s)')
      : undefined;
  },

  preScore(_state, _pod, nodes) {
    return nodes.some((node) => node.node?.spec?.taints?.some((taint) => taint.effect === 'PreferNoSchedule'));
  },

  /** How many taints it would rather not meet; fewer are better. */
  score(_state, { pod }, node) {
    const tolerations = (pod.spec?.tolerations ?? []).filter(
      (toleration) => !toleration.effect || toleration.effect === 'PreferNoSchedule',
    );
    return (node.node?.spec?.taints ?? []).filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations),
    ).length;
  },

  normalize: (scores) => normalizeByMaximum(scores, true),
};

export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  events: [
    { resource: 'Node', action: 'add', helps: (_pod, { node }) => !node?.node?.spec?.unschedulable },
    { resource: 'Node', action: 'updateTaints', helps: (_pod, { node }) => !node?.node?.spec?.unschedulable },
  ],

  filter(_state, { pod }, node) {
    if (!node.node?.spec?.unschedulable || isTolerated(unschedulableTaint, pod.spec?.tolerations ?? []))
      return undefined;
    return unresolvable('NodeUnschedulable', 'node(s) were unschedulable');
  },
};
