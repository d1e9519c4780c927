/**
 * What comes into being with an object: `compareTyped` of nothing with it, in one walk that makes the set level by
 * level together with its FieldsV1, or finds it made. Nearly all creates are of this sort, and comparing and encoding
 * were a tenth of what they cost.
 */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { type Level, newLevel } from './field-levels.ts';
import type { FieldSet } from './field-set.ts';
import { listItemElement } from './list-item.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { asList, asMap, kindOf, type ListType, type MapType, type TypedNode } from './typed-node.ts';
import { isEmptyObject, memberOf, valuesEqual } from './value.ts';

/**
 * The added fields of a comparison with `{ metadata: {} }`, for kinds that are Go structs. Undefined where the value does
 * not fit its type in a way that this walk notices: then validation has the words for it.
 */
export function newFields(node: TypedNode, value: JsonObject): FieldSet | undefined {
  const { map } = node;
  if (map === undefined || map.atomic || !node.single) return undefined;
  try {
    const level = newLevel();
    for (const key in value) {
      if (key === 'apiVersion' || key === 'kind') continue;
      const field = map.fields.get(key);
      if (key === 'metadata' && field !== undefined) addChange(level, field.element, field.node, {}, value[key] ?? {});
      else addMember(level, map, key, value, true);
    }
    return level.build();
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

const misfit = new Error('the value is not of its type');

/** `before`: the object was there, empty but for what Go's structs always write; otherwise there was none. */
function addMember(level: Level, map: MapType, key: string, members: JsonObject, before: boolean): void {
  const field = map.fields.get(key);
  const implied = map.structured ? field?.implied : undefined;
  const value = memberOf(members, key);
  const node = field?.node ?? map.element;
  if (node === undefined) {
    if (value === undefined) return;
    throw misfit;
  }
  const element = field?.element ?? fieldElement(key);
  if (value === undefined || (value === null && map.structured)) {
    if (implied !== undefined && !before) addValue(level, element, node, implied);
  } else if (implied === undefined || !before) {
    addValue(level, element, node, value);
  } else addChange(level, element, node, implied, value);
}

function addMembers(level: Level, map: MapType, members: JsonObject, before: boolean): void {
  for (const key in members) addMember(level, map, key, members, before);
}

/** What became of an empty value that Go's structs always write: itself it is not new. */
function addChange(level: Level, element: PathElement, node: TypedNode, empty: JsonValue, value: JsonValue): void {
  if (!node.single) throw misfit;
  const { list, map } = node;
  const below = newLevel();
  if (list !== undefined && !list.atomic && isNonEmptyList(value)) addItems(below, list, value);
  else if (map !== undefined && !map.atomic && isNonEmptyMap(value)) {
    const before = asMap(empty) !== undefined;
    addMembers(below, map, value, before);
    if (!before) addImplied(below, map, value);
  } else if (!valuesEqual(empty, value)) level.add(element);
  below.addTo(level, element, false);
}

function isNonEmptyList(value: JsonValue): value is JsonValue[] {
  return Array.isArray(value) && value.length > 0;
}

function isNonEmptyMap(value: JsonValue): value is JsonObject {
  const members = asMap(value);
  return members !== undefined && !isEmptyObject(members);
}

function addValue(level: Level, element: PathElement, node: TypedNode, value: JsonValue): void {
  switch (kindOf(node, value) ?? node.preferred) {
    case 'list': {
      const list = node.list as ListType;
      const items = asList(value) ?? [];
      if (list.atomic || items.length === 0) return level.add(element);
      const below = newLevel();
      addItems(below, list, items);
      return below.addTo(level, element, true);
    }
    case 'map': {
      const map = node.map as MapType;
      const members = asMap(value);
      if (map.atomic || members === undefined || (map.implied.length === 0 && isEmptyObject(members)))
        return level.add(element);
      const below = newLevel();
      addMembers(below, map, members, false);
      addImplied(below, map, members);
      return below.addTo(level, element, true);
    }
    default:
      return level.add(element);
  }
}

/** The fields that are written although nobody gave them. */
function addImplied(level: Level, map: MapType, members: JsonObject): void {
  for (const { name, element, node, implied } of map.implied)
    if (implied !== undefined && memberOf(members, name) === undefined) addValue(level, element, node, implied);
}

/** Items that come more than once are one field together. */
function addItems(level: Level, list: ListType, items: readonly JsonValue[]): void {
  const seen = new Map<PathElement, JsonValue | undefined>();
  for (const item of items) {
    const element = listItemElement(list, item);
    if (element === undefined) throw misfit;
    seen.set(element, seen.has(element) ? undefined : item);
  }
  for (const [element, item] of seen) {
    if (item === undefined) level.add(element);
    else addValue(level, element, list.item, item);
  }
}
