/**
 * Storing turns empty lists into none: absent, or null where Go always writes the field. What this server makes itself
 * may lack the field, which decoding a client's object puts in.
 */
export function withoutEmpty<T extends object>(
  object: T | undefined | null,
  field: keyof T,
  none: null | undefined,
): void {
  if (!object) return;
  const value: unknown = object[field] ?? [];
  if (!Array.isArray(value) || value.length > 0) return;
  if (none === undefined) delete object[field];
  else Object.assign(object, { [field]: none });
}
