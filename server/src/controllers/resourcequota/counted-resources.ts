/** Which kinds of object a quota's names are about. */
import type { GroupResource } from '@typernetes/openapi/meta';
import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import { isCounted, isExtendedQuotaName, namesAbout, resourcesWithNames } from '../../admission/plugins/quota-names.ts';

const deviceClaims: GroupResource = { group: 'resource.k8s.io', resource: 'resourceclaims' };

function countedBy(name: string): GroupResource[] {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    const counted = { group: group.join('.'), resource };
    return isCounted(counted) ? [counted] : [];
  }
  const resources = [...resourcesWithNames, deviceClaims].filter((resource) => namesAbout(resource, [name]).length > 0);
  // Claims count for pods' extended resources as well, where a class of devices provides them.
  return isExtendedQuotaName(name) ? [...resources, deviceClaims] : resources;
}

export function resourceKey({ group, resource }: GroupResource): string {
  return `${resource}.${group}`;
}

/** By `resourceKey`. */
export function countedResources(quota: Readonly<ResourceQuota>): Map<string, GroupResource> {
  const resources = Object.keys(quota.spec?.hard ?? {}).flatMap(countedBy);
  return new Map(resources.map((resource) => [resourceKey(resource), resource]));
}
