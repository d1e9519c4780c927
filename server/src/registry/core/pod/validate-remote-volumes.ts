/**
 * Volumes of storage systems outside the cluster: the rules that pods and PersistentVolumes share. Where the two differ,
 * it is because a PersistentVolume names the namespace of its secrets.
 */
import type { PersistentVolumeSpec, Volume } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../validation/index.ts';

type Sources = Omit<Volume, 'name'> & PersistentVolumeSpec;
type Rule<T> = (source: T, at: Path) => FieldError[];

/** Each named text field must be there. */
export function needs(at: Path, source: object, ...fields: string[]): FieldError[] {
  const values: Record<string, unknown> = { ...source };
  return fields.flatMap((field) => (values[field] ? [] : [required(at.child(field), '')]));
}

const PARTITION_MESSAGE = 'must be between 1 and 255, inclusive';

function partition(value: number | undefined, at: Path): FieldError[] {
  return value !== undefined && (value < 0 || value > 255) ? [invalidValue(at, value, PARTITION_MESSAGE)] : [];
}

function unit(lun: number | undefined, at: Path): FieldError[] {
  return lun !== undefined && (lun < 0 || lun > 255)
    ? [invalidValue(at, lun, 'must be between 0 and 255, inclusive')]
    : [];
}

function monitors(source: { monitors?: readonly string[] }, at: Path): FieldError[] {
  return (source.monitors ?? []).length > 0 ? [] : [required(at.child('monitors'), '')];
}

/** Options of drivers may not look like Kubernetes' own. */
function flexOptions(options: Record<string, string> | undefined, at: Path): FieldError[] {
  return Object.keys(options ?? {}).flatMap((key) => {
    const namespace = `.${(key.includes('/') ? key.slice(0, key.indexOf('/')) : key).toLowerCase()}`;
    return namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')
      ? [invalidValue(at.key(key), key, 'kubernetes.io and k8s.io namespaces are reserved')]
      : [];
  });
}

function validateAzureDisk(disk: NonNullable<Sources['azureDisk']>, at: Path): FieldError[] {
  const errors = needs(at, disk, 'diskName', 'diskURI');
  const { cachingMode, kind, diskURI } = disk;
  const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
  const kinds = ['Dedicated', 'Managed', 'Shared'];
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode))
    errors.push(notSupported(at.child('cachingMode'), cachingMode, cachingModes));
  if (kind !== undefined && !kinds.includes(kind)) errors.push(notSupported(at.child('kind'), kind, kinds));
  const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
  const blob = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/'))
    errors.push(notSupported(at.child('diskURI'), diskURI, [managed]));
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    errors.push(notSupported(at.child('diskURI'), diskURI, [blob]));
  return errors;
}

