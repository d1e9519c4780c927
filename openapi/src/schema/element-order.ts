/** The order of merged lists: relative orders of the patch and of the live list are kept, interleaved. */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { isObject } from './json-value.ts';
import { directiveMarker, identity, strategicErrors } from './strategic-metadata.ts';

/** What identifies an item: its merge key's value, or for scalars (empty merge key) itself. */
export function itemIdentity(item: JsonValue | undefined, mergeKey: string): string {
  if (mergeKey === '') return identity(item);
  return isObject(item) && Object.hasOwn(item, mergeKey) ? identity(item[mergeKey]) : 'absent';
}

/** First position of each item. */
export function positions(list: readonly JsonValue[], mergeKey: string): Map<string, number> {
  const result = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const key = itemIdentity(item, mergeKey);
    if (!result.has(key)) result.set(key, index);
  }
  return result;
}

/** The item as a map that has the merge key; throws otherwise. */
export function keyedItem(item: JsonValue | undefined, mergeKey: string): JsonObject {
  if (!isObject(item)) throw strategicErrors.badType('map', item);
  if (!Object.hasOwn(item, mergeKey)) throw strategicErrors.noMergeKey(item, mergeKey);
  return item;
}

export function isDeletion(item: JsonValue): boolean {
  return isObject(item) && item[directiveMarker] === 'delete';
}

/** Items in the order of `order`; what it does not name comes first, deletions last. */
export function sortByOrder(items: readonly JsonValue[], order: readonly JsonValue[], mergeKey: string): JsonValue[] {
  if (mergeKey !== '') for (const item of [...items, ...order]) keyedItem(item, mergeKey);
  const at = positions(order, mergeKey);
  const place = (item: JsonValue): number => at.get(itemIdentity(item, mergeKey)) ?? -1;
  const kept = mergeKey === '' ? [...items] : items.filter((item) => !isDeletion(item));
  const deleted = mergeKey === '' ? [] : items.filter(isDeletion);
  return [...kept.sort((left, right) => place(left) - place(right)), ...deleted];
}

/**
 * The patch's items in the patch's order and the others in the server's order, interleaved: another item goes before a
 * patched one only where the live list has it before.
 */
export function interleave(
  patchItems: readonly JsonValue[],
  serverOnly: readonly JsonValue[],
  patchOrder: readonly JsonValue[],
  serverOrder: readonly JsonValue[],
  mergeKey: string,
): JsonValue[] {
  const right = sortByOrder(patchItems, patchOrder, mergeKey);
  const left = sortByOrder(serverOnly, serverOrder, mergeKey);
  const at = positions(serverOrder, mergeKey);
  const result: JsonValue[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const leftAt = at.get(itemIdentity(left[i], mergeKey));
    const rightAt = at.get(itemIdentity(right[j], mergeKey));
    const takeLeft = leftAt !== undefined && rightAt !== undefined && leftAt < rightAt;
    const next = takeLeft ? left[i++] : right[j++];
    if (next !== undefined) result.push(next);
  }
  return [...result, ...left.slice(i), ...right.slice(j)];
}

/** Splits by whether `by` names the item. */
export function partition(
  items: readonly JsonValue[],
  by: readonly JsonValue[],
  mergeKey: string,
): { named: JsonValue[]; others: JsonValue[] } {
  if (mergeKey !== '') for (const item of items) keyedItem(item, mergeKey);
  const at = positions(by, mergeKey);
  const named = items.filter((item) => at.has(itemIdentity(item, mergeKey)));
  const others = items.filter((item) => !at.has(itemIdentity(item, mergeKey)));
  return { named, others };
}
