/** Structured merge and field management: the core of server-side apply. */
export { type Comparison, compareTyped } from './compare.ts';
export { type Conflict, ConflictError } from './conflicts.ts';
export { extractApplied } from './extract.ts';
export { describeKind, describeObject } from './failure.ts';
export { excludeFields, type FieldFilter } from './field-filter.ts';
export { FieldManager, type FieldManagerOptions } from './field-manager.ts';
export { type FieldEntry, FieldSet } from './field-set.ts';
export { decodeFields, encodeFields } from './fields-v1.ts';
export { ConversionPending, type VersionConverter } from './kind-versions.ts';
export { decodeManagedFields, encodeManagedFields, type Managed, ManagedFieldsError } from './managed-fields.ts';
export { buildManagerIdentifier, type ManagerInfo, managerFromUserAgent } from './manager-identifier.ts';
export { mergeTyped } from './merge.ts';
export {
  describePath,
  type FieldPath,
  FieldsFormatError,
  fieldElement,
  keyElement,
  type PathElement,
  type PathStep,
  pathElement,
  valueElement,
} from './path-element.ts';
export { extractItems, removeItems } from './remove-items.ts';
export { parentManagedFields, type ScaleMapping, scaleManagedFields } from './scale-handler.ts';
export { ensureNamedFields, reconcileFieldSet } from './schema-changes.ts';
export { keepTimesIfUnchanged } from './timestamps.ts';
export { toFieldSet } from './to-field-set.ts';
export { deducedNode, type TypedNode, type TypedNodeOptions, typedNode } from './typed-node.ts';
export { type TypedConverter, type TypedObject, Updater, type VersionedSet } from './updater.ts';
export { assertTyped, TypedValidationError, type ValidationIssue, validateTyped } from './validate.ts';
