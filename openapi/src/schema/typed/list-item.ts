/** Which path element names an item of a set or list map. */
import type { JsonValue } from '../../meta/object.ts';
import { quote } from '../../meta/quote.ts';
import { isObject } from '../json-value.ts';
import { type PathElement, valueElement } from './path-element.ts';
import type { ListType } from './typed-node.ts';
import { encodeText, encodeValue, memberOf } from './value.ts';

/** The item's path element, or undefined where it has none; `listItemProblem` then says why. Not for atomic lists. */
export function listItemElement(list: ListType, item: JsonValue): PathElement | undefined {
  const { keys } = list;
  if (keys.length === 0) return listItemProblem(list, item) === undefined ? valueElement(item) : undefined;
  if (!isObject(item)) return undefined;
  let text = '';
  for (const key of keys) {
    const value = memberOf(item, key.name) ?? key.fallback;
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${key.label}${typeof value === 'string' ? encodeText(value) : encodeValue(value)}`;
  }
  return text === '' ? undefined : `k:{${text}}`;
}

export function listItemProblem(list: ListType, item: JsonValue): string | undefined {
  if (list.keys.length === 0) return setItemProblem(item);
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  if (list.keys.some((key) => (memberOf(item, key.name) ?? key.fallback) !== undefined)) return undefined;
  const names = `[${list.keyNames.map(quote).join(' ')}]`;
  return `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`;
}

function setItemProblem(item: JsonValue): string | undefined {
  if (item === null) return "associative list without keys has an element that's an explicit null";
  if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
  if (isObject(item)) return "associative list without keys has an element that's a map type";
  return undefined;
}