function validateFibreChannel(fc: NonNullable<Sources['fc']>, at: Path): FieldError[] {
  const { targetWWNs = [], wwids = [], lun } = fc;
  const place = at.child('targetWWNs');
  const errors: FieldError[] = [];
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.push(required(place, 'must specify either targetWWNs or wwids, but not both'));
  if (targetWWNs.length > 0 && wwids.length > 0)
    errors.push(invalidValue(place, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  if (targetWWNs.length === 0) return errors;
  if (lun === undefined) return [...errors, required(at.child('lun'), 'lun is required if targetWWNs is specified')];
  return [...errors, ...unit(lun, at.child('lun'))];
}

function validateQuobyte(quobyte: NonNullable<Sources['quobyte']>, at: Path): FieldError[] {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const { registry, tenant = '' } = quobyte;
  const errors: FieldError[] = [];
  if (!registry) errors.push(required(at.child('registry'), pairs));
  else if (tenant.length >= 65)
    errors.push(required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  else
    for (const pair of registry.split(','))
      if (!/^(?:[^:[\]]*|\[[^\]]*\]):[^:[\]]*$/.test(pair))
        errors.push(invalidValue(at.child('registry'), registry, pairs));
  return [...errors, ...needs(at, quobyte, 'volume')];
}

function validateFlocker(flocker: NonNullable<Sources['flocker']>, at: Path): FieldError[] {
  const { datasetName, datasetUUID } = flocker;
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID)
    errors.push(invalidValue(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (datasetName?.includes('/'))
    errors.push(invalidValue(at.child('datasetName'), datasetName, "must not contain '/'"));
  return errors;
}

const qualifiedNames: readonly (readonly [prefix: string, pattern: RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([0-9A-Za-z\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[0-9A-Za-z]{16}$/],
  ['naa', /^naa.[0-9A-Za-z]{32}$/],
];

function iscsiName(name: string, at: Path, words: string): FieldError[] {
  const known = qualifiedNames.find(([prefix]) => name.startsWith(prefix));
  if (known === undefined) return [invalidValue(at, name, words)];
  return known[1].test(name) ? [] : [invalidValue(at, name, 'must be valid format')];
}

type Iscsi = NonNullable<Volume['iscsi']> | NonNullable<PersistentVolumeSpec['iscsi']>;

function validateIscsi(iscsi: Iscsi, at: Path, persistent: boolean): FieldError[] {
  const words = persistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa';
  const errors = needs(at, iscsi, 'targetPortal');
  if (!iscsi.iqn) errors.push(required(at.child('iqn'), ''));
  else errors.push(...iscsiName(iscsi.iqn, at.child('iqn'), words));
  errors.push(...unit(iscsi.lun, at.child('lun')));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && iscsi.secretRef === undefined)
    errors.push(required(at.child('secretRef'), ''));
  if (persistent && iscsi.secretRef) errors.push(...needs(at.child('secretRef'), iscsi.secretRef, 'name'));
  if (iscsi.initiatorName !== undefined)
    errors.push(...iscsiName(iscsi.initiatorName, at.child('initiatorname'), words));
  return errors;
}

function validateStorageOs(source: NonNullable<Sources['storageos']>, at: Path, secretFields: string[]): FieldError[] {
  const { volumeName, volumeNamespace, secretRef } = source;
  const errors = volumeName
    ? checked(at.child('volumeName'), volumeName, dns1123Label(volumeName))
    : [required(at.child('volumeName'), '')];
  if (volumeNamespace)
    errors.push(...checked(at.child('volumeNamespace'), volumeNamespace, dns1123Label(volumeNamespace)));
  return secretRef ? [...errors, ...needs(at.child('secretRef'), secretRef, ...secretFields)] : errors;
}

export function validateCsiDriverName(name: string | undefined, at: Path): FieldError[] {
  if (!name) return [required(at, '')];
  return [
    ...(name.length > 63 ? [tooLong(at, '', 63)] : []),
    ...checked(at, name, dns1123Subdomain(name.toLowerCase())),
  ];
}

/** What pods and PersistentVolumes say alike, by field. */
const shared: { [K in keyof Sources]?: Rule<NonNullable<Sources[K]>> } = {
  gcePersistentDisk: (disk, at) => [...needs(at, disk, 'pdName'), ...partition(disk.partition, at.child('partition'))],
  awsElasticBlockStore: (disk, at) => [
    ...needs(at, disk, 'volumeID'),
    ...partition(disk.partition, at.child('partition')),
  ],
  nfs: (nfs, at) => [
    ...needs(at, nfs, 'server', 'path'),
    ...(nfs.path.startsWith('/') ? [] : [invalidValue(at.child('path'), nfs.path, 'must be an absolute path')]),
  ],
  glusterfs: (glusterfs, at) => needs(at, glusterfs, 'endpoints', 'path'),
  flocker: validateFlocker,
  rbd: (rbd, at) => [...monitors(rbd, at), ...needs(at, rbd, 'image')],
  cephfs: (cephfs, at) => monitors(cephfs, at),
  quobyte: validateQuobyte,
  fc: validateFibreChannel,
  flexVolume: (flex, at) => [...needs(at, flex, 'driver'), ...flexOptions(flex.options, at.child('options'))],
  azureFile: (file, at) => needs(at, file, 'secretName', 'shareName'),
  vsphereVolume: (volume, at) => needs(at, volume, 'volumePath'),
  photonPersistentDisk: (disk, at) => needs(at, disk, 'pdID'),
  portworxVolume: (volume, at) => needs(at, volume, 'volumeID'),
  azureDisk: validateAzureDisk,
  scaleIO: (volume, at) => needs(at, volume, 'gateway', 'system', 'volumeName'),
};

type Rules<T> = { [K in keyof T]?: Rule<NonNullable<T[K]>> };

export const remoteVolumes: Rules<Volume> = {
  ...(shared as Rules<Volume>),
  iscsi: (iscsi, at) => validateIscsi(iscsi, at, false),
  cinder: (cinder, at) => [
    ...needs(at, cinder, 'volumeID'),
    ...(cinder.secretRef ? needs(at.child('secretRef'), cinder.secretRef, 'name') : []),
  ],
  storageos: (source, at) => validateStorageOs(source, at, ['name']),
  csi: (csi, at) => {
    const errors = validateCsiDriverName(csi.driver, at.child('driver'));
    const name = csi.nodePublishSecretRef?.name;
    if (csi.nodePublishSecretRef === undefined) return errors;
    if (!name) return [...errors, required(at.child('nodePublishSecretRef', 'name'), '')];
    return [...errors, ...checked(at.child('name'), name, dns1123Subdomain(name))];
  },
};

function secretReference(secret: { name?: string; namespace?: string } | undefined, at: Path): FieldError[] {
  if (secret === undefined) return [];
  const { name, namespace } = secret;
  return [
    ...(name ? checked(at.child('name'), name, dns1123Subdomain(name)) : [required(at.child('name'), '')]),
    ...(namespace
      ? checked(at.child('namespace'), namespace, dns1123Label(namespace))
      : [required(at.child('namespace'), '')]),
  ];
}

export const persistentRemoteVolumes: Rules<PersistentVolumeSpec> = {
  ...(shared as Rules<PersistentVolumeSpec>),
  iscsi: (iscsi, at) => validateIscsi(iscsi, at, true),
  glusterfs(glusterfs, at) {
    const namespace = glusterfs.endpointsNamespace;
    const errors = needs(at, glusterfs, 'endpoints', 'path');
    if (namespace === undefined) return errors;
    const place = at.child('endpointsNamespace');
    if (namespace === '') {
      const message = 'if the endpointnamespace is set, it must be a valid namespace name';
      return [...errors, invalidValue(place, namespace, message)];
    }
    return [...errors, ...checked(place, namespace, dns1123Label(namespace))];
  },
  cinder: (cinder, at) => [
    ...needs(at, cinder, 'volumeID'),
    ...(cinder.secretRef ? needs(at.child('secretRef'), cinder.secretRef, 'name', 'namespace') : []),
  ],
  azureFile: (file, at) => [
    ...needs(at, file, 'secretName', 'shareName'),
    ...(file.secretNamespace === '' ? [required(at.child('secretNamespace'), '')] : []),
  ],
  storageos: (source, at) => validateStorageOs(source, at, ['name', 'namespace']),
  csi: (csi, at) => [
    ...validateCsiDriverName(csi.driver, at.child('driver')),
    ...needs(at, csi, 'volumeHandle'),
    ...secretReference(csi.controllerPublishSecretRef, at.child('controllerPublishSecretRef')),
    ...secretReference(csi.controllerExpandSecretRef, at.child('controllerExpandSecretRef')),
    ...secretReference(csi.nodePublishSecretRef, at.child('nodePublishSecretRef')),
    ...secretReference(csi.nodeExpandSecretRef, at.child('nodeExpandSecretRef')),
  ],
};
