/** Storing turns empty lists into none: absent, or null where Go always writes the field. */
export function withoutEmpty<T extends object>(
  object: T | undefined | null,
  field: keyof T,
  none: null | undefined,
): void {
  const value: unknown = object?.[field];
  if (!object || !Array.isArray(value) || value.length > 0) return;
  if (none === undefined) delete object[field];
  else Object.assign(object, { [field]: none });
}
