/**
 * Strategic merge patch (apimachinery util/strategicpatch): a merge patch that knows from the schema which lists merge
 * by which key, with directives inside the patch. Works on copies; throws StatusError for what the client got wrong.
 */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { badRequest } from '../meta/status-error.ts';
import { interleave, isDeletion, itemIdentity, keyedItem, partition, positions } from './element-order.ts';
import { deepCopy, getOwn, isObject, setOwn } from './json-value.ts';
import type { Resolve, Schema } from './schema.ts';
import {
  deletePrimitivePrefix,
  directiveMarker,
  elementKind,
  goValue,
  identity,
  retainKeysDirective,
  SchemaLookup,
  setElementOrderPrefix,
  strategicErrors,
} from './strategic-metadata.ts';

/** Returns the patched object; changes neither argument. */
export function strategicMergePatch(original: object, patch: unknown, schema: Schema, resolve: Resolve): JsonObject {
  if (!isObject(patch)) throw badRequest('invalid JSON document');
  const merge = new Merge(new SchemaLookup(resolve));
  return merge.map(deepCopy(original) as JsonObject, deepCopy(patch), schema);
}

class Merge {
  readonly #lookup: SchemaLookup;

  constructor(lookup: SchemaLookup) {
    this.#lookup = lookup;
  }

  /** Both arguments are ours to change. */
  map(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
    const directive = getOwn(patch, directiveMarker);
    if (directive !== undefined) return replaceOrDelete(directive, patch);
    applyRetainKeys(original, patch);
    this.#applyElementOrders(original, patch, schema);
    for (const [name, value] of Object.entries(patch)) {
      const deletesItems = name.startsWith(deletePrimitivePrefix);
      const key = deletesItems ? directiveTarget(name, deletePrimitivePrefix) : name;
      if (value === null) delete original[key];
      else this.#mergeMember(original, key, value, schema, deletesItems);
    }
    return original;
  }

  #mergeMember(
    original: JsonObject,
    key: string,
    value: JsonValue,
    schema: Schema | undefined,
    deletesItems: boolean,
  ): void {
    const current = getOwn(original, key);
    if (isObject(current) && isObject(value)) {
      const field = this.#lookup.field(schema, key, 'map');
      setOwn(original, key, field.strategy === 'replace' ? value : this.map(current, value, field.schema));
    } else if (Array.isArray(current) && Array.isArray(value)) {
      setOwn(original, key, this.#list(current, value, key, schema, deletesItems));
    } else if (!deletesItems) {
      const plain = withoutDirectives(withoutNulls(value));
      if (plain === undefined) delete original[key];
      else setOwn(original, key, plain);
    }
  }

  #list(
    original: JsonValue[],
    patch: JsonValue[],
    key: string,
    schema: Schema | undefined,
    deletesItems: boolean,
  ): JsonValue[] {
    const field = this.#lookup.field(schema, key, 'list');
    if (field.strategy !== 'merge' && !deletesItems) return patch;
    const kind = elementKind(original, patch);
    if (kind === undefined) return original;
    if (kind !== 'map') {
      if (deletesItems) return withoutItems(original, patch);
      return this.#ordered(uniqueScalars([...original, ...patch]), patch, original, field.mergeKey);
    }
    if (field.mergeKey === '') throw strategicErrors.other(`cannot merge lists without merge key for ${field.name}`);
    const special = applySpecialItems(original, patch, field.mergeKey);
    const merged = this.#mergeItems(special.original, special.patch, field.mergeKey, field.schema);
    return this.#ordered(merged, special.patch, special.original, field.mergeKey);
  }

  #ordered(merged: JsonValue[], patch: JsonValue[], original: JsonValue[], mergeKey: string): JsonValue[] {
    const { named, others } = partition(merged, patch, mergeKey);
    return interleave(named, others, patch, original, mergeKey);
  }

  #mergeItems(original: JsonValue[], patch: JsonValue[], mergeKey: string, schema: Schema | undefined): JsonValue[] {
    const result = [...original];
    for (const item of original) if (!isObject(item)) throw strategicErrors.badType('map', item);
    const at = positions(result, mergeKey);
    for (const item of patch) {
      const patchItem = keyedItem(item, mergeKey);
      const key = itemIdentity(patchItem, mergeKey);
      const index = at.get(key);
      const current = index === undefined ? undefined : result[index];
      if (index !== undefined && isObject(current)) {
        result[index] = this.map(current, patchItem, schema);
      } else {
        at.set(key, result.length);
        result.push(patchItem);
      }
    }
    return result;
  }

  /** `$setElementOrder/<list>`: the list's order as the client wants it; items it does not name keep their places. */
  #applyElementOrders(original: JsonObject, patch: JsonObject, schema: Schema | undefined): void {
    for (const [name, order] of Object.entries(patch)) {
      if (!name.startsWith(setElementOrderPrefix)) continue;
      delete patch[name];
      if (!Array.isArray(order)) throw strategicErrors.badType('list', order);
      const key = directiveTarget(name, setElementOrderPrefix);
      const current = getOwn(original, key);
      const change = getOwn(patch, key);
      if (current !== undefined && !Array.isArray(current)) throw strategicErrors.badType('list', current);
      if (change !== undefined && !Array.isArray(change)) throw strategicErrors.badType('list', change);
      const { mergeKey } = this.#lookup.field(schema, key, 'list');
      checkOrder(change ?? [], order, mergeKey);
      if (current === undefined && change === undefined) continue;
      let merged: JsonValue[];
      if (current === undefined) merged = arrayOf(withoutDirectives(change ?? []));
      else merged = change === undefined ? current : this.#list(deepCopy(current), change, key, schema, false);
      const { named, others } = partition(merged, order, mergeKey);
      setOwn(original, key, interleave(named, others, order, current ?? [], mergeKey));
      delete patch[key];
    }
  }
}

