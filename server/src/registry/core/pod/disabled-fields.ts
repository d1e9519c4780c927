/** Fields of features that v1.36 leaves off: they are in the schema, and are dropped from what clients send. */
import type { PodSpec, PodStatus, VolumeMountStatus } from '@typernetes/openapi/types/core/v1';

export function dropDisabledFields(spec: PodSpec): void {
  delete spec.schedulingGroup; // GenericWorkload
  for (const container of [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ]) {
    const { lifecycle } = container;
    if (lifecycle?.stopSignal === undefined) continue;
    delete lifecycle.stopSignal; // ContainerStopSignals
    if (Object.keys(lifecycle).length === 0) delete container.lifecycle;
  }
  for (const volume of spec.volumes ?? [])
    for (const source of volume.projected?.sources ?? []) {
      delete source.clusterTrustBundle; // ClusterTrustBundleProjection
      delete source.podCertificate; // PodCertificateRequest
    }
}

/** What an old status has, a new one may keep. */
export function dropDisabledStatus(status: PodStatus, old: Readonly<PodStatus> | undefined): void {
  // DRANodeAllocatableResources
  if ((old?.nodeAllocatableResourceClaimStatuses ?? []).length === 0)
    delete status.nodeAllocatableResourceClaimStatuses;
  // ImageVolumeWithDigest
  if (mountsOf(old).some(({ volumeStatus }) => volumeStatus != null)) return;
  for (const mount of mountsOf(status)) delete mount.volumeStatus;
}

function mountsOf(status: Readonly<PodStatus> | undefined): VolumeMountStatus[] {
  return (['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const).flatMap((field) =>
    (status?.[field] ?? []).flatMap(({ volumeMounts = [] }) => volumeMounts),
  );
}
