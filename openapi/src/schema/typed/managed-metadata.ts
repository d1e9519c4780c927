/** managedFields in the metadata of the objects that carry them. */
import type { KubernetesObject, ManagedFieldsEntry } from '../../meta/object.ts';
import { decodeManagedFields, emptyManaged, type Managed } from './managed-fields.ts';

/** `[]` and `[{}]` ask for managedFields to be forgotten. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (!Array.isArray(entries)) return false;
  if (entries.length !== 1) return entries.length === 0;
  return Object.values(entries[0] ?? {}).every((value) => value === undefined || value === null || value === '');
}

/** Entries that cannot be read count for nothing. */
export function decodeOrNothing(entries: readonly ManagedFieldsEntry[] | undefined): Managed {
  try {
    return decodeManagedFields(entries);
  } catch {
    return emptyManaged();
  }
}

/** The object itself where it has none. */
export function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export function setManagedFields(object: KubernetesObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries !== undefined) (object.metadata ??= {}).managedFields = entries;
  else if (object.metadata?.managedFields !== undefined) delete object.metadata.managedFields;
}
