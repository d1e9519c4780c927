import type { PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { path } from '../../validation/index.ts';
import { defaultClaimSpec } from '../pod/volume-defaults.ts';
import { alignDataSources, dropDataSources } from './data-sources.ts';
import { validateClaimSpec } from './validate.ts';
import { validateClaimStatus, validateClaimUpdate } from './validate-update.ts';
import { claimWarnings, classAnnotation } from './warnings.ts';

const SHORT_MODES: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,RWX`: in a fixed order, each once. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(SHORT_MODES)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

/** The class by annotation (the old way), else by field. */
export function storageClassOf(object: {
  metadata?: { annotations?: Record<string, string> };
  spec?: { storageClassName?: string };
}): string {
  return object.metadata?.annotations?.[classAnnotation] ?? object.spec?.storageClassName ?? '';
}

export const persistentvolumeclaims: ResourceRegistration<PersistentVolumeClaim> = {
  resource: { group: '', resource: 'persistentvolumeclaims' },
  strategy: {
    hasGeneration: false,
    default(claim) {
      claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
      if (claim.spec) defaultClaimSpec(claim.spec);
    },
    prepareForCreate(claim) {
      claim.status = { phase: 'Pending' };
      if (!claim.spec) return;
      dropDataSources(claim.spec, undefined);
      alignDataSources(claim.spec);
    },
    prepareForUpdate(claim, old) {
      claim.status = structuredClone(old.status ?? { phase: 'Pending' });
      if (!claim.spec) return;
      dropDataSources(claim.spec, old.spec);
      alignDataSources(claim.spec);
    },
    warningsOnCreate: claimWarnings,
    warningsOnUpdate: claimWarnings,
    validate: (claim) => validateClaimSpec(claim.spec, path('spec')),
    validateUpdate: (claim, old) => [
      ...validateClaimSpec(claim.spec, path('spec'), old.spec),
      ...validateClaimUpdate(claim, old),
    ],
    validateStatusUpdate: validateClaimStatus,
  },
  table: {
    columns: [
      nameColumn,
      text('Status'),
      text('Volume'),
      text('Capacity'),
      text('Access Modes'),
      text('StorageClass'),
      text('VolumeAttributesClass'),
      ageColumn,
      text('VolumeMode', 1),
    ],
    cells(claim, now) {
      const volume = claim.spec?.volumeName ?? '';
      return [
        claim.metadata?.name ?? '',
        claim.metadata?.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? ''),
        volume,
        volume === '' ? '' : (claim.status?.capacity?.['storage'] ?? '0'),
        volume === '' ? '' : accessModesText(claim.status?.accessModes),
        storageClassOf(claim),
        claim.spec?.volumeAttributesClassName ?? '<unset>',
        age(claim, now),
        claim.spec?.volumeMode ?? '<unset>',
      ];
    },
  },
};
