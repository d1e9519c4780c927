/** What a write changed, field by field. */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import type { FieldFilter } from './field-filter.ts';
import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { listItemElement } from './list-item.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import {
  asList,
  asMap,
  type FieldType,
  kindOf,
  type ListType,
  type MapType,
  type TypedNode,
  type ValueKind,
} from './typed-node.ts';
import { isEmptyObject, memberOf, valuesEqual } from './value.ts';

/** No field is in two of the sets, unless its type changed. All empty: the values are equal to their owners. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Both values must be valid (items that come more than once are tolerated). */
export function compareTyped(node: TypedNode, left: JsonValue | undefined, right: JsonValue | undefined): Comparison {
  const walk = new CompareWalk();
  walk.visit(node, left, right);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

export function filterComparison(comparison: Comparison, filter: FieldFilter | undefined): Comparison {
  if (filter === undefined) return comparison;
  const { added, modified, removed } = comparison;
  return { added: filter(added), modified: filter(modified), removed: filter(removed) };
}

type Value = JsonValue | undefined;

class CompareWalk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();
  private readonly path: PathElement[] = [];
  private depth = 0;

  visit(node: TypedNode, left: Value, right: Value): void {
    if (left === right) return;
    const leftKind = kindOf(node, left);
    const rightKind = kindOf(node, right);
    let leaf: boolean;
    if (right === undefined) leaf = this.handle(node, leftKind, left, right);
    else {
      if (left !== undefined && leftKind !== rightKind) this.handle(node, leftKind, left, right);
      leaf = this.handle(node, rightKind, left, right);
    }
    if (leaf) return;
    if (left === undefined) this.add(this.added);
    else if (right === undefined) this.add(this.removed);
  }

  /** Whether the field is one value to its owner. */
  private handle(node: TypedNode, kind: ValueKind | undefined, left: Value, right: Value): boolean {
    switch (kind ?? node.preferred) {
      case 'list':
        return this.list(node.list as ListType, left, right);
      case 'map':
        return this.map(node.map as MapType, left, right);
      default:
        return this.leaf(left, right);
    }
  }

  private leaf(left: Value, right: Value): true {
    if (left === undefined) this.add(this.added);
    else if (right === undefined) this.add(this.removed);
    else if (!valuesEqual(left, right)) this.add(this.modified);
    return true;
  }

  private add(set: FieldSetBuilder): void {
    set.add(this.path, this.depth);
  }

  private enter(element: PathElement): void {
    this.path[this.depth++] = element;
  }

  private leave(): void {
    const depth = --this.depth;
    this.added.forget(depth);
    this.modified.forget(depth);
    this.removed.forget(depth);
  }

  private list(list: ListType, left: Value, right: Value): boolean {
    const lefts = asList(left) ?? [];
    const rights = asList(right) ?? [];
    if (list.atomic || (lefts.length === 0 && rights.length === 0)) return this.leaf(left, right);
    if (lefts.length === rights.length && valuesEqual(left, right)) return false;
    const leftItems = groupItems(list, lefts);
    const rightItems = groupItems(list, rights);
    for (const [element, items] of leftItems) {
      this.enter(element);
      this.items(list.item, items, rightItems.get(element) ?? []);
      this.leave();
    }
    for (const [element, items] of rightItems) {
      if (leftItems.has(element)) continue;
      this.enter(element);
      this.items(list.item, [], items);
      this.leave();
    }
    return false;
  }

  /** Items of one name. Where there are several, together they are one value. */
  private items(node: TypedNode, lefts: readonly JsonValue[], rights: readonly JsonValue[]): void {
    if (lefts.length < 2 && rights.length < 2) return this.visit(node, lefts[0], rights[0]);
    if (lefts.length >= 2 && rights.length >= 2) {
      if (!valuesEqual(lefts as JsonValue[], rights as JsonValue[])) this.add(this.modified);
    } else if (lefts.length >= 2) {
      if (rights.length > 0) this.visit(node, undefined, rights[0]);
      this.add(this.removed);
    } else {
      if (lefts.length > 0) this.visit(node, lefts[0], undefined);
      this.add(this.added);
    }
  }

  private map(map: MapType, left: Value, right: Value): boolean {
    const lefts = asMap(left);
    const rights = asMap(right);
    if (map.atomic) return this.leaf(left, right);
    // A struct of Go's is never empty when some of its fields are always written.
    const hollow = map.implied.length === 0;
    const nothing = (members: JsonObject | undefined): boolean =>
      members === undefined || (hollow && isEmptyObject(members));
    if (nothing(lefts) && nothing(rights)) return this.leaf(left, right);
    for (const key in lefts) this.member(map, key, lefts, rights);
    for (const key in rights) {
      if (lefts === undefined || memberOf(lefts, key) === undefined) this.member(map, key, lefts, rights);
    }
    if (!hollow && (lefts === undefined) !== (rights === undefined)) this.impliedFields(map, lefts, rights);
    return false;
  }

  private member(map: MapType, key: string, lefts: JsonObject | undefined, rights: JsonObject | undefined): void {
    let left = lefts && memberOf(lefts, key);
    let right = rights && memberOf(rights, key);
    if (left === right) return;
    const field = map.fields.get(key);
    if (map.structured) {
      left = structured(left, lefts, field);
      right = structured(right, rights, field);
      if (left === right) return;
    }
    const node = field?.node ?? map.element;
    if (node === undefined) return;
    this.enter(field?.element ?? fieldElement(key));
    this.visit(node, left, right);
    this.leave();
  }

  /** One side has no such struct at all: the fields Go always writes came or went with it. */
  private impliedFields(map: MapType, lefts: JsonObject | undefined, rights: JsonObject | undefined): void {
    const members = lefts ?? rights ?? {};
    for (const field of map.implied) {
      const given = memberOf(members, field.name);
      if (given !== undefined) continue;
      this.enter(field.element);
      if (lefts === undefined) this.visit(field.node, undefined, field.implied);
      else this.visit(field.node, field.implied, undefined);
      this.leave();
    }
  }
}

function structured(value: Value, members: JsonObject | undefined, field: FieldType | undefined): Value {
  if (value !== undefined && value !== null) return value;
  return members === undefined ? undefined : field?.implied;
}

function groupItems(list: ListType, items: readonly JsonValue[]): Map<PathElement, JsonValue[]> {
  const groups = new Map<PathElement, JsonValue[]>();
  for (const item of items) {
    const element = listItemElement(list, item);
    if (element === undefined) continue;
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}
