import { formatTime } from '@typernetes/openapi/meta';
import type { PersistentVolume } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { type FieldError, forbiddenField, path } from '../../validation/index.ts';
import { accessModesText, storageClassOf } from '../persistentvolumeclaims/index.ts';
import { roundUpResources } from '../pod/resources.ts';
import { defaultRemoteDisk } from '../pod/volume-defaults.ts';

import { validateVolumeSpec } from './validate.ts';
import { validateVolumeUpdate } from './validate-update.ts';
import { volumeWarnings } from './warnings.ts';

const spec = path('spec');

const validateWhole = ({ metadata, spec: given = {} }: PersistentVolume): FieldError[] =>
  validateVolumeSpec(given, metadata?.name ?? '', spec);

const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';

const MOUNTED = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

/** The annotation is for volumes that are mounted by what comes with Kubernetes. */
function validateMountOptions({ metadata, spec: given }: PersistentVolume): FieldError[] {
  if (metadata?.annotations?.[MOUNT_OPTIONS] === undefined || MOUNTED.some((source) => given?.[source])) return [];
  const message = 'may not specify mount options for this volume type';
  return [forbiddenField(path('metadata', 'annotations', MOUNT_OPTIONS), message)];
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
    validate: (volume) => [...validateWhole(volume), ...validateMountOptions(volume)],
    // Upstream's strategy asks for the whole check, and so does the check of the update.
    validateUpdate(volume, old) {
      const whole = validateWhole(volume);
      return [...whole, ...validateMountOptions(volume), ...whole, ...validateVolumeUpdate(volume, old)];
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
