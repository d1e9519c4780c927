/** Checks of metadata on create and update (apimachinery api/validation/objectmeta.go). */
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from './field-error.ts';
import { type FieldPath, path as fieldPath } from './field-path.ts';
import { formatKind, parseApiVersion } from './group-version.ts';
import { labelValue, type NameCheck, nameIsDnsLabel, nameIsDnsSubdomain, qualifiedName } from './names.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from './object.ts';
import { byteLength, quote } from './quote.ts';

const totalAnnotationSizeLimit = 256 * 1024;
const fieldImmutableMessage = 'field is immutable';
const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
const fieldManagerMaxLength = 128;
const subresourceMaxLength = 256;

export interface ObjectMetaRules {
  namespaced: boolean;
  /** Default: a DNS-1123 subdomain. */
  nameFn?: NameCheck;
  /** Default: `metadata`. */
  path?: FieldPath;
}

/** The name has been generated already where generateName asked for it. */
export function validateObjectMeta(meta: Readonly<ObjectMeta>, rules: ObjectMetaRules): FieldError[] {
  const at = rules.path ?? fieldPath('metadata');
  const nameFn = rules.nameFn ?? nameIsDnsSubdomain;
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const message of nameFn(meta.generateName, true))
      errors.push(invalidValue(at.child('generateName'), meta.generateName, message));
  }
  if (meta.name) {
    for (const message of nameFn(meta.name, false)) errors.push(invalidValue(at.child('name'), meta.name, message));
  } else {
    errors.push(required(at.child('name'), 'name or generateName is required'));
  }
  errors.push(...validateNamespace(meta.namespace ?? '', rules.namespaced, at.child('namespace')));
  if ((meta.generation ?? 0) < 0) {
    errors.push(invalidValue(at.child('generation'), meta.generation, 'must be greater than or equal to 0'));
  }
  errors.push(
    ...validateLabels(meta.labels, at.child('labels')),
    ...validateAnnotations(meta.annotations, at.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, at.child('ownerReferences')),
    ...validateFinalizers(meta.finalizers, at.child('finalizers')),
    ...validateManagedFields(meta.managedFields, at.child('managedFields')),
  );
  return errors;
}

function validateNamespace(namespace: string, namespaced: boolean, at: FieldPath): FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [forbiddenField(at, 'not allowed on this type')];
  if (namespace === '') return [required(at, '')];
  return nameIsDnsLabel(namespace, false).map((message) => invalidValue(at, namespace, message));
}

export function validateObjectMetaUpdate(
  meta: Readonly<ObjectMeta>,
  old: Readonly<ObjectMeta>,
  rules: { path?: FieldPath } = {},
): FieldError[] {
  const at = rules.path ?? fieldPath('metadata');
  const errors: FieldError[] = [];
  if (old.deletionTimestamp != null)
    errors.push(...validateNoNewFinalizers(meta.finalizers, old.finalizers, at.child('finalizers')));
  if (!meta.resourceVersion) {
    errors.push(invalidValue(at.child('resourceVersion'), '', 'must be specified for an update'));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalidValue(at.child('generation'), meta.generation ?? 0, 'must not be decremented'));
  }
  const immutable = (field: keyof ObjectMeta, absent: string | null): void => {
    const value = meta[field] ?? absent;
    if (value !== (old[field] ?? absent)) errors.push(invalidValue(at.child(field), value, fieldImmutableMessage));
  };
  immutable('name', '');
  immutable('namespace', '');
  immutable('uid', '');
  immutable('creationTimestamp', null);
  immutable('deletionTimestamp', null);
  immutable('deletionGracePeriodSeconds', null);
  errors.push(
    ...validateLabels(meta.labels, at.child('labels')),
    ...validateAnnotations(meta.annotations, at.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, at.child('ownerReferences')),
    ...validateManagedFields(meta.managedFields, at.child('managedFields')),
  );
  return errors;
}

function validateLabelName(name: string, at: FieldPath): FieldError[] {
  return qualifiedName(name).map((message) => invalidValue(at, name, message));
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.push(...validateLabelName(key, at));
    for (const message of labelValue(value)) errors.push(invalidValue(at, value, message));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const message of qualifiedName(key.toLowerCase())) errors.push(invalidValue(at, key, message));
    size += byteLength(key) + byteLength(value);
  }
  if (size > totalAnnotationSizeLimit) errors.push(tooLong(at, '', totalAnnotationSizeLimit));
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[] | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const reference of references ?? []) {
    errors.push(...validateOwnerReference(reference, at));
    if (reference.controller !== true) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller === undefined) controller = name;
    else {
      const message = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(invalidValue(at, references, message));
    }
  }
  return errors;
}

function validateOwnerReference(reference: Readonly<OwnerReference>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const groupVersion =
    reference.apiVersion?.split('/').length > 2 ? undefined : parseApiVersion(reference.apiVersion ?? '');
  if (!groupVersion?.version) {
    errors.push(invalidValue(at.child('apiVersion'), reference.apiVersion ?? '', 'version must not be empty'));
  }
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!reference[field]) errors.push(invalidValue(at.child(field), '', 'must not be empty'));
  }
  if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
    const kind = formatKind({ group: '', version: 'v1', kind: 'Event' });
    errors.push(invalidValue(at, reference, `${kind} is disallowed from being an owner`));
  }
  return errors;
}

function validateFinalizerName(name: string, at: FieldPath): FieldError[] {
  return qualifiedName(name).map((message) => invalidValue(at, name, message));
}

export function validateFinalizers(finalizers: readonly string[] | undefined, at: FieldPath): FieldError[] {
  const list = finalizers ?? [];
  const errors = list.flatMap((finalizer) => validateFinalizerName(finalizer, at));
  if (list.includes(orphanFinalizer) && list.includes(foregroundFinalizer)) {
    errors.push(invalidValue(at, list, `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`));
  }
  return errors;
}

function validateNoNewFinalizers(
  finalizers: readonly string[] | undefined,
  old: readonly string[] | undefined,
  at: FieldPath,
): FieldError[] {
  const known = new Set(old);
  const added = [...new Set(finalizers)].filter((finalizer) => !known.has(finalizer)).sort();
  if (added.length === 0) return [];
  const listed = `[]string{${added.map(quote).join(', ')}}`;
  return [
    forbiddenField(at, `no new finalizers can be added if the object is being deleted, found new finalizers ${listed}`),
  ];
}

/** The name of a field manager, in metadata.managedFields and as the query parameter fieldManager. */
export function validateFieldManager(manager: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > fieldManagerMaxLength) errors.push(tooLong(at, '', fieldManagerMaxLength));
  let position = 0;
  for (const character of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalidValue(at, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const here = at.index(index);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalidValue(here.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalidValue(here.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', here.child('manager')));
    if (byteLength(entry.subresource ?? '') > subresourceMaxLength) {
      errors.push(tooLong(here.child('subresource'), '', subresourceMaxLength));
    }
  }
  return errors;
}
