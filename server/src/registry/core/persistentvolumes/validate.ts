import { normalize } from 'node:path/posix';
import type { PersistentVolumeSpec } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  forbiddenField,
  invalidValue,
  notSupported,
  quantityOf,
  required,
  sign,
} from '../../validation/index.ts';
import { validateAccessModes } from '../persistentvolumeclaims/validate.ts';
import { validateNoBacksteps } from '../pod/validate-paths.ts';
import { persistentRemoteVolumes } from '../pod/validate-remote-volumes.ts';
import { validateNodeSelector } from '../pod/validate-scheduling.ts';
import { ISCSI_TOO_LONG, validateHostPath, validateOneSource } from '../pod/validate-volumes.ts';

/** Every field of the spec that says where the bytes are, in the order in which upstream looks at them. */
export const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const;

const RULES = {
  ...persistentRemoteVolumes,
  hostPath: validateHostPath,
  local: (source: { path?: string }, at: Path) =>
    source.path ? validateNoBacksteps(source.path, at.child('path')) : [required(at.child('path'), '')],
};

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const INLINE = 'may not be specified in the context of inline volumes';

export function validateVolumeSpec(given: PersistentVolumeSpec, name: string, at: Path): FieldError[] {
  const errors = [
    ...validateAccessModes(given.accessModes, at.child('accessModes'), ''),
    ...validateCapacity(given.capacity, at.child('capacity')),
  ];
  const policy = given.persistentVolumeReclaimPolicy;
  if (policy && !RECLAIM_POLICIES.includes(policy))
    errors.push(notSupported(at.child('persistentVolumeReclaimPolicy'), policy, RECLAIM_POLICIES));
  errors.push(...validateAffinity(given, at.child('nodeAffinity')), ...validateSources(given, name, at));
  if (given.storageClassName)
    errors.push(
      ...checked(at.child('storageClassName'), given.storageClassName, dns1123Subdomain(given.storageClassName)),
    );
  if (given.volumeMode !== undefined && !VOLUME_MODES.includes(given.volumeMode))
    errors.push(notSupported(at.child('volumeMode'), given.volumeMode, VOLUME_MODES));
  return [...errors, ...validateAttributesClass(given, at)];
}

/** A VolumeAttachment's own spec of a volume, migrated from a pod's: a CSI volume and little else. */
export function validateInlineVolumeSpec(given: PersistentVolumeSpec, name: string, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (given.claimRef) errors.push(forbiddenField(at.child('claimRef'), INLINE));
  if (Object.keys(given.capacity ?? {}).length > 0) errors.push(forbiddenField(at.child('capacity'), INLINE));
  if (!given.csi) errors.push(required(at.child('csi'), 'has to be specified in the context of inline volumes'));
  errors.push(...validateAccessModes(given.accessModes, at.child('accessModes'), ''));
  const policy = given.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain') {
    const message = 'may only be Retain in the context of inline volumes';
    errors.push(forbiddenField(at.child('persistentVolumeReclaimPolicy'), message));
  }
  if (given.nodeAffinity) errors.push(forbiddenField(at.child('nodeAffinity'), INLINE));
  errors.push(...validateSources(given, name, at));
  if (given.storageClassName) errors.push(forbiddenField(at.child('storageClassName'), INLINE));
  if (given.volumeMode !== undefined && given.volumeMode !== 'Filesystem') {
    const message = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.push(forbiddenField(at.child('volumeMode'), message));
  }
  return [...errors, ...validateAttributesClass(given, at)];
}

function validateCapacity(capacity: Record<string, string> | undefined, at: Path): FieldError[] {
  const entries = Object.entries(capacity ?? {});
  const errors: FieldError[] = entries.length === 0 ? [required(at, '')] : [];
  if (capacity?.['storage'] === undefined || entries.length > 1)
    // Shown as Go prints a map: by key.
    errors.push(
      notSupported(
        at,
        capacity ? Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1))) : null,
        ['storage'],
      ),
    );
  for (const [resource, quantity] of entries) {
    if (sign(quantity) < 0) {
      const value = Number(quantityOf(quantity)?.scaledBigInt(0) ?? 0n);
      errors.push(invalidValue(at.key(resource), value, 'must be a valid resource quantity'));
    }
    if (sign(quantity) <= 0) errors.push(invalidValue(at.key(resource), quantity, 'must be greater than zero'));
  }
  return errors;
}

function validateAffinity({ nodeAffinity }: PersistentVolumeSpec, at: Path): FieldError[] {
  if (!nodeAffinity) return [];
  if (!nodeAffinity.required) return [required(at.child('required'), 'must specify required node constraints')];
  return validateNodeSelector(nodeAffinity.required, at.child('required'));
}

function validateSources(given: PersistentVolumeSpec, name: string, at: Path): FieldError[] {
  const errors = validateOneSource(given, SOURCES, RULES, at);
  const { iscsi } = given;
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal}`.length > 64)
    errors.push(invalidValue(at.child('iscsi', 'targetportal'), iscsi.targetPortal, ISCSI_TOO_LONG));
  const onlyLocal = SOURCES.filter((source) => given[source] != null)[0] === 'local';
  if (onlyLocal && !given.nodeAffinity)
    errors.push(required(at.child('nodeAffinity'), 'Local volume requires node affinity'));
  if (
    given.hostPath?.path &&
    normalize(given.hostPath.path) === '/' &&
    given.persistentVolumeReclaimPolicy === 'Recycle'
  ) {
    const message = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(at.child('persistentVolumeReclaimPolicy'), message));
  }
  return errors;
}

function validateAttributesClass(given: PersistentVolumeSpec, at: Path): FieldError[] {
  const name = given.volumeAttributesClassName;
  if (name === undefined) return [];
  const place = at.child('volumeAttributesClassName');
  const errors: FieldError[] =
    name === '' ? [required(place, 'an empty string is disallowed')] : checked(place, name, dns1123Subdomain(name));
  if (!given.csi) errors.push(required(at.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  return errors;
}
