/** The strategic merge patch between two objects (upstream: CreateTwoWayMergePatch), for clients. */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { itemIdentity, keyedItem, sortByOrder } from './element-order.ts';
import { deepCopy, deepEqual, getOwn, isObject, setOwn } from './json-value.ts';
import type { Resolve, Schema } from './schema.ts';
import {
  deletePrimitivePrefix,
  directiveMarker,
  elementKind,
  identity,
  retainKeysDirective,
  SchemaLookup,
  setElementOrderPrefix,
} from './strategic-metadata.ts';

/** Applied to `original` it gives `modified`; empty where nothing differs. */
export function createStrategicMergePatch(
  original: object,
  modified: object,
  schema: Schema,
  resolve: Resolve,
): JsonObject {
  const diff = new Diff(new SchemaLookup(resolve));
  return deepCopy(diff.maps(original as JsonObject, modified as JsonObject, schema, false));
}

const same = (left: JsonValue, right: JsonValue): boolean => deepEqual([left], [right], { strict: true });

class Diff {
  readonly #lookup: SchemaLookup;

  constructor(lookup: SchemaLookup) {
    this.#lookup = lookup;
  }

  maps(original: JsonObject, modified: JsonObject, schema: Schema | undefined, retainKeys: boolean): JsonObject {
    const patch: JsonObject = {};
    for (const [key, after] of Object.entries(modified)) {
      const before = getOwn(original, key);
      if (before === undefined) setOwn(patch, key, after);
      else if (isObject(before) && isObject(after)) this.#mapField(key, before, after, patch, schema);
      else if (Array.isArray(before) && Array.isArray(after)) this.#listField(key, before, after, patch, schema);
      else if (!same(before, after)) setOwn(patch, key, after);
    }
    const removed = Object.keys(original).filter((key) => !Object.hasOwn(modified, key));
    for (const key of removed) setOwn(patch, key, null);
    const kept = Object.keys(modified).filter((key) => modified[key] !== null);
    if (retainKeys && kept.length > 0 && Object.keys(patch).length > 0) patch[retainKeysDirective] = kept.sort();
    return patch;
  }

  #mapField(key: string, before: JsonObject, after: JsonObject, patch: JsonObject, schema: Schema | undefined): void {
    const field = this.#lookup.field(schema, key, 'map');
    if (field.strategy === 'replace') {
      if (!same(before, after)) setOwn(patch, key, after);
      return;
    }
    const inner = this.maps(before, after, field.schema, field.retainKeys);
    if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
  }

  #listField(
    key: string,
    before: JsonValue[],
    after: JsonValue[],
    patch: JsonObject,
    schema: Schema | undefined,
  ): void {
    const field = this.#lookup.field(schema, key, 'list');
    if (field.strategy !== 'merge') {
      if (!same(before, after)) setOwn(patch, key, after);
      return;
    }
    if (before.length === 0) {
      if (after.length > 0) setOwn(patch, key, after);
      return;
    }
    if (same(before, after)) return;
    if (elementKind(before, after) === 'map') {
      const changes = this.#keyedItems(before, after, field.mergeKey, field.schema, field.retainKeys);
      if (changes.length > 0) patch[key] = changes;
      patch[`${setElementOrderPrefix}/${key}`] = after.map((item) => ({
        [field.mergeKey]: keyedItem(item, field.mergeKey)[field.mergeKey] ?? null,
      }));
      return;
    }
    const had = new Set(before.map(identity));
    const has = new Set(after.map(identity));
    const added = after.filter((item) => !had.has(identity(item)));
    const gone = before.filter((item) => !has.has(identity(item)));
    if (added.length > 0) patch[key] = added;
    if (gone.length > 0) patch[`${deletePrimitivePrefix}/${key}`] = gone;
    patch[`${setElementOrderPrefix}/${key}`] = after;
  }

  #keyedItems(
    before: JsonValue[],
    after: JsonValue[],
    mergeKey: string,
    schema: Schema | undefined,
    retainKeys: boolean,
  ): JsonValue[] {
    const old = new Map(before.map((item) => [itemIdentity(keyedItem(item, mergeKey), mergeKey), item]));
    const names = new Set(after.map((item) => itemIdentity(keyedItem(item, mergeKey), mergeKey)));
    const changes: JsonValue[] = [];
    for (const item of after) {
      const current = keyedItem(item, mergeKey);
      const previous = old.get(itemIdentity(current, mergeKey));
      if (!isObject(previous)) {
        changes.push(current);
        continue;
      }
      const inner = this.maps(previous, current, schema, retainKeys);
      if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: current[mergeKey] ?? null });
    }
    const ordered = sortByOrder(changes, after, mergeKey);
    for (const [name, item] of old) {
      if (names.has(name) || !isObject(item)) continue;
      ordered.push({ [directiveMarker]: 'delete', [mergeKey]: item[mergeKey] ?? null });
    }
    return ordered;
  }
}
