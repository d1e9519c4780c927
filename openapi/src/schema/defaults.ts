/** OpenAPI defaults: absent members get them, all the way down into what is there (and into what was defaulted). */
import { deepCopy, isObject, setOwn } from './json-value.ts';
import { dereference, type Resolve, type Schema } from './schema.ts';

/** Changes the value in place. null is replaced where the schema does not allow it. */
export function applyDefaults(value: unknown, schema: Schema, resolve: Resolve): void {
  const actual = dereference(schema, resolve);
  if (actual === undefined || !hasDefaults(actual, resolve)) return;
  if (Array.isArray(value)) {
    if (actual.items !== undefined) for (const item of value) applyDefaults(item, actual.items, resolve);
    return;
  }
  if (!isObject(value)) return;
  const properties = actual.properties ?? {};
  for (const name of Object.keys(properties)) {
    const property = properties[name];
    if (property === undefined) continue;
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const initial = property.default;
    if (initial !== undefined && (member === undefined || (member === null && property.nullable !== true))) {
      setOwn(value, name, deepCopy(initial));
    }
    if (Object.hasOwn(value, name)) applyDefaults(value[name], property, resolve);
  }
  const members = actual.additionalProperties;
  if (typeof members !== 'object') return;
  for (const key of Object.keys(value))
    if (!Object.hasOwn(properties, key)) applyDefaults(value[key], members, resolve);
}

const known = new WeakMap<Schema, boolean>();

/** Whether anything below has a default; most of the API has none, and its objects are then left alone. */
function hasDefaults(schema: Schema, resolve: Resolve): boolean {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const result = search(schema, resolve, new Set());
  known.set(schema, result);
  return result;
}

function search(schema: Schema | undefined, resolve: Resolve, seen: Set<Schema>): boolean {
  if (schema === undefined) return false;
  if (schema.default !== undefined) return true;
  const actual = dereference(schema, resolve);
  if (actual === undefined || seen.has(actual)) return false;
  seen.add(actual);
  if (actual.default !== undefined || search(actual.items, resolve, seen)) return true;
  if (typeof actual.additionalProperties === 'object' && search(actual.additionalProperties, resolve, seen))
    return true;
  return Object.values(actual.properties ?? {}).some((property) => search(property, resolve, seen));
}
