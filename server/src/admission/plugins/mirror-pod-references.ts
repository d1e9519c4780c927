/** What of the API a pod reads. A pod that a node makes by itself must not give the node access to anything. */
import type { Pod, Volume } from '@typernetes/openapi/types/core/v1';
import { podReferences } from '../../authorization/node/pod-references.ts';

const free = [
  'awsElasticBlockStore',
  'azureDisk',
  'cephfs',
  'cinder',
  'downwardAPI',
  'emptyDir',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'hostPath',
  'image',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;

const bound = {
  configMap: 'configmaps (via configmap volumes)',
  secret: 'secrets (via secret volumes)',
  csi: 'csidrivers (via CSI volumes)',
  glusterfs: 'endpoints (via glusterFS volumes)',
  persistentVolumeClaim: 'persistentvolumeclaims',
  ephemeral: 'persistentvolumeclaims (via ephemeral volumes)',
  azureFile: 'secrets (via azureFile volumes)',
} as const;

const projected = {
  configMap: 'configmaps (via projected volumes)',
  secret: 'secrets (via projected volumes)',
  serviceAccountToken: 'serviceaccounts (via projected volumes)',
  clusterTrustBundle: 'clustertrustbundles',
  podCertificate: 'podcertificates',
} as const;

/** Undefined where it reads nothing; throws where nobody can tell. */
export function referencedResource(pod: Readonly<Pod>): string | undefined {
  const { serviceAccount, secrets, configMaps } = podReferences(pod);
  if (serviceAccount !== undefined) return 'serviceaccounts';
  if (secrets.size > 0) return 'secrets';
  if (configMaps.size > 0) return 'configmaps';
  if ((pod.spec?.resourceClaims ?? []).length > 0) return 'resourceclaims';
  for (const volume of pod.spec?.volumes ?? []) {
    const found = inVolume(volume);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inVolume(volume: Volume): string | undefined {
  if (free.some((type) => volume[type] !== undefined)) return undefined;
  const type = (Object.keys(bound) as (keyof typeof bound)[]).find((each) => volume[each] !== undefined);
  if (type !== undefined) return bound[type];
  if (volume.projected === undefined) throw new Error(`unknown volume type for volume  "${volume.name}"`);
  for (const source of volume.projected.sources ?? []) {
    const kind = (Object.keys(projected) as (keyof typeof projected)[]).find((each) => source[each] !== undefined);
    if (kind !== undefined) return projected[kind];
    if (source.downwardAPI === undefined) throw new Error(`unknown source for projected volume "${volume.name}"`);
  }
  return undefined;
}
