import type { JsonValue } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';

/** The value with all keys in order, as Go writes what no type describes. */
export function asGoMap(value: JsonValue | undefined): JsonValue;
export function asGoMap(value: unknown): unknown;
export function asGoMap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => asGoMap(item));
  if (!isObject(value)) return value ?? null;
  const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, member]) => [name, asGoMap(member)]));
}
