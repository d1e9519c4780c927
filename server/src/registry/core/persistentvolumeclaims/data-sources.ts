/** What a volume is filled from: one field in two shapes, of which the old one knows no namespace. */
import type { PersistentVolumeClaimSpec } from '@typernetes/openapi/types/core/v1';

/**
 * The old field has always dropped what is neither a claim nor a snapshot. Namespaces are behind
 * CrossNamespaceVolumeDataSource, which is off.
 */
export function dropDataSources(
  spec: PersistentVolumeClaimSpec,
  old: Readonly<PersistentVolumeClaimSpec> | undefined,
): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  if (old?.dataSource || old?.dataSourceRef || spec.dataSourceRef || !spec.dataSource) return;
  // Decoded, an absent group is null.
  const { apiGroup, kind } = spec.dataSource;
  const group = apiGroup ?? '';
  const known =
    (kind === 'PersistentVolumeClaim' && group === '') ||
    (kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io');
  if (!known) delete spec.dataSource;
}

export function alignDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = structuredClone(dataSource);
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { kind, name, ...(apiGroup === undefined ? {} : { apiGroup }) };
  }
}
