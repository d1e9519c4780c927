/** Which audiences a pod's volumes are for: those are the ones its node may ask tokens for. */
import { aggregateMessages, type StatusError } from '@typernetes/openapi/meta';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@typernetes/openapi/types/core/v1';
import type { CSIDriver } from '@typernetes/openapi/types/storage/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import { missing } from '../refusal.ts';

/** Drivers that took over volumes of Kubernetes' own types. */
const migrated = {
  awsElasticBlockStore: 'ebs.csi.aws.com',
  gcePersistentDisk: 'pd.csi.storage.gke.io',
  cinder: 'cinder.csi.openstack.org',
  azureDisk: 'disk.csi.azure.com',
  azureFile: 'file.csi.azure.com',
  vsphereVolume: 'csi.vsphere.vmware.com',
  portworxVolume: 'pxd.portworx.com',
} as const;

export class UnknownAudience extends Error {
  override name = 'UnknownAudience';
}

/** Throws UnknownAudience where what says so cannot be found. */
export async function podUsesAudience(registry: RegistryReader, pod: Pod, audience: string): Promise<boolean> {
  const errors: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const sources = volume.projected?.sources ?? [];
    if (sources.some(({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience))
      return true;
    const driver = await driverOf(registry, pod, volume);
    if (driver === undefined) continue;
    if (typeof driver !== 'string') {
      errors.push(driver.message);
      continue;
    }
    const found = await registry.get<CSIDriver>({ group: 'storage.k8s.io', resource: 'csidrivers' }, '', driver);
    if (found === undefined) errors.push(missing('csidriver', driver, 'storage.k8s.io').message);
    else if (found.spec.tokenRequests?.some((request) => (request.audience ?? '') === audience)) return true;
  }
  const message = aggregateMessages(errors);
  if (message !== undefined) throw new UnknownAudience(message);
  return false;
}

async function driverOf(registry: RegistryReader, pod: Pod, volume: Volume): Promise<string | StatusError | undefined> {
  const claimName = volume.ephemeral?.volumeClaimTemplate
    ? `${pod.metadata?.name ?? ''}-${volume.name}`
    : volume.persistentVolumeClaim?.claimName;
  if (claimName === undefined) return volume.csi?.driver ?? migratedDriver(volume);
  const claim = await registry.get<PersistentVolumeClaim>(
    { group: '', resource: 'persistentvolumeclaims' },
    pod.metadata?.namespace ?? '',
    claimName,
  );
  if (claim === undefined) return missing('persistentvolumeclaim', claimName);
  const name = claim.spec?.volumeName ?? '';
  const persistent =
    name === ''
      ? undefined
      : await registry.get<PersistentVolume>({ group: '', resource: 'persistentvolumes' }, '', name);
  if (persistent === undefined) return missing('persistentvolume', name);
  return persistent.spec?.csi?.driver ?? migratedDriver(persistent.spec ?? {});
}

function migratedDriver(source: { readonly [type in keyof typeof migrated]?: unknown }): string | undefined {
  const type = (Object.keys(migrated) as (keyof typeof migrated)[]).find((each) => source[each] !== undefined);
  return type && migrated[type];
}
