/** Operations on plain JSON values, integers beyond 2^53 (RawNumber, see codec) included. */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { RawNumber } from './raw-number.ts';

export function isRawNumber(value: unknown): value is RawNumber {
  return value instanceof RawNumber;
}

/** What stands in an object for a number that JavaScript does not hold: to its types, a number. */
export function rawNumber(value: bigint | string): number {
  return new RawNumber(value.toString()) as unknown as number;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** Sets an own property whatever its name: plain assignment to `__proto__` would change the prototype. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

export function getOwn<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Keys and items are copied all the way down; undefined members are left out, as JSON does. */
export function deepCopy<T>(value: T): T;
export function deepCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(typeof item === 'object' ? deepCopy(item) : item);
    return items;
  }
  if (isRawNumber(value)) return value;
  const members = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(members)) {
    const member = members[key];
    if (member !== undefined) setOwn(copy, key, typeof member === 'object' ? deepCopy(member) : member);
  }
  return copy;
}

/**
 * Semantic equality (upstream: equality.Semantic.DeepEqual on what was decoded): order of keys does not matter, and
 * absent, null, an empty list and an empty map are the same as members. An empty struct cannot be told from a map
 * here, so `{}` and absence are equal too unless `strict` is set; then only null and undefined count as absent.
 */
export function deepEqual(left: unknown, right: unknown, options: { strict?: boolean } = {}): boolean {
  return equal(left, right, options.strict === true);
}

function equal(left: unknown, right: unknown, strict: boolean): boolean {
  if (left === right) return true;
  if (isAbsent(left, strict)) return isAbsent(right, strict);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => itemsEqual(item, right[index], strict));
  }
  if (Array.isArray(right)) return false;
  if (isRawNumber(left)) return isRawNumber(right) && left.rawJSON === right.rawJSON;
  const leftMembers = left as Record<string, unknown>;
  const rightMembers = right as Record<string, unknown>;
  for (const key of Object.keys(leftMembers)) {
    if (!equal(leftMembers[key], getOwn(rightMembers, key), strict)) return false;
  }
  for (const key of Object.keys(rightMembers)) {
    if (!Object.hasOwn(leftMembers, key) && !isAbsent(rightMembers[key], strict)) return false;
  }
  return true;
}

/** Items of a list are never absent. */
function itemsEqual(left: unknown, right: unknown, strict: boolean): boolean {
  if (left === null || right === null) return left === right;
  return Array.isArray(left) === Array.isArray(right) && equal(left, right, strict);
}

function isAbsent(value: unknown, strict: boolean): boolean {
  if (value === undefined || value === null) return true;
  if (strict || typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (isRawNumber(value)) return false;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

export type { JsonObject, JsonValue };

/** Freezes what it is given, all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
