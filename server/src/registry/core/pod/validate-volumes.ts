import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  duplicate,
  forbiddenField,
  invalidValue,
  oneOf,
  optionalOneOf,
  required,
  sign,
} from '../../validation/index.ts';
import { VOLUME_FIELDS, validateFieldRef, validateResourceFieldRef } from './validate-environment.ts';
import { validateNoBacksteps, validateProjectedPath, validateRelativePath } from './validate-paths.ts';

const FILE_MODE_MESSAGE = 'must be a number between 0 and 0777 (octal), both inclusive';

/** The volumes that containers may mount (those without errors) are added to `usable`. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string | undefined,
  at: Path,
  usable: Map<string, Volume>,
): FieldError[] {
  const ephemeralClaims = new Set(
    (volumes ?? []).filter((volume) => volume.ephemeral && podName).map((volume) => `${podName}-${volume.name}`),
  );
  return (volumes ?? []).flatMap((volume, index) => {
    const here = at.index(index);
    const errors = validateSource(volume, here);
    if (!volume.name) errors.push(required(here.child('name'), ''));
    else errors.push(...checked(here.child('name'), volume.name, dns1123Label(volume.name)));
    if (usable.has(volume.name)) errors.push(duplicate(here.child('name'), volume.name));
    if (errors.length === 0) usable.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && ephemeralClaims.has(claim)) {
      const message = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalidValue(here.child('persistentVolumeClaim', 'claimName'), claim, message));
    }
    return errors;
  });
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** In the order in which upstream looks at them: the first is taken, each further one is an error. */
const SOURCES: { [K in keyof Volume]?: (volume: Volume, at: Path) => FieldError[] } = {
  emptyDir: (volume, at) =>
    sign(volume.emptyDir?.sizeLimit) < 0
      ? [forbiddenField(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: (volume, at) => {
    const path = volume.hostPath?.path;
    if (!path) return [required(at.child('path'), '')];
    return [
      ...validateNoBacksteps(path, at.child('path')),
      ...optionalOneOf(at.child('type'), volume.hostPath?.type, HOST_PATH_TYPES),
    ];
  },
  gitRepo: (volume, at) => [
    ...(volume.gitRepo?.repository ? [] : [required(at.child('repository'), '')]),
    ...validateRelativePath(volume.gitRepo?.directory ?? '', at.child('directory')),
  ],
  gcePersistentDisk: (volume, at) => needs(at, 'pdName', volume.gcePersistentDisk?.pdName),
  awsElasticBlockStore: (volume, at) => needs(at, 'volumeID', volume.awsElasticBlockStore?.volumeID),
  secret: (volume, at) => [
    ...needs(at, 'secretName', volume.secret?.secretName),
    ...validateMode(volume.secret?.defaultMode, at.child('defaultMode')),
    ...validateItems(volume.secret?.items, at.child('items')),
  ],
  nfs: (volume, at) => {
    const errors = [...needs(at, 'server', volume.nfs?.server), ...needs(at, 'path', volume.nfs?.path)];
    if (volume.nfs?.path && !volume.nfs.path.startsWith('/')) {
      errors.push(invalidValue(at.child('path'), volume.nfs.path, 'must be an absolute path'));
    }
    return errors;
  },
  iscsi: (volume, at) => [
    ...needs(at, 'targetPortal', volume.iscsi?.targetPortal),
    ...needs(at, 'iqn', volume.iscsi?.iqn),
  ],
  glusterfs: (volume, at) => [
    ...needs(at, 'endpoints', volume.glusterfs?.endpoints),
    ...needs(at, 'path', volume.glusterfs?.path),
  ],
  flexVolume: (volume, at) => needs(at, 'driver', volume.flexVolume?.driver),
  configMap: (volume, at) => [
    ...needs(at, 'name', volume.configMap?.name),
    ...validateMode(volume.configMap?.defaultMode, at.child('defaultMode')),
    ...validateItems(volume.configMap?.items, at.child('items')),
  ],
  persistentVolumeClaim: (volume, at) => needs(at, 'claimName', volume.persistentVolumeClaim?.claimName),
  rbd: (volume, at) => [
    ...((volume.rbd?.monitors ?? []).length > 0 ? [] : [required(at.child('monitors'), '')]),
    ...needs(at, 'image', volume.rbd?.image),
  ],
  cinder: (volume, at) => needs(at, 'volumeID', volume.cinder?.volumeID),
  cephfs: (volume, at) => ((volume.cephfs?.monitors ?? []).length > 0 ? [] : [required(at.child('monitors'), '')]),
  flocker: (volume, at) => {
    const { datasetName, datasetUUID } = volume.flocker ?? {};
    if (!datasetName && !datasetUUID) return [required(at, 'one of datasetName and datasetUUID is required')];
    return datasetName?.includes('/')
      ? [invalidValue(at.child('datasetName'), datasetName, "must not contain '/'")]
      : [];
  },
  downwardAPI: (volume, at) => [
    ...validateMode(volume.downwardAPI?.defaultMode, at.child('defaultMode')),
    ...(volume.downwardAPI?.items ?? []).flatMap((file) => validateDownwardFile(file, at)),
  ],
  fc: () => [],
  vsphereVolume: (volume, at) => needs(at, 'volumePath', volume.vsphereVolume?.volumePath),
  azureFile: (volume, at) => [
    ...needs(at, 'secretName', volume.azureFile?.secretName),
    ...needs(at, 'shareName', volume.azureFile?.shareName),
  ],
  quobyte: () => [],
  azureDisk: (volume, at) => [
    ...needs(at, 'diskName', volume.azureDisk?.diskName),
    ...needs(at, 'diskURI', volume.azureDisk?.diskURI),
  ],
  storageos: () => [],
  photonPersistentDisk: (volume, at) => needs(at, 'pdID', volume.photonPersistentDisk?.pdID),
  portworxVolume: (volume, at) => needs(at, 'volumeID', volume.portworxVolume?.volumeID),
  projected: (volume, at) => [
    ...validateMode(volume.projected?.defaultMode, at.child('defaultMode')),
    ...validateProjections(volume.projected?.sources ?? [], at),
  ],
  scaleIO: (volume, at) => needs(at, 'volumeName', volume.scaleIO?.volumeName),
  csi: (volume, at) => needs(at, 'driver', volume.csi?.driver),
  ephemeral: (volume, at) =>
    volume.ephemeral?.volumeClaimTemplate ? [] : [required(at.child('volumeClaimTemplate'), '')],
  image: (volume, at) => [
    ...needs(at, 'reference', volume.image?.reference),
    ...oneOf(at.child('pullPolicy'), volume.image?.pullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ],
};

function validateSource(volume: Volume, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  for (const [field, rule] of Object.entries(SOURCES)) {
    const source: unknown = volume[field as keyof Volume];
    if (source === undefined || source === null) continue;
    if (found) errors.push(forbiddenField(at.child(field), 'may not specify more than 1 volume type'));
    else errors.push(...rule(volume, at.child(field)));
    found = true;
  }
  if (!found) errors.push(required(at, 'must specify a volume type'));
  return errors;
}

function needs(at: Path, field: string, value: string | undefined): FieldError[] {
  return value ? [] : [required(at.child(field), '')];
}

function validateMode(mode: number | undefined | null, at: Path): FieldError[] {
  return mode != null && (mode > 0o777 || mode < 0) ? [invalidValue(at, mode, FILE_MODE_MESSAGE)] : [];
}

function validateItems(items: readonly KeyToPath[] | undefined, at: Path): FieldError[] {
  return (items ?? []).flatMap((item, index) => {
    const here = at.index(index);
    return [
      ...needs(here, 'key', item.key),
      ...needs(here, 'path', item.path),
      ...validateProjectedPath(item.path ?? '', here.child('path')),
      ...validateMode(item.mode, here.child('mode')),
    ];
  });
}

function validateDownwardFile(file: DownwardAPIVolumeFile, at: Path): FieldError[] {
  const errors = [...needs(at, 'path', file.path), ...validateProjectedPath(file.path ?? '', at.child('path'))];
  if (file.fieldRef) {
    errors.push(...validateFieldRef(file.fieldRef, VOLUME_FIELDS, at.child('fieldRef')));
    if (file.resourceFieldRef) {
      errors.push(invalidValue(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file.resourceFieldRef) {
    errors.push(...validateResourceFieldRef(file.resourceFieldRef, at.child('resourceFieldRef'), true));
  } else {
    errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...validateMode(file.mode, at.child('mode'))];
}

function validateProjections(sources: readonly VolumeProjection[], at: Path): FieldError[] {
  const paths = new Set<string>();
  const claim = (path: string | undefined, value: string): FieldError[] => {
    if (!path) return [];
    if (paths.has(path)) return [invalidValue(at, value, 'conflicting duplicate paths')];
    paths.add(path);
    return [];
  };
  return sources.flatMap((source, index) => {
    const here = at.child('sources').index(index);
    const errors: FieldError[] = [];
    const kinds = Object.values(source).filter((value) => value !== undefined && value !== null).length;
    for (const field of ['secret', 'configMap'] as const) {
      const projection = source[field];
      if (!projection) continue;
      errors.push(
        ...needs(here.child(field), 'name', projection.name),
        ...validateItems(projection.items, here.child(field, 'items')),
      );
      for (const item of projection.items ?? []) errors.push(...claim(item.path, projection.name ?? ''));
    }
    for (const file of source.downwardAPI?.items ?? []) {
      errors.push(...validateDownwardFile(file, here.child('downwardAPI')), ...claim(file.path, file.path ?? ''));
    }
    const token = source.serviceAccountToken;
    if (token) {
      const place = here.child('serviceAccountToken');
      const seconds = token.expirationSeconds ?? 0;
      if (seconds < 600)
        errors.push(
          invalidValue(place.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'),
        );
      if (seconds > 2 ** 32) {
        errors.push(
          invalidValue(
            place.child('expirationSeconds'),
            seconds,
            'may not specify a duration larger than 2^32 seconds',
          ),
        );
      }
      if (!token.path) errors.push(required(place.child('path'), ''));
      else errors.push(...validateProjectedPath(token.path, place.child('path')), ...claim(token.path, token.path));
    }
    const bundle = source.clusterTrustBundle;
    if (bundle) {
      const place = here.child('clusterTrustBundle');
      if (!bundle.path) errors.push(required(place.child('path'), ''));
      else errors.push(...validateProjectedPath(bundle.path, place.child('path')), ...claim(bundle.path, bundle.path));
    }
    if (kinds === 0) errors.push(required(here, 'must specify a projection type'));
    else if (kinds > 1) errors.push(forbiddenField(here, 'may not specify more than 1 volume type per source'));
    return errors;
  });
}
