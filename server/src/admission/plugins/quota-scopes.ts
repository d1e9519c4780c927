/** Which objects a quota with scopes is about. */
import {
  aggregateMessages,
  fieldErrorMessage,
  type GroupResource,
  invalidValue,
  type KubernetesObject,
  labelValue,
  path,
} from '@typernetes/openapi/meta';
import type { PersistentVolumeClaim, Pod, ResourceQuota } from '@typernetes/openapi/types/core/v1';
import { resourceList } from './resource-list.ts';

export interface ScopeRequirement {
  scopeName: string;
  operator: string;
  values?: string[];
}

export function scopesOf({ spec }: ResourceQuota): ScopeRequirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
}

/** Whether all of a quota's scopes apply to the object. */
export function matchesScopes(
  quota: ResourceQuota,
  resource: GroupResource,
  object: Readonly<KubernetesObject>,
): boolean {
  const requirements = scopesOf(quota);
  return matchingScopes(requirements, resource, object).length === requirements.length;
}

/** Why objects cannot be held against the quota's scopes: they name what no label can be. */
export function scopeProblem(quota: ResourceQuota, { group, resource }: GroupResource): string | undefined {
  const named = group === '' && { pods: 'PriorityClass', persistentvolumeclaims: 'VolumeAttributesClass' }[resource];
  for (const requirement of scopesOf(quota)) {
    const { scopeName, values = [] } = requirement;
    if (scopeName !== named) continue;
    const message = aggregateMessages(
      values.flatMap((value, index) => {
        const problems = labelValue(value);
        if (problems.length === 0) return [];
        return [
          fieldErrorMessage(invalidValue(path('values').index(index).key(scopeName), value, problems.join('; '))),
        ];
      }),
    );
    if (message !== undefined) return `${showScope(requirement)}: failed to parse and convert selector: ${message}`;
  }
  return undefined;
}

export function showScope({ scopeName, operator, values = [] }: ScopeRequirement): string {
  return `{${scopeName} ${operator} [${values.join(' ')}]}`;
}

/** Those of the scopes that the object is in. Only pods and volume claims have scopes. */
export function matchingScopes(
  requirements: readonly ScopeRequirement[],
  resource: GroupResource,
  object: Readonly<KubernetesObject>,
): ScopeRequirement[] {
  if (resource.group !== '') return [];
  if (resource.resource === 'pods') return requirements.filter((requirement) => podInScope(object as Pod, requirement));
  if (resource.resource !== 'persistentvolumeclaims') return [];
  return requirements.filter((requirement) => claimInScope(object as PersistentVolumeClaim, requirement));
}

function podInScope(pod: Pod, requirement: ScopeRequirement): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return namesInScope([pod.spec?.priorityClassName ?? ''], requirement);
    case 'CrossNamespacePodAffinity':
      return usesCrossNamespaceAffinity(pod);
    default:
      return false;
  }
}

/** A claim is in scope by the class it has, and by the one it is to have. */
function claimInScope({ spec, status }: PersistentVolumeClaim, requirement: ScopeRequirement): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const classes = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return namesInScope(classes, requirement);
}

function namesInScope(given: readonly (string | undefined)[], { operator, values = [] }: ScopeRequirement): boolean {
  const names = given.map((name) => name ?? '').filter((name) => name !== '');
  switch (operator) {
    case 'Exists':
      return names.length > 0;
    case 'DoesNotExist':
      return names.length === 0;
    case 'In':
      return names.some((name) => values.includes(name));
    default:
      return operator === 'NotIn' && (names.length === 0 || names.some((name) => !values.includes(name)));
  }
}

export function isTerminating(pod: Readonly<Pod>): boolean {
  return pod.spec?.activeDeadlineSeconds !== undefined;
}

function isBestEffort({ spec, status }: Pod): boolean {
  if (status?.qosClass) return status.qosClass === 'BestEffort';
  const holders = spec?.resources ? [spec] : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return holders.every(({ resources }) =>
    [resources?.requests, resources?.limits]
      .map(resourceList)
      .every((list) => !['cpu', 'memory'].some((name) => (list.get(name)?.sign() ?? 0) > 0)),
  );
}

function usesCrossNamespaceAffinity(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity]
    .flatMap((affinity) => [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
    ])
    .some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined);
}
