/** Which kinds of object a quota's names are about. */
import type { GroupResource } from '@typernetes/openapi/meta';
import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import { deviceClassSuffix } from '../../admission/plugins/quota-devices.ts';

const counts = new Set(['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas', 'services']);

function countedBy(name: string): GroupResource {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), resource };
  }
  if (counts.has(name)) return { group: '', resource: name };
  if (name.startsWith('services.')) return { group: '', resource: 'services' };
  if (name.endsWith(deviceClassSuffix)) return { group: 'resource.k8s.io', resource: 'resourceclaims' };
  const isClaim =
    name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/');
  return { group: '', resource: isClaim ? 'persistentvolumeclaims' : 'pods' };
}

export function resourceKey({ group, resource }: GroupResource): string {
  return `${resource}.${group}`;
}

/** By `resourceKey`. */
export function countedResources(quota: Readonly<ResourceQuota>): Map<string, GroupResource> {
  const resources = Object.keys(quota.spec?.hard ?? {}).map(countedBy);
  return new Map(resources.map((resource) => [resourceKey(resource), resource]));
}
