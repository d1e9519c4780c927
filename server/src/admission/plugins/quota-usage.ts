/** What one object counts against a namespace's quotas. The quota controller and admission use the same numbers. */
import { type GroupResource, type KubernetesObject, Quantity } from '@typernetes/openapi/meta';
import type { PersistentVolumeClaim, Pod, Service } from '@typernetes/openapi/types/core/v1';
import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import { type DeviceContext, deviceClaimUsage, deviceClassPrefix, isDeviceClaim } from './quota-devices.ts';
import { countName } from './quota-names.ts';
import { podLevel, podResources, type ResourceList, resourceList, sum } from './resource-list.ts';
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

/** `devices` is needed for claims of devices only. */
export function usageOf(
  resource: GroupResource,
  object: Readonly<KubernetesObject>,
  now: Date,
  devices?: DeviceContext,
): ResourceList {
  const usage: ResourceList = new Map([[countName(resource), one]]);
  if (isDeviceClaim(resource)) {
    const ofPod = (pod: Readonly<Pod>): ResourceList => podUsage(pod, now);
    return sum(usage, deviceClaimUsage(object as ResourceClaim, devices, ofPod));
  }
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
function podUsage(pod: Readonly<Pod>, now: Date): ResourceList {
  const { phase } = pod.status ?? {};
  if (phase === 'Failed' || phase === 'Succeeded') return new Map();
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) {
    if (now.getTime() > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000) return new Map();
  }
  const options = { overhead: true, byStatus: true };
  return computeUsage(podResources(pod, 'requests', options), podResources(pod, 'limits', options));
}

function computeUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: ResourceList = new Map([['pods', one]]);
  for (const [name, amount] of requests) {
    if (computeNames.has(name) || name.startsWith('hugepages-')) usage.set(name, amount);
    if (computeNames.has(name) || name.startsWith('hugepages-') || isExtended(name))
      usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) if (computeNames.has(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

function isExtended(name: string): boolean {
  return isExtendedResource(name) || name.startsWith(deviceClassPrefix);
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
  const requested = resourceList(claim.spec?.resources?.requests).get('storage');
  if (requested !== undefined) {
    const allocated = resourceList(claim.status?.allocatedResources).get('storage');
    const storage = wholeBytes(allocated !== undefined && allocated.compare(requested) > 0 ? allocated : requested);
    usage.set('requests.storage', storage);
    if (prefix !== undefined) usage.set(`${prefix}requests.storage`, storage);
  }
  return usage;
}

function wholeBytes(amount: Quantity): Quantity {
  const bytes = Quantity.fromNumber(amount.value());
  return bytes.equals(amount) ? amount : bytes;
}

/** Containers that leave out what the quota covers: `cpu for: a,b; memory for: b`. */
export function unstated(pod: Pod, covered: readonly string[]): string | undefined {
  const { requests, limits } = pod.spec?.resources ?? {};
  if (Object.keys({ ...requests, ...limits }).some((name) => podLevel.test(name))) return undefined;
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
