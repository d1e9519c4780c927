/** Fields of features that v1.36 leaves off: they are in the schema, and are dropped from what clients send. */
import type { PodSpec } from '@typernetes/openapi/types/core/v1';

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
