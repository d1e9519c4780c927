/** Volumes and claims: a finalizer that keeps them while they are in use, and when a claim may grow. */
import { parseQuantity } from '@typernetes/openapi/meta';
import type { PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import type { StorageClass } from '@typernetes/openapi/types/storage/v1';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { concerns, refuse } from '../refusal.ts';
import { resourceList } from './resource-list.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    resources: Object.keys(finalizers),
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const found = Object.entries(finalizers).find(([resource]) => concerns(attributes, resource));
      const { object } = attributes;
      if (found === undefined || object === undefined) return;
      const metadata = (object.metadata ??= {});
      if (!metadata.finalizers?.includes(found[1])) metadata.finalizers = [...(metadata.finalizers ?? []), found[1]];
    },
  };
}

export function persistentVolumeClaimResize({ registry }: AdmissionDependencies): AdmissionPlugin {
  const allowsExpansion = async (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): Promise<boolean> => {
    const name = classOf(claim);
    if (name === '' || name !== classOf(old)) return false;
    const found = await registry.get<StorageClass>({ group: 'storage.k8s.io', resource: 'storageclasses' }, '', name);
    return found?.allowVolumeExpansion === true;
  };
  return {
    name: 'PersistentVolumeClaimResize',
    resources: ['persistentvolumeclaims'],
    handles: (operation) => operation === 'UPDATE',
    async validate(attributes) {
      const claim = attributes.object as PersistentVolumeClaim;
      const old = attributes.oldObject as PersistentVolumeClaim;
      if (sizeOf(claim).compare(sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound')
        throw refuse(attributes, 'Only bound persistent volume claims can be expanded');
      if (await allowsExpansion(claim, old)) return;
      throw refuse(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

function sizeOf(claim: PersistentVolumeClaim) {
  return resourceList(claim.spec?.resources?.requests).get('storage') ?? parseQuantity('0');
}

export function classOf(claim: PersistentVolumeClaim): string {
  return claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
}