function arrayOf(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function replaceOrDelete(directive: JsonValue, patch: JsonObject): JsonObject {
  if (directive === 'replace') {
    delete patch[directiveMarker];
    return patch;
  }
  if (directive === 'delete') return {};
  throw strategicErrors.badDirective(directive, patch);
}

function directiveTarget(name: string, prefix: string): string {
  if (name.startsWith(`${prefix}/`)) return name.slice(prefix.length + 1);
  throw prefix === deletePrimitivePrefix ? strategicErrors.primitiveList() : strategicErrors.setElementOrder();
}

/** `$retainKeys`: everything else goes (a strategy that changes its type leaves nothing of the old one). */
function applyRetainKeys(original: JsonObject, patch: JsonObject): void {
  const keys = getOwn(patch, retainKeysDirective);
  if (keys === undefined) return;
  delete patch[retainKeysDirective];
  if (!Array.isArray(keys)) throw strategicErrors.retainKeys();
  const retained = new Set(keys);
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(deletePrimitivePrefix) || key.startsWith(setElementOrderPrefix);
    if (value !== null && !isDirective && !retained.has(key)) throw strategicErrors.retainKeys();
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

/** Items of a keyed list that carry `$patch`: deletions are done, a replacement empties the live list. */
function applySpecialItems(
  original: JsonValue[],
  patch: JsonValue[],
  mergeKey: string,
): { original: JsonValue[]; patch: JsonValue[] } {
  const plain: JsonValue[] = [];
  const deleted = new Set<string>();
  let replace = false;
  for (const item of patch) {
    if (!isObject(item)) throw strategicErrors.badType('map', item);
    const directive = getOwn(item, directiveMarker);
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') deleted.add(itemIdentity(keyedItem(item, mergeKey), mergeKey));
    else if (directive === 'replace') replace = true;
    else if (directive === 'merge') throw strategicErrors.other('merging lists cannot yet be specified in the patch');
    else throw strategicErrors.badDirective(directive, item);
  }
  if (replace) return { original: plain, patch: [] };
  const kept = deleted.size === 0 ? original : original.filter((item) => !deleted.has(itemIdentity(item, mergeKey)));
  return { original: kept, patch: plain };
}

/** The patch's items must stand in the order list, in its order. */
function checkOrder(patch: JsonValue[], order: JsonValue[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return;
  const items = mergeKey === '' ? patch : patch.filter((item) => !isDeletion(objectItem(item)));
  let at = 0;
  for (const item of items) {
    if (isObject(item) && Object.hasOwn(item, directiveMarker)) continue;
    if (mergeKey !== '') keyedItem(item, mergeKey);
    const wanted = itemIdentity(item, mergeKey);
    while (at < order.length && orderIdentity(order[at], mergeKey) !== wanted) at++;
    if (at >= order.length) {
      throw strategicErrors.other(
        `The order in patch list:\n${goValue(patch)}\n doesn't match ${setElementOrderPrefix} list:\n${goValue(order)}\n`,
      );
    }
    at++;
  }
}

function objectItem(item: JsonValue): JsonObject {
  if (!isObject(item)) throw strategicErrors.badType('map', item);
  return item;
}

function orderIdentity(item: JsonValue | undefined, mergeKey: string): string {
  return itemIdentity(mergeKey === '' ? item : keyedItem(item, mergeKey), mergeKey);
}

function withoutItems(list: JsonValue[], remove: JsonValue[]): JsonValue[] {
  const gone = new Set(remove.map(identity));
  return list.filter((item) => !gone.has(identity(item)));
}

function uniqueScalars(list: JsonValue[]): JsonValue[] {
  const seen = new Set<string>();
  return list.filter((item) => !seen.has(identity(item)) && seen.add(identity(item)));
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) for (const item of value) withoutNulls(item);
  else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (member === null) delete value[key];
      else withoutNulls(member);
    }
  }
  return value;
}

/** A new value from a patch: maps that carry `$patch` are left out; undefined where the value itself is one. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item): item is JsonValue => item !== undefined);
  }
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directiveMarker)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const plain = withoutDirectives(member);
    if (plain === undefined) delete value[key];
    else setOwn(value, key, plain);
  }
  return value;
}
