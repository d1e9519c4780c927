/** What one object counts against a namespace's quotas. The quota controller and admission use the same numbers. */
import { type GroupResource, type KubernetesObject, Quantity } from '@typernetes/openapi/meta';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '@typernetes/openapi/types/core/v1';
import { podResources, type ResourceList, resourceList, sum } from './resource-list.ts';
import { classOf } from './storage.ts';
import { isExtendedResource } from './tolerations.ts';

const one = Quantity.fromNumber(1);
const computeNames = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Core kinds whose plain name counts objects. */
const plainCounts = new Set([
  'configmaps',
  'secrets',
  'replicationcontrollers',
  'resourcequotas',
  'services',
  'persistentvolumeclaims',
]);
/** If a quota covers one of these, every container has to state it. */
const mustBeStated = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

export function usageOf(resource: GroupResource, object: Readonly<KubernetesObject>, now: Date): ResourceList {
  const suffix = resource.group === '' ? '' : `.${resource.group}`;
  const usage: ResourceList = new Map([[`count/${resource.resource}${suffix}`, one]]);
  if (resource.group !== '') return usage;
  if (plainCounts.has(resource.resource)) usage.set(resource.resource, one);
  switch (resource.resource) {
    case 'pods':
      return sum(usage, podUsage(object as Pod, now));
    case 'services':
      return sum(usage, serviceUsage(object as Service));
    case 'persistentvolumeclaims':
      return sum(usage, claimUsage(object as PersistentVolumeClaim));
    default:
      return usage;
  }
}

/** A pod that has ended, or should have, uses nothing any more. */
function podUsage(pod: Pod, now: Date): ResourceList {
  const { phase } = pod.status ?? {};
  if (phase === 'Failed' || phase === 'Succeeded') return new Map();
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) {
    if (now.getTime() > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000) return new Map();
  }
  const options = { overhead: true };
  return computeUsage(podResources(pod, 'requests', options), podResources(pod, 'limits', options));
}

function computeUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: ResourceList = new Map([['pods', one]]);
  for (const [name, amount] of requests) {
    if (computeNames.has(name) || name.startsWith('hugepages-')) usage.set(name, amount);
    if (computeNames.has(name) || name.startsWith('hugepages-') || isExtendedResource(name))
      usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) if (computeNames.has(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

function serviceUsage(service: Service): ResourceList {
  const usage: ResourceList = new Map();
  const { type, ports = [], allocateLoadBalancerNodePorts } = service.spec ?? {};
  if (type === 'NodePort') usage.set('services.nodeports', Quantity.fromNumber(ports.length));
  if (type === 'LoadBalancer') {
    usage.set('services.loadbalancers', one);
    const allocated = allocateLoadBalancerNodePorts === false ? ports.filter((port) => port.nodePort) : ports;
    usage.set('services.nodeports', Quantity.fromNumber(allocated.length));
  }
  return usage;
}

function claimUsage(claim: PersistentVolumeClaim): ResourceList {
  const usage: ResourceList = new Map();
  const storageClass = classOf(claim);
  const prefix = storageClass === '' ? undefined : `${storageClass}.storageclass.storage.k8s.io/`;
  if (prefix !== undefined) usage.set(`${prefix}persistentvolumeclaims`, one);
  const storage = resourceList(claim.spec?.resources?.requests).get('storage');
  if (storage !== undefined) {
    usage.set('requests.storage', storage);
    if (prefix !== undefined) usage.set(`${prefix}requests.storage`, storage);
  }
  return usage;
}

/** Containers that leave out what the quota covers: `cpu for: a,b; memory for: b`. */
export function unstated(pod: Pod, covered: readonly string[]): string | undefined {
  if (pod.spec?.resources?.requests !== undefined || pod.spec?.resources?.limits !== undefined) return undefined;
  const missing = new Map<string, Set<string>>();
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    const stated = computeUsage(resourceList(container.resources?.requests), resourceList(container.resources?.limits));
    for (const name of covered) {
      if (mustBeStated.has(name) && !stated.has(name))
        missing.set(name, (missing.get(name) ?? new Set()).add(container.name));
    }
  }
  if (missing.size === 0) return undefined;
  const parts = [...missing].sort(([left], [right]) => (left < right ? -1 : 1));
  return `must specify ${parts.map(([name, containers]) => `${name} for: ${[...containers].sort().join(',')}`).join('; ')}`;
}

type ScopeRequirement = { scopeName: string; operator: string; values?: string[] };

/** Whether all of a quota's scopes apply to the object. Only pods have scopes: a scoped quota is about pods alone. */
export function matchesScopes(
  quota: ResourceQuota,
  resource: GroupResource,
  object: Readonly<KubernetesObject>,
): boolean {
  const requirements: ScopeRequirement[] = [
    ...(quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (requirements.length === 0) return true;
  if (resource.group !== '' || resource.resource !== 'pods') return false;
  return requirements.every((requirement) => podInScope(object as Pod, requirement));
}

function podInScope(pod: Pod, { scopeName, operator, values = [] }: ScopeRequirement): boolean {
  switch (scopeName) {
    case 'Terminating':
      return pod.spec?.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return pod.spec?.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass': {
      const name = pod.spec?.priorityClassName ?? '';
      if (operator === 'Exists') return name !== '';
      if (operator === 'DoesNotExist') return name === '';
      if (operator === 'In') return name !== '' && values.includes(name);
      return operator === 'NotIn' && !values.includes(name);
    }
    case 'CrossNamespacePodAffinity':
      return usesCrossNamespaceAffinity(pod);
    default:
      return false;
  }
}

function isBestEffort(pod: Pod): boolean {
  const options = { overhead: false };
  return (['requests', 'limits'] as const).every((what) => {
    const list = podResources(pod, what, options);
    return !['cpu', 'memory'].some((name) => (list.get(name)?.sign() ?? 0) > 0);
  });
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
