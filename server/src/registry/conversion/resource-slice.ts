/**
 * Slices between resource.k8s.io/v1beta1 and v1. v1beta1 has a device's fields under `basic`, and its own node and
 * "all nodes" are zero where v1, which is stored, leaves them out.
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { DeviceTaint } from '@typernetes/openapi/types/resource/v1';
import { defaultTaints } from '../resource/defaults.ts';
import { at, type Fields, listOf, relabelled } from './fields.ts';

export const sliceFromStorage = (slice: KubernetesObject): KubernetesObject =>
  withDevices(relabelled(slice, 'resource.k8s.io/v1beta1'), ({ name, ...basic }) => ({ name, basic }));

export const sliceToStorage = (slice: KubernetesObject): KubernetesObject =>
  withDevices(relabelled(slice, 'resource.k8s.io/v1'), (device) => ({
    ...withoutEmpty(at(device, 'basic') ?? {}),
    name: device.name,
  }));

export function defaultSliceV1beta1(slice: KubernetesObject): void {
  for (const device of listOf<Fields>(at(slice as unknown as Fields, 'spec')?.devices))
    defaultTaints(listOf<DeviceTaint>(at(device, 'basic')?.taints));
}

function withDevices(slice: KubernetesObject, convert: (device: Fields) => Fields): KubernetesObject {
  const given = at(slice as unknown as Fields, 'spec');
  if (given === undefined) return slice;
  const { nodeName, allNodes, ...spec } = given;
  if (nodeName) spec.nodeName = nodeName;
  if (allNodes === true) spec.allNodes = true;
  if (Array.isArray(spec.devices)) spec.devices = listOf<Fields>(spec.devices).map(convert);
  return { ...slice, spec } as KubernetesObject;
}

/** Lists and maps of nothing are none. */
const withoutEmpty = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name, value]) => name === 'nodeSelector' || !isEmpty(value)));

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
