/** Claims bound to volumes that are folders of this node (hostPath, local). */
import { type RestClient, resources } from '@typernetes/openapi/client';
import { hostPathVolume } from './host-path.ts';
import { VolumeError } from './volume-error.ts';

export async function claimedPath(
  client: RestClient,
  namespace: string,
  name: string,
): Promise<{ path: string; readOnly: boolean }> {
  const claim = await client.resource(resources.persistentVolumeClaims).get(namespace, name);
  const volumeName = claim.spec?.volumeName;
  if (!volumeName || claim.status?.phase !== 'Bound') throw new VolumeError(`PVC ${namespace}/${name} is not bound`);
  const { spec } = await client.resource(resources.persistentVolumes).get(undefined, volumeName);
  if (spec?.hostPath !== undefined) return { path: await hostPathVolume(spec.hostPath), readOnly: false };
  if (spec?.local !== undefined) return { path: spec.local.path, readOnly: false };
  throw new VolumeError(
    `no volume plugin matched persistent volume ${volumeName}: only hostPath and local are supported by this kubelet`,
  );
}
