/**
 * What comes into being with an object: `compareTyped` of nothing with it, in one walk that makes the set level by
 * level together with its FieldsV1. Nearly all creates are of this sort, and comparing and encoding were a tenth of what
 * they cost.
 */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { type FieldEntry, FieldSet } from './field-set.ts';
import { listItemElement } from './list-item.ts';
import { comparePathElements, fieldElement, type PathElement } from './path-element.ts';
import { asList, asMap, kindOf, type ListType, type MapType, type TypedNode } from './typed-node.ts';
import { isEmptyObject, memberOf, valuesEqual } from './value.ts';

const leaf: FieldEntry = { member: true, children: undefined };

/**
 * The added fields of a comparison with `{ metadata: {} }`, for kinds that are Go structs. Undefined where the value does
 * not fit its type in a way that this walk notices: then validation has the words for it.
 */
export function newFields(node: TypedNode, value: JsonObject): FieldSet | undefined {
  const { map } = node;
  if (map === undefined || map.atomic || node.single !== true) return undefined;
  try {
    const level = new Level();
    for (const key in value) {
      if (key === 'apiVersion' || key === 'kind') continue;
      const field = map.fields.get(key);
      if (key === 'metadata' && field !== undefined) addChange(level, field.element, field.node, {}, value[key] ?? {});
      else addMember(level, map, key, value, true);
    }
    return level.build(false) ?? FieldSet.empty;
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

const misfit = new Error('the value is not of its type');

/** Fields of one object, to be sorted. */
class Level {
  readonly #entries: [PathElement, FieldEntry][] = [];

  add(element: PathElement, entry: FieldEntry): void {
    this.#entries.push([element, entry]);
  }

  /** `member`: whether the object is a field of its own. */
  addTo(above: Level, element: PathElement, member: boolean): void {
    const children = this.build(member);
    if (children !== undefined) above.add(element, { member, children });
    else if (member) above.add(element, leaf);
  }

  build(self: boolean): FieldSet | undefined {
    const entries = this.#entries;
    if (entries.length === 0) return undefined;
    if (entries.length > 1) entries.sort(byElement);
    const encoded: JsonObject = self ? { '.': {} } : {};
    for (const [element, { children }] of entries) encoded[element] = children?.encoded ?? {};
    const set = new FieldSet(new Map(entries));
    set.encoded = encoded;
    return set;
  }
}

function byElement(left: readonly [PathElement, FieldEntry], right: readonly [PathElement, FieldEntry]): number {
  return comparePathElements(left[0], right[0]);
}

/** `known`: the object was there, empty but for what Go's structs always write; otherwise there was none. */
function addMember(level: Level, map: MapType, key: string, members: JsonObject, known: boolean): void {
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
    if (implied !== undefined && !known) addValue(level, element, node, implied);
  } else if (implied === undefined || !known) {
    addValue(level, element, node, value);
  } else addChange(level, element, node, implied, value);
}

function addMembers(level: Level, map: MapType, members: JsonObject, known: boolean): void {
  for (const key in members) addMember(level, map, key, members, known);
}

/** What became of an empty value that Go's structs always write: itself it is not new. */
function addChange(level: Level, element: PathElement, node: TypedNode, empty: JsonValue, value: JsonValue): void {
  if (!node.single) throw misfit;
  const { list, map } = node;
  const below = new Level();
  if (list !== undefined && !list.atomic && isNonEmptyList(value)) addItems(below, list, value);
  else if (map !== undefined && !map.atomic && isNonEmptyMap(value)) {
    const known = asMap(empty) !== undefined;
    addMembers(below, map, value, known);
    if (!known) addImplied(below, map, value);
  } else if (!valuesEqual(empty, value)) level.add(element, leaf);
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
      if (list.atomic || items.length === 0) return level.add(element, leaf);
      const below = new Level();
      addItems(below, list, items);
      return below.addTo(level, element, true);
    }
    case 'map': {
      const map = node.map as MapType;
      const members = asMap(value);
      if (map.atomic || members === undefined || (map.implied.length === 0 && isEmptyObject(members)))
        return level.add(element, leaf);
      const below = new Level();
      addMembers(below, map, members, false);
      addImplied(below, map, members);
      return below.addTo(level, element, true);
    }
    default:
      return level.add(element, leaf);
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
    if (item === undefined) level.add(element, leaf);
    else addValue(level, element, list.item, item);
  }
}
