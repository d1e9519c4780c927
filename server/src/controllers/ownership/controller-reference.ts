import { apiVersionOf, type KnownResource } from '@typernetes/openapi/client';
import type { KubernetesObject, OwnerReference } from '@typernetes/openapi/meta';

/** The reference to the object that manages this one, if there is one. */
export function controllerOf(object: Readonly<KubernetesObject>): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: Readonly<KubernetesObject>, owner: Readonly<KubernetesObject>): boolean {
  return controllerOf(object)?.uid === owner.metadata?.uid;
}

export function controllerReference<T extends KubernetesObject>(
  owner: Readonly<T>,
  resource: KnownResource<T>,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

export const controllerIndex = 'controllerUid';

/** Index of objects by their controller's uid; those without one are under `orphanKey` of their namespace. */
export function byController(object: Readonly<KubernetesObject>): string[] {
  return [controllerOf(object)?.uid ?? orphanKey(object.metadata?.namespace ?? '')];
}

export function orphanKey(namespace: string): string {
  return `_orphan/${namespace}`;
}
