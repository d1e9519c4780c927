/** Which fields an endpoint lets its clients own: strategies reset the others, so nobody can be their manager. */
import type { FieldSet } from './field-set.ts';

export type FieldFilter = (set: FieldSet) => FieldSet;

/** Drops these fields and all below them. */
export function excludeFields(excluded: FieldSet): FieldFilter {
  return (set) => set.recursiveDifference(excluded);
}
