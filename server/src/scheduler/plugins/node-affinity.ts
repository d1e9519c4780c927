import type { NodeSelector, NodeSelectorTerm, Pod } from '@typernetes/openapi/types/core/v1';
import {
  type FilterPlugin,
  normalizeByMaximum,
  type PreFilterPlugin,
  type ScorePlugin,
} from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { unresolvable } from '../framework/status.ts';

const name = 'NodeAffinity';
const reason = "node(s) didn't match Pod's node affinity/selector";

type Labels = Readonly<Record<string, string>>;

interface Requirement {
  key: string;
  operator: string;
  values?: readonly string[];
}

function requirementMatches({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      if (value === undefined || !/^-?\d+$/.test(value) || !/^-?\d+$/.test(values[0] ?? '')) return false;
      const [left, right] = [BigInt(value), BigInt(values[0] ?? '0')];
      return operator === 'Gt' ? left > right : left < right;
    }
    default:
      return false;
  }
}

/** All requirements of a term must hold; a term without any matches nothing. */
function termMatches(term: Readonly<NodeSelectorTerm>, node: NodeInfo): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const labels = node.node?.metadata?.labels ?? {};
  const fields = { 'metadata.name': node.name };
  return (
    matchExpressions.every((requirement) => requirementMatches(requirement, labels)) &&
    matchFields.every((requirement) => requirementMatches(requirement, fields))
  );
}

function nodeSelectorMatches(selector: Readonly<NodeSelector>, node: NodeInfo): boolean {
  return selector.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** The pod's nodeSelector and required node affinity. */
export function requiredNodeAffinityMatches(pod: Readonly<Pod>, node: NodeInfo): boolean {
  const labels = node.node?.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || nodeSelectorMatches(required, node);
}

export const nodeAffinity: PreFilterPlugin & FilterPlugin & ScorePlugin = {
  name,
  events: [
    { resource: 'Node', action: 'add', helps: (pod, { node }) => !node || requiredNodeAffinityMatches(pod.pod, node) },
    {
      resource: 'Node',
      action: 'updateLabels',
      helps: (pod, { node }) => !node || requiredNodeAffinityMatches(pod.pod, node),
    },
  ],

  /** A pod tied to nodes by name (a DaemonSet's) has only those to look at. */
  preFilter(_state, { pod }) {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (!required && Object.keys(pod.spec?.nodeSelector ?? {}).length === 0) return { skip: true };
    if (!required) return {};
    const names = new Set<string>();
    for (const term of required.nodeSelectorTerms) {
      const byName =
        term.matchFields?.filter((field) => field.key === 'metadata.name' && field.operator === 'In') ?? [];
      if (byName.length === 0) return {};
      const [first, ...others] = byName.map((field) => field.values ?? []);
      for (const entry of first ?? []) if (others.every((values) => values.includes(entry))) names.add(entry);
    }
    if (names.size === 0) return { status: unresolvable(name, 'pod affinity terms conflict') };
    return { nodes: names };
  },

  filter(_state, { pod }, node) {
    return requiredNodeAffinityMatches(pod, node) ? undefined : unresolvable(name, reason);
  },

  preScore(_state, { pod }) {
    return (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
  },

  score(_state, { pod }, node) {
    let total = 0;
    for (const { weight, preference } of pod.spec?.affinity?.nodeAffinity
      ?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (weight !== 0 && termMatches(preference, node)) total += weight;
    }
    return total;
  },

  normalize: (scores) => normalizeByMaximum(scores, false),
};
