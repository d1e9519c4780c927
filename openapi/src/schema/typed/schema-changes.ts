/** Field sets against schemas that have changed since they were written. */
import { type FieldEntry, FieldSet, putEntry } from './field-set.ts';
import type { PathElement } from './path-element.ts';
import type { MapType, TypedNode } from './typed-node.ts';

/**
 * Lists and maps that became atomic: who owned something in them now owns them as a whole. (What became granular is
 * taken to have been so always.) The same set where nothing changed.
 */
export function reconcileFieldSet(node: TypedNode, set: FieldSet): FieldSet {
  const changes = findChanges(node, set);
  return changes === undefined ? set : set.recursiveDifference(changes).union(changes);
}

/** The fields that became atomic. */
function findChanges(node: TypedNode, set: FieldSet): FieldSet | undefined {
  if (node.map?.deduced === true) return undefined;
  let changes: Map<PathElement, FieldEntry> | undefined;
  for (const [element, entry] of set.entries) {
    if (entry.children === undefined && entry.member) continue;
    const below = nodeBelow(node, element);
    if (below === undefined) continue;
    if (becameAtomic(below)) (changes ??= new Map()).set(element, { member: true, children: undefined });
    else {
      const found = entry.children && findChanges(below, entry.children);
      if (found !== undefined) putEntry((changes ??= new Map()), element, false, found);
    }
  }
  return changes && new FieldSet(changes);
}

function nodeBelow(node: TypedNode, element: PathElement): TypedNode | undefined {
  if (node.preferred === 'list') return node.list?.item;
  return node.preferred === 'map' ? memberBelow(node.map as MapType, element) : undefined;
}

function memberBelow(map: MapType, element: PathElement): TypedNode | undefined {
  return map.fieldsByElement.get(element)?.node ?? map.element;
}

/** A field that something is owned in. */
function becameAtomic(node: TypedNode): boolean {
  if (node.preferred === 'list') return node.list?.atomic === true;
  return node.preferred === 'map' && node.map?.atomic === true && !node.map.deduced;
}

/**
 * The set with the structs and list items' structs that hold its fields: a field of a struct is there whenever something
 * in it is, the item of a map is not.
 */
export function ensureNamedFields(node: TypedNode | undefined, set: FieldSet): FieldSet {
  const entries = new Map<PathElement, FieldEntry>();
  for (const [element, { member, children }] of set.entries) {
    const field = node?.map?.fieldsByElement.get(element);
    const named = field !== undefined && children !== undefined;
    let below: TypedNode | undefined;
    if (element.startsWith('f:')) below = field?.node ?? node?.map?.element;
    else if (element.startsWith('k:')) below = node?.list?.item;
    putEntry(
      entries,
      element,
      member || named,
      children === undefined ? undefined : ensureNamedFields(below, children),
    );
  }
  return new FieldSet(entries);
}
