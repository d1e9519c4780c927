/** Ratcheting: which part of an old object a part of the new one was, and whether it is still the same. */
import type { JsonObject } from '@typernetes/openapi/meta';
import { deepEqual, isObject } from '@typernetes/openapi/schema';
import { asGoMap } from './go-map.ts';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

/** What was there before, and the schema that tells how its parts are found again. */
export interface Before {
  value: unknown;
  schema: Structural;
}

export function beforeOf(value: unknown, schema: Structural): Before | undefined {
  return value === undefined ? undefined : { value, schema };
}

/** Fields that no schema names are nobody's. */
export function memberBefore(name: string, before: Before | undefined): Before | undefined {
  if (before === undefined || !isObject(before.value) || !Object.hasOwn(before.value, name)) return undefined;
  const schema = ownProperty(before.schema, name) ?? additionalSchema(before.schema);
  return schema === undefined ? undefined : { value: before.value[name], schema };
}

/** Only items of list maps can be told apart, by their keys. */
export function itemBefore(item: unknown, before: Before | undefined): Before | undefined {
  if (before === undefined || !Array.isArray(before.value) || !isObject(item)) return undefined;
  const { items, 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys = [] } = before.schema;
  if (type !== 'map' || items === undefined) return undefined;
  const value = indexOf(before.value, keys).get(identity(item, keys));
  return value === undefined ? undefined : { value, schema: items };
}

/** Every item of a list looks for what it was. */
const indexes = new WeakMap<unknown[], ReadonlyMap<string, unknown>>();

function indexOf(list: unknown[], keys: readonly string[]): ReadonlyMap<string, unknown> {
  let index = indexes.get(list);
  if (index === undefined) {
    // Of two with the same keys the first counts.
    index = new Map(
      list
        .filter(isObject)
        .toReversed()
        .map((item) => [identity(item, keys), item]),
    );
    indexes.set(list, index);
  }
  return index;
}

/** An item may lack a key. */
const identity = (item: JsonObject, keys: readonly string[]): string =>
  JSON.stringify(keys.map((key) => (Object.hasOwn(item, key) ? [asGoMap(item[key])] : [])));

/** List maps may be in another order. */
export function isUnchanged(value: unknown, before: Before): boolean {
  const { value: old, schema } = before;
  if (Array.isArray(value) && Array.isArray(old) && schema['x-kubernetes-list-type'] === 'map') {
    if (value.length !== old.length) return false;
    return value.every((item) => {
      const found = itemBefore(item, before);
      return found !== undefined && isUnchanged(item, found);
    });
  }
  if (isObject(value) && isObject(old)) {
    if (Object.keys(value).length !== Object.keys(old).length) return false;
    return Object.entries(value).every(([name, member]) => {
      const found = memberBefore(name, before);
      return found !== undefined && isUnchanged(member, found);
    });
  }
  return deepEqual(value, old, { strict: true });
}
