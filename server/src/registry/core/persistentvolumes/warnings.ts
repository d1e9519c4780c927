import type { PersistentVolume, PersistentVolumeSpec } from '@typernetes/openapi/types/core/v1';
import { path } from '../../validation/index.ts';
import { nodeSelectorTermWarnings } from '../pod/warnings.ts';

const annotations = {
  'volume.beta.kubernetes.io/storage-class': 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

/** In upstream's order. */
const sources: Partial<Record<keyof PersistentVolumeSpec, string>> = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

export function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const warnings = Object.entries(annotations)
    .filter(([key]) => metadata?.annotations?.[key] !== undefined)
    .map(([key, message]) => `metadata.annotations[${key}]: ${message}`);
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    const advice = 'Instead, the recommended approach is to use dynamic provisioning.';
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`);
  }
  const terms = path('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  for (const [index, term] of (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    warnings.push(...nodeSelectorTermWarnings(term, terms.index(index)));
  for (const [source, message] of Object.entries(sources))
    if (spec?.[source as keyof PersistentVolumeSpec] !== undefined)
      warnings.push(`spec.${source === 'storageos' ? 'storageOS' : source}: ${message}`);
  return warnings;
}
