/** Taking fields out of a value, or taking all but some out of it. */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { setOwn } from '../json-value.ts';
import { FieldSet } from './field-set.ts';
import { listItemElement } from './list-item.ts';
import { type FieldPath, fieldElement, keyNames, type PathElement } from './path-element.ts';
import { toFieldSet } from './to-field-set.ts';
import { asMap, deducedNode, kindOf, type ListType, type MapType, memberType, type TypedNode } from './typed-node.ts';
import { isEmptyObject } from './value.ts';

type Value = JsonValue | undefined;

/** The value without these fields and items; containers that lose all they have stay, empty. Shares with the value. */
export function removeItems(node: TypedNode, value: Value, items: FieldSet): JsonValue {
  return pick(node, value ?? null, items, false);
}

export interface ExtractOptions {
  /** Also the keys of the items of list maps that something is extracted from, whoever owns them. */
  readonly withKeys?: boolean;
}

/** Only these fields and items of the value. Shares with the value. */
export function extractItems(node: TypedNode, value: Value, items: FieldSet, options: ExtractOptions = {}): JsonValue {
  const wanted = options.withKeys === true ? items.union(keyFields(items, toFieldSet(node, value))) : items;
  return pick(node, value ?? null, wanted, true);
}

function keyFields(items: FieldSet, present: FieldSet): FieldSet {
  const paths: FieldPath[] = [];
  for (const path of items.paths()) {
    if (!present.has(path)) continue;
    for (const [index, element] of path.entries()) {
      if (!element.startsWith('k:')) continue;
      for (const name of keyNames(element)) paths.push([...path.slice(0, index + 1), fieldElement(name)]);
    }
  }
  return FieldSet.fromPaths(paths);
}

/** null stands for "nothing left", as it does upstream. */
function pick(node: TypedNode, value: JsonValue, items: FieldSet, extract: boolean): JsonValue {
  switch (kindOf(node, value) ?? node.preferred) {
    case 'list':
      return pickFromList(node.list as ListType, value, items, extract);
    case 'map':
      return pickFromMap(node.map as MapType, value, items, extract);
    default:
      return value;
  }
}

function pickFromList(list: ListType, value: JsonValue, items: FieldSet, extract: boolean): JsonValue {
  if (!Array.isArray(value)) return null;
  if (value.length === 0 || list.atomic) return extract ? value : null;
  const kept: JsonValue[] = [];
  let touched = false;
  for (const item of value) {
    const entry = items.entries.get(listItemElement(list, item) as PathElement);
    if (extract ? entry === undefined : entry?.member === true) continue;
    if (entry?.children === undefined) {
      kept.push(item);
      continue;
    }
    touched = true;
    kept.push(pickBelow(list.item, item, entry.children, extract));
  }
  return kept.length > 0 || (touched && !extract) ? kept : null;
}

function pickFromMap(map: MapType, value: JsonValue, items: FieldSet, extract: boolean): JsonValue {
  const members = asMap(value);
  if (members === undefined) return null;
  if (isEmptyObject(members) || map.atomic) return extract ? members : null;
  const kept: JsonObject = {};
  let touched = false;
  for (const key in members) {
    const member = members[key];
    if (member === undefined) continue;
    const entry = items.entries.get(map.fields.get(key)?.element ?? fieldElement(key));
    const node = memberType(map, key) ?? deducedNode;
    if (entry?.member === true) {
      // Upstream looks for the fields of a member below the member's parent: it counts for leaves only.
      if (extract) setOwn(kept, key, pick(node, member, items, true));
    } else if (entry?.children !== undefined) {
      touched = true;
      setOwn(kept, key, pickBelow(node, member, entry.children, extract));
    } else if (!extract) setOwn(kept, key, member);
  }
  return !isEmptyObject(kept) || (touched && !extract) ? kept : null;
}

/** Removing what is in a container leaves the container. */
function pickBelow(node: TypedNode, value: JsonValue, items: FieldSet, extract: boolean): JsonValue {
  const picked = pick(node, value, items, extract);
  if (picked !== null || extract) return picked;
  if (Array.isArray(value)) return [];
  return asMap(value) === undefined ? picked : {};
}
