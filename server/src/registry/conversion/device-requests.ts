/**
 * Claims and their templates between resource.k8s.io/v1beta1 and v1. v1beta1 says in a request itself what v1, which is
 * stored, and v1beta2 say under `exactly`.
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import {
  type DeviceRequestLike,
  defaultClaimStatus,
  defaultDeviceRequest,
  defaultTolerations,
} from '../resource/defaults.ts';
import { at, type Fields, isGiven, listOf, pick, relabelled } from './fields.ts';

/** Of a request that asks for one kind of device. */
const exactFields = [
  'deviceClassName',
  'selectors',
  'allocationMode',
  'count',
  'adminAccess',
  'tolerations',
  'capacity',
] as const;

const v1 = 'resource.k8s.io/v1';
const v1beta1 = 'resource.k8s.io/v1beta1';

/** Where a kind keeps its claim's spec. */
export const claimSpec = ['spec'] as const;
export const templateSpec = ['spec', 'spec'] as const;
type SpecPath = readonly string[];

export const devicesFromStorage = (object: KubernetesObject, spec: SpecPath): KubernetesObject =>
  withRequests(relabelled(object, v1beta1), spec, ({ name, exactly, firstAvailable }) => ({
    ...pick({ name, firstAvailable }, ['name', 'firstAvailable']),
    ...pick((exactly ?? {}) as Fields, exactFields),
  }));

export const devicesToStorage = (object: KubernetesObject, spec: SpecPath): KubernetesObject =>
  withRequests(relabelled(object, v1), spec, (request) => ({
    ...pick(request, ['name', 'firstAvailable']),
    // What is given counts, even a list of nothing, as upstream's conversion has it.
    ...(exactFields.some((name) => isGiven(request[name])) ? { exactly: pick(request, exactFields) } : {}),
  }));

/** A request without a class has alternatives, and no mode of its own. */
export function defaultDevicesV1beta1(object: KubernetesObject, spec: SpecPath): void {
  for (const request of listOf<Fields & DeviceRequestLike>(
    at(at(object as unknown as Fields, ...spec), 'devices')?.requests,
  )) {
    if (isGiven(request.deviceClassName)) defaultDeviceRequest(request);
    else defaultTolerations(request.tolerations);
    for (const alternative of listOf<DeviceRequestLike>(request.firstAvailable)) defaultDeviceRequest(alternative);
  }
}

export function defaultClaimV1beta1(claim: KubernetesObject): void {
  defaultDevicesV1beta1(claim, claimSpec);
  defaultClaimStatus((claim as ResourceClaim).status);
}

function withRequests(
  object: KubernetesObject,
  spec: SpecPath,
  convert: (request: Fields) => Fields,
): KubernetesObject {
  const change = (fields: Fields, [first, ...rest]: SpecPath): Fields => {
    const inner = first === undefined ? undefined : at(fields, first);
    if (first !== undefined) return inner === undefined ? fields : { ...fields, [first]: change(inner, rest) };
    return Array.isArray(fields.requests)
      ? { ...fields, requests: listOf<Fields>(fields.requests).map(convert) }
      : fields;
  };
  return change(object as unknown as Fields, [...spec, 'devices']) as unknown as KubernetesObject;
}
