import { apiVersionOf, type KnownResource, type Lister } from '@typernetes/openapi/client';
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

/** Index of objects by their controller's uid; orphans stand together, by namespace. */
export function byController(object: Readonly<KubernetesObject>): string[] {
  return [controllerOf(object)?.uid ?? orphanKey(object.metadata?.namespace ?? '')];
}

function orphanKey(namespace: string): string {
  return `_orphan/${namespace}`;
}

/** What the owner controls, and the orphans that it might adopt. The lister has `controllerIndex`. */
export function controlledAndOrphans<T extends KubernetesObject>(
  lister: Lister<T>,
  { metadata: { uid = '', namespace = '' } = {} }: Readonly<KubernetesObject>,
): Readonly<T>[] {
  return [...lister.byIndex(controllerIndex, uid), ...lister.byIndex(controllerIndex, orphanKey(namespace))];
}

/** The object of that kind that controls this one, if it is there; another of the same name is not it. */
export function ownerOf<Owner extends KubernetesObject>(
  object: Readonly<KubernetesObject>,
  kind: string,
  owners: Lister<Owner>,
): Readonly<Owner> | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== kind) return undefined;
  const owner = owners.get(object.metadata?.namespace, reference.name);
  return owner?.metadata?.uid === reference.uid ? owner : undefined;
}
