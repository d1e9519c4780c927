/** Writes that change nothing but times of managers are no writes. */
import type { JsonValue, KubernetesObject, ManagedFieldsEntry } from '../../meta/object.ts';
import { valuesEqual } from './value.ts';

/**
 * Puts the old times back into `newObject`'s managedFields where nothing else changed, so that storage sees no change.
 * `equal` compares the objects apart from managedFields; by default exactly.
 */
export function keepTimesIfUnchanged(
  newObject: KubernetesObject,
  oldObject: KubernetesObject,
  equal: (left: KubernetesObject, right: KubernetesObject) => boolean = (left, right) =>
    valuesEqual(left as JsonValue, right as JsonValue),
): void {
  const entries = newObject.metadata?.managedFields ?? [];
  const old = oldObject.metadata?.managedFields ?? [];
  if (entries.length === 0 || entries.length !== old.length) return;
  if (entries.every((entry, index) => entry.time === old[index]?.time)) return;
  if (!entries.every((entry, index) => sameButTime(entry, old[index]))) return;
  if (!equal(withoutEntries(newObject), withoutEntries(oldObject))) return;
  newObject.metadata = {
    ...newObject.metadata,
    managedFields: entries.map((entry, index) => withTimeOf(entry, old[index])),
  };
}

function sameButTime(left: ManagedFieldsEntry, right: ManagedFieldsEntry | undefined): boolean {
  const { time: _left, ...leftRest } = left;
  const { time: _right, ...rightRest } = right ?? {};
  return valuesEqual(leftRest as JsonValue, rightRest as JsonValue);
}

function withTimeOf(entry: ManagedFieldsEntry, old: ManagedFieldsEntry | undefined): ManagedFieldsEntry {
  const { time: _, ...rest } = entry;
  return old?.time === undefined ? rest : { ...entry, time: old.time };
}

function withoutEntries(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}
