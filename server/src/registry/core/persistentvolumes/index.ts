import { formatTime } from '@typernetes/openapi/meta';
import type { PersistentVolume } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { forbiddenField, immutable, path, semanticEqual } from '../../validation/index.ts';
import { accessModesText, storageClassOf } from '../persistentvolumeclaims/index.ts';
import { roundUpResources } from '../pod/resources.ts';
import { defaultRemoteDisk } from '../pod/volume-defaults.ts';

import { SOURCES, validateVolumeSpec } from './validate.ts';
import { volumeWarnings } from './warnings.ts';

const spec = path('spec');

function sourceOf(volume: Readonly<PersistentVolume>): Record<string, unknown> {
  return Object.fromEntries(SOURCES.map((source) => [source, volume.spec?.[source]]));
}

export const persistentvolumes: ResourceRegistration<PersistentVolume> = {
  resource: { group: '', resource: 'persistentvolumes' },
  strategy: {
    hasGeneration: false,
    default(volume) {
      volume.status = { ...volume.status, phase: volume.status?.phase || 'Pending' };
      const given = volume.spec;
      if (!given) return;
      given.persistentVolumeReclaimPolicy ||= 'Retain';
      given.volumeMode ??= 'Filesystem';
      if (given.hostPath) given.hostPath.type ??= '';
      defaultRemoteDisk(given);
      roundUpResources(given.capacity);
    },
    prepareForCreate(volume, { now }) {
      volume.status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) };
    },
    prepareForUpdate(volume, old) {
      volume.status = structuredClone(old.status ?? { phase: 'Pending' });
    },
    prepareForStatusUpdate(volume, old, { now }) {
      if (old.spec) volume.spec = structuredClone(old.spec);
      const { status } = volume;
      if (!status) return;
      const before = old.status?.lastPhaseTransitionTime;
      const given = status.lastPhaseTransitionTime;
      if (status.phase !== old.status?.phase) {
        if (!given || given === before) status.lastPhaseTransitionTime = formatTime(now);
      } else if (!given && before) status.lastPhaseTransitionTime = before;
    },
    warningsOnCreate: volumeWarnings,
    warningsOnUpdate: volumeWarnings,
    validate: (volume) => validateVolumeSpec(volume.spec ?? {}, volume.metadata?.name ?? '', spec),
    validateUpdate(volume, old) {
      // Upstream's strategy asks for the whole check, and so does the check of the update.
      const whole = validateVolumeSpec(volume.spec ?? {}, volume.metadata?.name ?? '', spec);
      const errors = [...whole, ...whole];
      if (!semanticEqual(sourceOf(volume), sourceOf(old))) {
        const message = 'spec.persistentvolumesource is immutable after creation';
        errors.push(forbiddenField(spec.child('persistentvolumesource'), message));
      }
      errors.push(...immutable(path('volumeMode'), volume.spec?.volumeMode, old.spec?.volumeMode));
      if (old.spec?.nodeAffinity)
        errors.push(...immutable(path('nodeAffinity'), volume.spec?.nodeAffinity, old.spec.nodeAffinity));
      return errors;
    },
  },
  table: {
    columns: [
      nameColumn,
      text('Capacity'),
      text('Access Modes'),
      text('Reclaim Policy'),
      text('Status'),
      text('Claim'),
      text('StorageClass'),
      text('VolumeAttributesClass'),
      text('Reason'),
      ageColumn,
      text('VolumeMode', 1),
    ],
    cells(volume, now) {
      const claim = volume.spec?.claimRef;
      return [
        volume.metadata?.name ?? '',
        volume.spec?.capacity?.['storage'] ?? '0',
        accessModesText(volume.spec?.accessModes),
        volume.spec?.persistentVolumeReclaimPolicy ?? '',
        volume.metadata?.deletionTimestamp ? 'Terminating' : (volume.status?.phase ?? ''),
        claim ? `${claim.namespace ?? ''}/${claim.name ?? ''}` : '',
        storageClassOf(volume),
        volume.spec?.volumeAttributesClassName ?? '<unset>',
        volume.status?.reason ?? '',
        age(volume, now),
        volume.spec?.volumeMode ?? '<unset>',
      ];
    },
  },
};
