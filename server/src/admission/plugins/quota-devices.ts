/**
 * What a ResourceClaim counts: for each class of devices, the most that may be given to it. A class may also provide an
 * extended resource: then the claim counts as so much of that, less what the pod it was made for counts already.
 */
import { type GroupResource, Quantity } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { DeviceClass, ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { ResourceList } from './resource-list.ts';

export const deviceClassSuffix = '.deviceclass.resource.k8s.io/devices';
/** Asked for by this name, a class of devices needs no extended resource of its own. */
export const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/';
export const extendedClaimPrefix = `requests.${deviceClassPrefix}`;
const extendedClaimAnnotation = 'resource.kubernetes.io/extended-resource-claim';
/** As many devices as one claim can have: what "all" may come to. */
const mostDevices = 32;

export function isDeviceClaim({ group, resource }: GroupResource): boolean {
  return group === 'resource.k8s.io' && resource === 'resourceclaims';
}

export class DeviceClasses {
  readonly #resources = new Map<string, string | undefined>();
  readonly #provided = new Set<string>();

  constructor(classes: readonly Readonly<DeviceClass>[]) {
    for (const { metadata, spec } of classes) {
      this.#resources.set(metadata?.name ?? '', spec?.extendedResourceName);
      if (spec?.extendedResourceName) this.#provided.add(spec.extendedResourceName);
    }
  }

  extendedResource(className: string): string | undefined {
    return this.#resources.get(className);
  }

  provides(resource: string): boolean {
    if (this.#provided.has(resource)) return true;
    return resource.startsWith(deviceClassPrefix) && this.#resources.has(resource.slice(deviceClassPrefix.length));
  }
}

/** What a claim's usage depends on beside itself. */
export interface DeviceContext {
  classes: DeviceClasses;
  /** Of the claim's namespace. */
  pod: (name: string) => Readonly<Pod> | undefined;
  /** All claims of the namespace. */
  claims: readonly Readonly<ResourceClaim>[];
}

export function deviceClaimUsage(
  claim: Readonly<ResourceClaim>,
  devices: DeviceContext | undefined,
  usageOfPod: (pod: Readonly<Pod>) => ResourceList,
): ResourceList {
  const counts = new Map<string, number>();
  for (const { exactly, firstAvailable = [] } of claim.spec?.devices?.requests ?? []) {
    for (const [name, most] of mostByClass(firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : []))
      counts.set(name, (counts.get(name) ?? 0) + most);
  }
  const usage: ResourceList = new Map();
  const extended: ResourceList = new Map();
  for (const [name, count] of counts) {
    const amount = Quantity.fromNumber(count);
    usage.set(`${name}${deviceClassSuffix}`, amount);
    extended.set(`${extendedClaimPrefix}${name}`, amount);
    const resource = devices?.classes.extendedResource(name);
    if (resource) extended.set(`requests.${resource}`, amount);
  }
  const owner = devices && podOf(claim, devices);
  const counted = owner && usageOfPod(owner);
  for (const [name, amount] of extended) {
    const rest = amount.sub(counted?.get(name) ?? Quantity.fromNumber(0));
    if (rest.sign() > 0) usage.set(name, rest);
  }
  return usage;
}

/** The pod whose extended resources the scheduler made the claim for: one claim of a pod only. */
function podOf(claim: Readonly<ResourceClaim>, { pod, claims }: DeviceContext): Readonly<Pod> | undefined {
  const owner = podOwner(claim);
  const found = owner && pod(owner.name);
  if (found?.metadata?.uid !== owner?.uid) return undefined;
  const named = found?.status?.extendedResourceClaimStatus;
  if (named !== undefined) return named.resourceClaimName === claim.metadata?.name ? found : undefined;
  const isEarlier = claims.some((other) => podOwner(other)?.uid === owner?.uid && age(other) < age(claim));
  return isEarlier ? undefined : found;
}

/** Of claims that were made for a pod's extended resources. */
export function podOwner({ metadata }: Readonly<ResourceClaim>): { name: string; uid: string } | undefined {
  if (metadata?.annotations?.[extendedClaimAnnotation] !== 'true') return undefined;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner?.kind === 'Pod' && owner.apiVersion === 'v1' ? owner : undefined;
}

/** Orders claims by when they were made, then by name. */
function age({ metadata }: Readonly<ResourceClaim>): string {
  return `${metadata?.creationTimestamp ?? ''} ${metadata?.name ?? ''}`;
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
