import { formatTime } from '@typernetes/openapi/meta';
import type { PersistentVolume } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  forbiddenField,
  immutable,
  invalidValue,
  notSupported,
  optionalOneOf,
  path,
  required,
  semanticEqual,
  sign,
} from '../../validation/index.ts';
import { accessModesText, storageClassOf } from '../persistentvolumeclaims/index.ts';
import { validateAccessModes } from '../persistentvolumeclaims/validate.ts';
import { roundUpResources } from '../pod/resources.ts';
import { validateNodeSelector } from '../pod/validate-scheduling.ts';
import { defaultRemoteDisk } from '../pod/volume-defaults.ts';

const spec = path('spec');

/** Every field of the spec that says where the bytes are. */
const SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;

function validateVolume(volume: PersistentVolume): FieldError[] {
  const given = volume.spec ?? {};
  const errors = validateAccessModes(given.accessModes, spec.child('accessModes'), '');
  const capacity = Object.entries(given.capacity ?? {});
  const storage = given.capacity?.['storage'];
  if (capacity.length === 0) errors.push(required(spec.child('capacity'), ''));
  if (storage === undefined || capacity.length > 1) {
    errors.push(notSupported(spec.child('capacity'), given.capacity ?? null, ['storage']));
  }
  for (const [resource, quantity] of capacity) {
    if (sign(quantity) <= 0)
      errors.push(invalidValue(spec.child('capacity').key(resource), quantity, 'must be greater than zero'));
  }
  errors.push(
    ...optionalOneOf(spec.child('persistentVolumeReclaimPolicy'), given.persistentVolumeReclaimPolicy, [
      'Delete',
      'Recycle',
      'Retain',
    ]),
  );
  const sources = SOURCES.filter((source) => given[source] != null);
  if (sources.length === 0) errors.push(required(spec, 'must specify a volume type'));
  for (const extra of sources.slice(1))
    errors.push(forbiddenField(spec.child(extra), 'may not specify more than 1 volume type'));
  if (given.hostPath) {
    if (!given.hostPath.path) errors.push(required(spec.child('hostPath', 'path'), ''));
    if (given.hostPath.path === '/' && given.persistentVolumeReclaimPolicy === 'Recycle') {
      const message = "may not be 'recycle' for a hostPath mount of '/'";
      errors.push(forbiddenField(spec.child('persistentVolumeReclaimPolicy'), message));
    }
  }
  if (given.local) {
    if (!given.local.path) errors.push(required(spec.child('local', 'path'), ''));
    if (!given.nodeAffinity?.required)
      errors.push(required(spec.child('nodeAffinity'), 'Local volume requires node affinity'));
  }
  if (given.nodeAffinity) {
    const at = spec.child('nodeAffinity', 'required');
    if (!given.nodeAffinity.required) errors.push(required(at, 'must specify required node constraints'));
    else errors.push(...validateNodeSelector(given.nodeAffinity.required, at));
  }
  if (given.csi) {
    if (!given.csi.driver) errors.push(required(spec.child('csi', 'driver'), ''));
    if (!given.csi.volumeHandle) errors.push(required(spec.child('csi', 'volumeHandle'), ''));
  }
  if (given.storageClassName) {
    errors.push(
      ...checked(spec.child('storageClassName'), given.storageClassName, dns1123Subdomain(given.storageClassName)),
    );
  }
  return [...errors, ...optionalOneOf(spec.child('volumeMode'), given.volumeMode, ['Block', 'Filesystem'])];
}

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
      if (volume.status && volume.status.phase !== old.status?.phase) {
        volume.status.lastPhaseTransitionTime = formatTime(now);
      }
    },
    validate: validateVolume,
    validateUpdate(volume, old) {
      const errors = validateVolume(volume);
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
