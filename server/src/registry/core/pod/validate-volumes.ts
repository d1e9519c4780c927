import { quote } from '@typernetes/openapi/meta';
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  forbiddenField,
  invalidValue,
  oneOf,
  optionalOneOf,
  required,
  sign,
} from '../../validation/index.ts';
import { validateClaimSpec } from '../persistentvolumeclaims/validate.ts';
import { validateTemplateObjectMeta } from './template-metadata.ts';
import { VOLUME_FIELDS, validateFieldRef, validateResourceFieldRef } from './validate-environment.ts';
import { validateNoBacksteps, validateProjectedPath, validateRelativePath } from './validate-paths.ts';
import { needs, remoteVolumes } from './validate-remote-volumes.ts';

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
    const errors = validateSource(volume, podName, here);
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
const ORDER = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

/** Where upstream's paths are not the fields' names. */
const REFUSED_AS: Record<string, string> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };
const LOOKED_AT_AS: Record<string, string> = { gcePersistentDisk: 'persistentDisk' };

type Rules = { [K in (typeof ORDER)[number]]?: (source: NonNullable<Volume[K]>, at: Path) => FieldError[] };

const SOURCES: Rules = {
  ...remoteVolumes,
  emptyDir: (source, at) =>
    sign(source.sizeLimit) < 0
      ? [forbiddenField(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: validateHostPath,
  gitRepo: (source, at) => [
    ...needs(at, source, 'repository'),
    ...validateRelativePath(source.directory ?? '', at.child('directory')),
  ],
  secret: (source, at) => [
    ...needs(at, source, 'secretName'),
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...validateItems(source.items, at.child('items')),
  ],
  configMap: (source, at) => [
    ...needs(at, source, 'name'),
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...validateItems(source.items, at.child('items')),
  ],
  persistentVolumeClaim: (source, at) => needs(at, source, 'claimName'),
  downwardAPI: (source, at) => [
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, at)),
  ],
  projected: (source, at) => [
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...validateProjections(source.sources ?? [], at),
  ],
  ephemeral(source, at) {
    const template = source.volumeClaimTemplate;
    const here = at.child('volumeClaimTemplate');
    if (!template) return [required(here, '')];
    return [
      ...validateTemplateObjectMeta(template.metadata, here.child('metadata')),
      ...validateClaimSpec(template.spec, here.child('spec')),
    ];
  },
  image: (source, at) => [
    ...needs(at, source, 'reference'),
    ...oneOf(at.child('pullPolicy'), source.pullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ],
};

/** Also of a PersistentVolume. */
export function validateHostPath(source: { path?: string; type?: string }, at: Path): FieldError[] {
  if (!source.path) return [required(at.child('path'), '')];
  return [
    ...validateNoBacksteps(source.path, at.child('path')),
    ...optionalOneOf(at.child('type'), source.type, HOST_PATH_TYPES),
  ];
}

/** Runs the rule of the first source that is there; further ones are refused. `none`: what to say where there is none. */
export function validateOneSource(volume: object, order: readonly string[], rules: object, at: Path): FieldError[] {
  const sources: Record<string, object | null | undefined> = { ...volume };
  const validate = rules as Record<string, ((source: object, at: Path) => FieldError[]) | undefined>;
  const errors: FieldError[] = [];
  let found = false;
  for (const field of order) {
    const source = sources[field];
    if (source === undefined || source === null) continue;
    // Upstream forgets to ask whether it is the first.
    const counted = field !== 'flexVolume' || !('capacity' in sources);
    if (found && counted)
      errors.push(forbiddenField(at.child(REFUSED_AS[field] ?? field), 'may not specify more than 1 volume type'));
    else errors.push(...(validate[field]?.(source, at.child(LOOKED_AT_AS[field] ?? field)) ?? []));
    found = true;
  }
  if (!found) errors.push(required(at, 'must specify a volume type'));
  return errors;
}

function validateSource(volume: Volume, podName: string | undefined, at: Path): FieldError[] {
  const errors = validateOneSource(volume, ORDER, SOURCES, at);
  const { name, iscsi, ephemeral } = volume;
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal}`.length > 64)
    errors.push(invalidValue(at.child('name'), name, ISCSI_TOO_LONG));
  if (ephemeral && podName && name)
    for (const message of dns1123Subdomain(`${podName}-${name}`))
      errors.push(invalidValue(at.child('name'), name, `PVC name ${quote(`${podName}-${name}`)}: ${message}`));
  return errors;
}

export const ISCSI_TOO_LONG =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

function validateMode(mode: number | undefined | null, at: Path): FieldError[] {
  return mode != null && (mode > 0o777 || mode < 0) ? [invalidValue(at, mode, FILE_MODE_MESSAGE)] : [];
}

function validateItems(items: readonly KeyToPath[] | undefined, at: Path): FieldError[] {
  return (items ?? []).flatMap((item, index) => {
    const here = at.index(index);
    return [
      ...needs(here, item, 'key', 'path'),
      ...validateProjectedPath(item.path ?? '', here.child('path')),
      ...validateMode(item.mode, here.child('mode')),
    ];
  });
}

function validateDownwardFile(file: DownwardAPIVolumeFile, at: Path): FieldError[] {
  const errors = [...needs(at, file, 'path'), ...validateProjectedPath(file.path ?? '', at.child('path'))];
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
        ...needs(here.child(field), projection, 'name'),
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
      if (!token.path) errors.push(required(at.child('path'), ''));
      else errors.push(...validateProjectedPath(token.path, at.child('path')));
    }
    if (kinds > 1) errors.push(forbiddenField(here, 'may not specify more than 1 volume type per source'));
    return errors;
  });
}
