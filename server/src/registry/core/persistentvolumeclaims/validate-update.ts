import type { PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  compareQuantities,
  forbiddenField,
  immutable,
  invalidValue,
  isNativeResource,
  notSupported,
  path,
  qualifiedName,
  quantityOf,
  required,
  semanticEqual,
} from '../../validation/index.ts';
import { alignDataSources } from './data-sources.ts';
import { classAnnotation } from './warnings.ts';

const spec = path('spec');
const classOf = ({ metadata }: Readonly<PersistentVolumeClaim>): string | undefined =>
  metadata?.annotations?.[classAnnotation];

/** Of a claim only a bound one's size and attributes class change, and whoever binds it writes the volume's name. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: Readonly<PersistentVolumeClaim>): FieldError[] {
  const before = structuredClone(old.spec ?? {});
  const after = structuredClone(claim.spec ?? {});
  alignDataSources(before);
  const errors: FieldError[] = [];
  if (!before.volumeName && after.volumeName) before.volumeName = after.volumeName;
  const [had, has, wanted] = [classOf(old), classOf(claim), after.storageClassName];
  const unset = before.storageClassName == null;
  if (had !== undefined && unset && wanted === had && (has === undefined || has === had)) {
    // The annotation became the field.
    delete after.storageClassName;
  } else {
    errors.push(...immutable(path('metadata', 'annotations', classAnnotation), has ?? '', had ?? ''));
    // A claim that waited for a default class gets it once there is one (KEP-3333).
    if (unset && wanted != null && (had === undefined || wanted === had)) delete after.storageClassName;
  }
  if (claim.status?.phase === 'Bound') {
    const size = before.resources?.requests?.['storage'];
    if (after.resources?.requests && size !== undefined) after.resources.requests['storage'] = size;
    if (before.volumeAttributesClassName == null) delete after.volumeAttributesClassName;
    else after.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!semanticEqual(after, before)) {
    const message =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField(spec, message));
  }
  const oldSize = old.spec?.resources?.requests?.['storage'] ?? 0;
  const newSize = claim.spec?.resources?.requests?.['storage'] ?? 0;
  if (
    compareQuantities(newSize, oldSize) < 0 &&
    compareQuantities(newSize, old.status?.capacity?.['storage'] ?? 0) <= 0
  ) {
    const at = spec.child('resources', 'requests', 'storage');
    errors.push(forbiddenField(at, 'field can not be less than status.capacity'));
  }
  errors.push(...immutable(path('volumeMode'), claim.spec?.volumeMode, old.spec?.volumeMode));
  const next = claim.spec?.volumeAttributesClassName;
  if (old.status?.currentVolumeAttributesClassName != null && !next && next !== old.spec?.volumeAttributesClassName) {
    const what = next == null ? 'nil' : 'empty string';
    const message = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
    errors.push(forbiddenField(spec.child('volumeAttributesClassName'), message));
  }
  return errors;
}

const RESIZES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

export function validateClaimStatus({ spec: given, status = {} }: PersistentVolumeClaim): FieldError[] {
  const errors = (given?.accessModes ?? []).length === 0 ? [required(path('Spec', 'accessModes'), '')] : [];
  for (const [resource, quantity] of Object.entries(status.capacity ?? {}))
    errors.push(...validateSize(quantity, path('status', 'capacity').key(resource)));
  const resizing = path('status', 'allocatedResourceStatuses');
  for (const [resource, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...validateResourceKey(resource, resizing));
    if (!RESIZES.includes(state)) errors.push(notSupported(resizing, resource, RESIZES));
  }
  const allocated = path('status', 'allocatedResources');
  for (const [resource, quantity] of Object.entries(status.allocatedResources ?? {})) {
    const wrong = validateResourceKey(resource, allocated);
    const at = allocated.key(resource);
    if (wrong.length > 0) errors.push(...wrong);
    else errors.push(...validateSize(quantity, at));
  }
  return errors;
}

/** Upstream looks at the whole number, and shows that. */
function validateSize(quantity: string, at: Path): FieldError[] {
  const value = quantityOf(quantity)?.scaledBigInt(0) ?? 0n;
  return value < 0n ? [invalidValue(at, Number(value), 'must be a valid resource quantity')] : [];
}

function validateResourceKey(resource: string, at: Path): FieldError[] {
  const errors = checked(at, resource, qualifiedName(resource));
  if (errors.length > 0 || !isNativeResource(resource) || resource === 'storage') return errors;
  return [notSupported(at, resource, ['storage'])];
}
