/** The bootstrap facts as objects, the way they are stored. */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '@typernetes/openapi/types/rbac/v1';
import { clusterRoleBindingFacts } from './bindings.ts';
import { clusterRoleFacts } from './cluster-roles.ts';
import { componentNamespaceRoleFacts, componentRoleFacts } from './component-roles.ts';
import { controllerRoleFacts } from './controller-roles.ts';
import { namespaceRoleFacts } from './namespace-roles.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const controllerPrefix = 'system:controller:';
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

export interface BootstrapPolicy {
  clusterRoles: ClusterRole[];
  clusterRoleBindings: ClusterRoleBinding[];
  roles: Role[];
  roleBindings: RoleBinding[];
}

/** Upstream's policy; with `components`, ours on top. */
export function bootstrapPolicy(options: { components: boolean } = { components: true }): BootstrapPolicy {
  const clusterRoles: ClusterRole[] = [];
  const clusterRoleBindings: ClusterRoleBinding[] = [];
  for (const [name, facts] of Object.entries(clusterRoleFacts)) {
    const { rules, ...rest } = clusterRole(name, facts.rules);
    // The rules of an aggregated role are nobody's, until the controller manager gathers them.
    const role: ClusterRole = facts.aggregates === undefined ? { ...rest, rules } : rest;
    if (facts.aggregateTo !== undefined)
      role.metadata = metadata(name, { [aggregationLabel(facts.aggregateTo)]: 'true' });
    if (facts.aggregates !== undefined) {
      role.aggregationRule = {
        clusterRoleSelectors: [{ matchLabels: { [aggregationLabel(facts.aggregates)]: 'true' } }],
      };
    }
    clusterRoles.push(role);
  }
  for (const [name, subjects] of Object.entries(clusterRoleBindingFacts)) {
    clusterRoleBindings.push(clusterRoleBinding(name, name, subjects));
  }
  for (const [controller, rules] of Object.entries(controllerRoleFacts)) {
    const name = controllerPrefix + controller;
    clusterRoles.push(clusterRole(name, rules));
    clusterRoleBindings.push(clusterRoleBinding(name, name, [`account kube-system/${controller}`]));
  }
  if (options.components) {
    for (const [name, facts] of Object.entries(componentRoleFacts)) {
      if (facts.rules !== undefined) clusterRoles.push(clusterRole(name, facts.rules));
      clusterRoleBindings.push(clusterRoleBinding(name, facts.role ?? name, facts.subjects));
    }
  }
  const namespaced = options.components ? [...namespaceRoleFacts, ...componentNamespaceRoleFacts] : namespaceRoleFacts;
  return {
    clusterRoles,
    clusterRoleBindings,
    roles: namespaced.map(({ namespace, name, rules }) => ({
      apiVersion,
      kind: 'Role',
      metadata: { ...metadata(name), namespace },
      rules: rules.map(parseRule),
    })),
    roleBindings: namespaced.map(({ namespace, name, binding, subjects }) => ({
      apiVersion,
      kind: 'RoleBinding',
      metadata: { ...metadata(binding ?? name), namespace },
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: subjects.map(parseSubject),
    })),
  };
}

/** What the Node authorizer grants every node alike. */
export function nodeRules(): PolicyRule[] {
  return (clusterRoleFacts['system:node']?.rules ?? []).map(parseRule);
}

const ruleLine = /^(?<groups>\S+) (?<resources>\S+)(?: \[(?<names>[^\]]+)\])? = (?<verbs>\S+)$/;
const urlLine = /^url (?<urls>\S+) = (?<verbs>\S+)$/;

function parseRule(line: string): PolicyRule {
  const url = urlLine.exec(line)?.groups;
  if (url !== undefined) return { verbs: list(url['verbs']), nonResourceURLs: list(url['urls']) };
  const rule = ruleLine.exec(line)?.groups;
  if (rule === undefined) throw new Error(`not a rule: ${line}`);
  return {
    verbs: list(rule['verbs']),
    apiGroups: list(rule['groups']).map((name) => (name === 'core' ? '' : name)),
    resources: list(rule['resources']),
    ...(rule['names'] === undefined ? {} : { resourceNames: list(rule['names']) }),
  };
}

function parseSubject(text: string): Subject {
  const [kind, name = ''] = text.split(' ');
  switch (kind) {
    case 'user':
      return { kind: 'User', apiGroup: group, name };
    case 'group':
      return { kind: 'Group', apiGroup: group, name };
    case 'account': {
      const [namespace = '', account = ''] = name.split('/');
      return { kind: 'ServiceAccount', name: account, namespace };
    }
    default:
      throw new Error(`not a subject: ${text}`);
  }
}

function clusterRole(name: string, rules: readonly string[]): ClusterRole & { rules: PolicyRule[] } {
  return { apiVersion, kind: 'ClusterRole', metadata: metadata(name), rules: rules.map(parseRule) };
}

function clusterRoleBinding(name: string, role: string, subjects: readonly string[]): ClusterRoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(parseSubject) }),
  };
}

function metadata(name: string, labels: Record<string, string> = {}) {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [autoUpdateAnnotation]: 'true' },
  };
}

function aggregationLabel(role: string): string {
  return `${group}/aggregate-to-${role}`;
}

function list(text: string | undefined): string[] {
  return text?.split(',') ?? [];
}
