/** Lists that are sets or maps hold each item, or each key, once. */
import { duplicate, type FieldError, FieldPath, invalidValue, type JsonValue } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import { asGoMap } from './go-map.ts';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

export function validateListTypes(
  value: unknown,
  schema: Structural | undefined,
  at: FieldPath = new FieldPath(''),
): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    const errors = validateList(value as JsonValue[], schema, at);
    if (schema.items !== undefined)
      for (const [index, item] of value.entries())
        errors.push(...validateListTypes(item, schema.items, at.index(index)));
    return errors;
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const property = ownProperty(schema, name);
    if (property !== undefined) return validateListTypes(member, property, at.child(name));
    return validateListTypes(member, additionalSchema(schema), at.key(name));
  });
}

function validateList(list: JsonValue[], schema: Structural, at: FieldPath): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list).map((index) => duplicate(at.index(index), asGoMap(list[index])));
  if (type !== 'map') return [];
  const keys: JsonValue[] = [];
  for (const [index, item] of list.entries()) {
    if (item !== null && !isObject(item))
      return [invalidValue(at.index(index), asGoMap(item), 'must be an object for an array of list-type map')];
    const key: Record<string, JsonValue> = {};
    for (const name of schema['x-kubernetes-list-map-keys'] ?? [])
      if (item !== null && Object.hasOwn(item, name)) key[name] = item[name]!;
    keys.push(key);
  }
  return repeated(keys).map((index) => duplicate(at.index(index), asGoMap(keys[index])));
}

/** The indexes where a value comes for the second time; later ones go without saying. */
function repeated(list: readonly JsonValue[]): number[] {
  const seen = new Map<string, number>();
  return [...list.entries()].flatMap(([index, item]) => {
    const key = JSON.stringify(asGoMap(item));
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return times === 2 ? [index] : [];
  });
}
