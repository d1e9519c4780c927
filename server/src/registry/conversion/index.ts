/** Objects that several group versions serve from one storage. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import {
  claimSpec,
  defaultClaimV1beta1,
  defaultDevicesV1beta1,
  devicesFromStorage,
  devicesToStorage,
  templateSpec,
} from './device-requests.ts';
import { coreFieldLabel, eventToCore, eventToEventsGroup } from './event.ts';
import { relabelled } from './fields.ts';
import { autoscalerToV1, autoscalerToV2, defaultAutoscalerV1, withoutRoundTrip } from './horizontal-pod-autoscaler.ts';
import { defaultSliceV1beta1, sliceFromStorage, sliceToStorage } from './resource-slice.ts';

export interface SharedStorage {
  /** The group whose registration and storage prefix are used. */
  owner: GroupResource;
  storageApiVersion: string;
  /** All apiVersions that serve it. */
  apiVersions: readonly string[];
  fromStorage(object: KubernetesObject, apiVersion: string): KubernetesObject;
  toStorage(object: KubernetesObject): KubernetesObject;
  /** By apiVersion: Go defaulting of decoded objects where it is not that of the stored version. */
  defaults?: Readonly<Record<string, (object: KubernetesObject) => void>>;
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
    defaults: { 'autoscaling/v1': defaultAutoscalerV1 },
  },
  {
    owner: { group: '', resource: 'events' },
    storageApiVersion: 'v1',
    apiVersions: ['v1', 'events.k8s.io/v1'],
    fromStorage: (object, apiVersion) => (apiVersion === 'events.k8s.io/v1' ? eventToEventsGroup(object) : object),
    toStorage: (object) => (object.apiVersion === 'events.k8s.io/v1' ? eventToCore(object) : object),
    fieldLabel: (label, apiVersion) => (apiVersion === 'events.k8s.io/v1' ? coreFieldLabel(label) : label),
  },
  deviceStorage('resourceclaims', {
    fromStorage: (claim) => devicesFromStorage(claim, claimSpec),
    toStorage: (claim) => devicesToStorage(claim, claimSpec),
    default: defaultClaimV1beta1,
  }),
  deviceStorage('resourceclaimtemplates', {
    fromStorage: (template) => devicesFromStorage(template, templateSpec),
    toStorage: (template) => devicesToStorage(template, templateSpec),
    default: (template) => defaultDevicesV1beta1(template, templateSpec),
  }),
  deviceStorage('resourceslices', {
    fromStorage: sliceFromStorage,
    toStorage: sliceToStorage,
    default: defaultSliceV1beta1,
  }),
];

interface V1beta1 {
  fromStorage(this: void, object: KubernetesObject): KubernetesObject;
  toStorage(this: void, object: KubernetesObject): KubernetesObject;
  default(this: void, object: KubernetesObject): void;
}

/** Kinds of resource.k8s.io whose v1beta1 has another form; v1beta2 is v1 by another name. */
function deviceStorage(resource: string, v1beta1: V1beta1): SharedStorage {
  const group = 'resource.k8s.io';
  const [storageApiVersion, old] = [`${group}/v1`, `${group}/v1beta1`];
  return {
    owner: { group, resource },
    storageApiVersion,
    apiVersions: [storageApiVersion, `${group}/v1beta2`, old],
    fromStorage: (object, apiVersion) =>
      apiVersion === old ? v1beta1.fromStorage(object) : relabelled(object, apiVersion),
    toStorage(object) {
      if (object.apiVersion === storageApiVersion) return object;
      return object.apiVersion === old ? v1beta1.toStorage(object) : relabelled(object, storageApiVersion);
    },
    defaults: { [old]: v1beta1.default },
  };
}

export function sharedStorageOf(apiVersion: string, resource: string): SharedStorage | undefined {
  return sharedStorages.find((shared) => shared.owner.resource === resource && shared.apiVersions.includes(apiVersion));
}
