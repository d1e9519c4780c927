import type { ConfigMap } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { checked, configMapKey, forbiddenField, invalidValue, path, tooLong } from '../../validation/index.ts';

/** Of all values together, for ConfigMaps and Secrets. */
export const MAX_DATA_BYTES = 1024 * 1024;

export function base64Bytes(encoded: string): number {
  return Buffer.byteLength(encoded, 'base64');
}

function validateConfigMap(map: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(map.data ?? {})) {
    const at = path('data').key(key);
    errors.push(...checked(at, key, configMapKey(key)));
    if (map.binaryData?.[key] !== undefined)
      errors.push(invalidValue(at, key, 'duplicate of key present in binaryData'));
    size += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    errors.push(...checked(path('binaryData').key(key), key, configMapKey(key)));
    size += base64Bytes(value);
  }
  // So upstream names the object as a whole.
  if (size > MAX_DATA_BYTES) errors.push(tooLong(path('[]'), '', MAX_DATA_BYTES));
  return errors;
}

/** Values are exact texts: an empty one is not an absent one. */
function sameData(left: unknown, right: unknown): boolean {
  const before = new Map<string, unknown>(Object.entries(right ?? {}));
  const after = Object.entries(left ?? {});
  return after.length === before.size && after.every(([key, value]) => before.get(key) === value);
}

/** What `immutable: true` forbids from then on, itself included. */
export function validateImmutableData<T extends { immutable?: boolean }>(
  object: Readonly<T>,
  old: Readonly<T>,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const message = 'field is immutable when `immutable` is set';
  const errors = object.immutable ? [] : [forbiddenField(path('immutable'), message)];
  for (const field of fields) {
    if (!sameData(object[field], old[field])) {
      errors.push(forbiddenField(path(field), message));
    }
  }
  return errors;
}

export const configmaps: ResourceRegistration<ConfigMap> = {
  resource: { group: '', resource: 'configmaps' },
  strategy: {
    hasGeneration: false,
    validate: validateConfigMap,
    validateUpdate: (map, old) => [
      ...validateImmutableData(map, old, ['data', 'binaryData']),
      ...validateConfigMap(map),
    ],
  },
  table: {
    columns: [nameColumn, text('Data'), ageColumn],
    cells: (map, now) => [
      map.metadata?.name ?? '',
      Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
      age(map, now),
    ],
  },
};
