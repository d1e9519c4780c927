import type { KubernetesObject } from '@typernetes/openapi/meta';
import { duplicate, type FieldError, path, required } from '../validation/index.ts';

/** Each condition has a type, and no two the same. */
export function validateConditions(conditions: readonly { type?: string }[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap(({ type = '' }, index) => {
    const at = path('status', 'conditions').index(index).child('type');
    const errors: FieldError[] = [];
    if (seen.has(type)) errors.push(duplicate(at, type));
    seen.add(type);
    if (type === '') errors.push(required(at, ''));
    return errors;
  });
}

/** A write of the status leaves even metadata as it is, but for who owns which field. */
export function keepAllButStatus<T extends KubernetesObject & { spec?: unknown }>(object: T, old: Readonly<T>): void {
  const { managedFields } = object.metadata ?? {};
  object.metadata = structuredClone(old.metadata ?? {});
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
  if (old.spec === undefined) delete object.spec;
  else object.spec = structuredClone(old.spec);
}
