/** Objects that several group versions serve from one storage. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import { coreFieldLabel, eventToCore, eventToEventsGroup } from './event.ts';
import { autoscalerToV1, autoscalerToV2, defaultAutoscalerV1, withoutRoundTrip } from './horizontal-pod-autoscaler.ts';

export interface SharedStorage {
  /** The group whose registration and storage prefix are used. */
  owner: GroupResource;
  storageApiVersion: string;
  /** All apiVersions that serve it. */
  apiVersions: readonly string[];
  fromStorage(object: KubernetesObject, apiVersion: string): KubernetesObject;
  toStorage(object: KubernetesObject): KubernetesObject;
  /** Go defaulting of the versions that are not stored, on decoded objects. */
  default?(object: KubernetesObject): void;
  /** A field label of another version as the store's own; undefined if there is none. */
  fieldLabel?(label: string, apiVersion: string): string | undefined;
}

export const sharedStorages: readonly SharedStorage[] = [
  {
    owner: { group: 'autoscaling', resource: 'horizontalpodautoscalers' },
    storageApiVersion: 'autoscaling/v2',
    apiVersions: ['autoscaling/v1', 'autoscaling/v2'],
    fromStorage: (object, apiVersion) => (apiVersion === 'autoscaling/v1' ? autoscalerToV1(object) : object),
    toStorage: (object) => (object.apiVersion === 'autoscaling/v1' ? autoscalerToV2(object) : withoutRoundTrip(object)),
    default: defaultAutoscalerV1,
  },
  {
    owner: { group: '', resource: 'events' },
    storageApiVersion: 'v1',
    apiVersions: ['v1', 'events.k8s.io/v1'],
    fromStorage: (object, apiVersion) => (apiVersion === 'events.k8s.io/v1' ? eventToEventsGroup(object) : object),
    toStorage: (object) => (object.apiVersion === 'events.k8s.io/v1' ? eventToCore(object) : object),
    fieldLabel: (label, apiVersion) => (apiVersion === 'events.k8s.io/v1' ? coreFieldLabel(label) : label),
  },
];

export function sharedStorageOf(apiVersion: string, resource: string): SharedStorage | undefined {
  return sharedStorages.find((shared) => shared.owner.resource === resource && shared.apiVersions.includes(apiVersion));
}
