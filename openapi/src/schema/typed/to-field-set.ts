/** The fields an applied configuration mentions: what its manager will own. */
import type { JsonValue } from '../../meta/object.ts';
import { FieldSet, FieldSetBuilder } from './field-set.ts';
import { listItemElement } from './list-item.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { asList, asMap, deducedNode, kindOf, type ListType, type MapType, type TypedNode } from './typed-node.ts';
import { isEmptyObject } from './value.ts';

/** Leaves, items of lists and maps, and what is explicitly null or an empty map. The value must be valid. */
export function toFieldSet(node: TypedNode, value: JsonValue | undefined): FieldSet {
  if (value === undefined) return FieldSet.empty;
  const walk = new FieldSetWalk();
  walk.visit(node, value);
  return walk.builder.build();
}

class FieldSetWalk {
  readonly builder = new FieldSetBuilder();
  private readonly path: PathElement[] = [];
  private depth = 0;

  visit(node: TypedNode, value: JsonValue): void {
    switch (kindOf(node, value) ?? node.preferred) {
      case 'scalar':
        return this.add();
      case 'list':
        return this.list(node.list as ListType, value);
      case 'map':
        return this.map(node.map as MapType, value);
      default:
    }
  }

  private add(): void {
    this.builder.add(this.path, this.depth);
  }

  private enter(element: PathElement): void {
    this.path[this.depth++] = element;
  }

  private leave(): void {
    this.builder.forget(--this.depth);
  }

  private list(list: ListType, value: JsonValue): void {
    if (list.atomic) return this.add();
    const items = asList(value);
    if (items === undefined) return;
    const elements = items.map((item) => listItemElement(list, item));
    const counts = new Map<PathElement | undefined, number>();
    for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
    for (const [index, element] of elements.entries()) {
      if (element === undefined) continue;
      this.enter(element);
      // Items that come more than once are owned as one; what is in them belongs to nobody in particular.
      if (counts.get(element) === 1) this.visit(list.item, items[index] as JsonValue);
      this.add();
      this.leave();
    }
  }

  private map(map: MapType, value: JsonValue): void {
    if (map.atomic) return this.add();
    const members = asMap(value);
    if (members === undefined) return;
    for (const key in members) {
      const member = members[key];
      if (member === undefined) continue;
      const field = map.fields.get(key);
      this.enter(field?.element ?? fieldElement(key));
      this.visit(field?.node ?? map.element ?? deducedNode, member);
      const values = asMap(member);
      if (field === undefined || member === null || (values !== undefined && isEmptyObject(values))) this.add();
      this.leave();
    }
  }
}
