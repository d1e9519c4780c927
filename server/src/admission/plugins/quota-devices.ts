/** What a ResourceClaim counts: for each class of devices, the most that may be given to it. */
import { type GroupResource, Quantity } from '@typernetes/openapi/meta';
import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { ResourceList } from './resource-list.ts';

export const deviceClassSuffix = '.deviceclass.resource.k8s.io/devices';
/** As many devices as one claim can have: what "all" may come to. */
const mostDevices = 32;

export function isDeviceClaim({ group, resource }: GroupResource): boolean {
  return group === 'resource.k8s.io' && resource === 'resourceclaims';
}

export function deviceClaimUsage(claim: Readonly<ResourceClaim>): ResourceList {
  const devices = new Map<string, number>();
  for (const { exactly, firstAvailable = [] } of claim.spec?.devices?.requests ?? []) {
    for (const [name, most] of mostByClass(firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : []))
      devices.set(name, (devices.get(name) ?? 0) + most);
  }
  return new Map([...devices].map(([name, count]) => [`${name}${deviceClassSuffix}`, Quantity.fromNumber(count)]));
}

type Wanted = { deviceClassName: string; allocationMode?: string; count?: number };

/** Only one of the alternatives will be met. */
function mostByClass(alternatives: readonly Wanted[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const { deviceClassName, allocationMode, count = 0 } of alternatives) {
    const devices = allocationMode === 'All' ? mostDevices : allocationMode === 'ExactCount' ? count : 0;
    most.set(deviceClassName, Math.max(devices, most.get(deviceClassName) ?? 0));
  }
  return most;
}
