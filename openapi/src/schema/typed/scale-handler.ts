/**
 * The scale subresource shows one field of its parent under another path: who owns replicas in the parent owns them in
 * the Scale, and the other way round.
 */
import type { ManagedFieldsEntry } from '../../meta/object.ts';
import { FieldSet } from './field-set.ts';
import { decodeManagedFields, emptyManaged, encodeManagedFields, type Managed } from './managed-fields.ts';
import { type FieldPath, fieldElement } from './path-element.ts';

const scaleVersion = 'autoscaling/v1';
const replicasInScale: FieldPath = [fieldElement('spec'), fieldElement('replicas')];

export interface ScaleMapping {
  /** By apiVersion of the parent: the path of its replicas; null where that version has no scale. */
  readonly replicas: Readonly<Record<string, FieldPath | null>>;
}

/** The entries of a Scale, from those of its parent. Throws as decodeManagedFields does. */
export function scaleManagedFields(
  parent: readonly ManagedFieldsEntry[] | undefined,
  mapping: ScaleMapping,
): ManagedFieldsEntry[] | undefined {
  const { fields, times } = decodeManagedFields(parent);
  const scale = emptyManaged();
  for (const [manager, { set, apiVersion, applied }] of fields) {
    const path = mapping.replicas[apiVersion];
    if (!path || !set.has(path)) continue;
    scale.fields.set(manager, { set: FieldSet.fromPaths([replicasInScale]), apiVersion: scaleVersion, applied });
    scale.times.set(manager, times.get(manager));
  }
  return encodeManagedFields(scale);
}

/** The parent's entries after a write of its Scale, whose entries say who owns replicas now. */
export function parentManagedFields(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
  mapping: ScaleMapping,
): ManagedFieldsEntry[] | undefined {
  const before = decodeManagedFields(parent);
  const owners = decodeManagedFields(scale);
  const after: Managed = { fields: new Map(), times: before.times };
  for (const [manager, versioned] of before.fields) {
    const path = mapping.replicas[versioned.apiVersion];
    if (path === undefined) continue;
    const owns = path !== null && versioned.set.has(path);
    if (owns && !owners.fields.delete(manager)) {
      const set = versioned.set.difference(FieldSet.fromPaths([path]));
      if (!set.isEmpty) after.fields.set(manager, { ...versioned, set });
    } else after.fields.set(manager, versioned);
  }
  const path = mapping.replicas[apiVersion];
  for (const [manager, { set, applied }] of owners.fields) {
    if (!path || !set.has(replicasInScale)) continue;
    after.fields.set(manager, { set: FieldSet.fromPaths([path]), apiVersion, applied });
    // Upstream keeps the time the parent knows for this manager: a new owner has none.
  }
  return encodeManagedFields(after);
}
