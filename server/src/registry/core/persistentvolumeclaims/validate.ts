import type { PersistentVolumeClaimSpec } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  sign,
  validateLabelSelector,
} from '../../validation/index.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

export function validateAccessModes(modes: readonly string[] | undefined, at: Path, detail: string): FieldError[] {
  if (!modes || modes.length === 0) return [required(at, detail)];
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(at, mode, ACCESS_MODES));
  if (
    modes.includes('ReadWriteOncePod') &&
    modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode))
  ) {
    errors.push(forbiddenField(at, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** `old`: what it had and was wrong it may keep. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec | undefined,
  at: Path,
  old?: Readonly<PersistentVolumeClaimSpec>,
): FieldError[] {
  const given = spec ?? {};
  const modes = given.accessModes ?? [];
  const errors: FieldError[] =
    modes.length === 0 ? [required(at.child('accessModes'), 'at least 1 access mode is required')] : [];
  errors.push(...validateLabelSelector(given.selector, at.child('selector'), [old?.selector]));
  if (modes.length > 0) errors.push(...validateAccessModes(modes, at.child('accessModes'), ''));
  const storage = given.resources?.requests?.['storage'];
  const place = at.child('resources').key('storage');
  if (storage === undefined) errors.push(required(place, ''));
  else if (sign(storage) <= 0) errors.push(invalidValue(place, storage, 'must be greater than zero'));
  const className = (field: 'storageClassName' | 'volumeAttributesClassName'): void => {
    const name = given[field];
    if (name) errors.push(...checked(at.child(field), name, dns1123Subdomain(name)));
  };
  className('storageClassName');
  if (given.volumeMode !== undefined && !VOLUME_MODES.includes(given.volumeMode))
    errors.push(notSupported(at.child('volumeMode'), given.volumeMode, VOLUME_MODES));
  const anyGroup = old?.dataSource?.apiGroup != null || old?.dataSourceRef?.apiGroup != null;
  errors.push(...validateDataSources(given, at, anyGroup));
  className('volumeAttributesClassName');
  return errors;
}

const VOLUME_MODES = ['Block', 'Filesystem'];

function validateDataSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  at: Path,
  anyGroup: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (!source) continue;
    const here = at.child(field);
    if (!source.name) errors.push(required(here.child('name'), ''));
    if (!source.kind) errors.push(required(here.child('kind'), ''));
    if (source.apiGroup) {
      if (!anyGroup)
        errors.push(...checked(here.child('apiGroup'), source.apiGroup, dns1123Subdomain(source.apiGroup)));
    } else if (source.kind !== 'PersistentVolumeClaim') {
      const message = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue(here, source.kind, message));
    }
  }
  const namespace = dataSourceRef?.namespace;
  if (namespace) errors.push(...checked(at.child('dataSourceRef', 'namespace'), namespace, dns1123Label(namespace)));
  if (!dataSource || !dataSourceRef) return errors;
  // Upstream tells the path where a value belongs, which prints as nothing.
  if (namespace) errors.push(invalidValue(at, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  else if (
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name ||
    (dataSource.apiGroup ?? null) !== (dataSourceRef.apiGroup ?? null)
  )
    errors.push(invalidValue(at, {}, 'must match dataSourceRef'));
  return errors;
}
