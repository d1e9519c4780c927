/** Equality across types, order, and the size that costs count. */
import type { Value } from './value.ts';
import { CelList, CelMap, Duration, keyOf, OpaqueValue, Optional, Timestamp, TypeValue, Uint } from './value.ts';

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === 'string' || typeof a === 'boolean' || a === null || b === null) return false;
  const numeric = compareNumbers(a, b);
  if (numeric !== undefined) return numeric === 0;
  if (a instanceof CelList) return b instanceof CelList && equalLists(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value);
  }
  if (a instanceof OpaqueValue) return b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b);
  return false;
}

function equalLists(a: CelList, b: CelList): boolean {
  if (a.length !== b.length) return false;
  if ((a.listType ?? b.listType) !== undefined) return equalUnordered(a, b);
  for (let i = 0; i < a.length; i++) if (!equal(a.at(i), b.at(i))) return false;
  return true;
}

function equalUnordered(a: CelList, b: CelList): boolean {
  const keys = a.listMapKeys ?? b.listMapKeys;
  const buckets = new Map<string, Value[]>();
  for (const item of b) {
    const key = identity(item, keys);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [item]);
    else bucket.push(item);
  }
  for (const item of a) {
    const bucket = buckets.get(identity(item, keys));
    const index = bucket?.findIndex((other) => equal(item, other)) ?? -1;
    if (index < 0) return false;
    bucket?.splice(index, 1);
  }
  return true;
}

/** What tells an item of a set or of a map-like list from the others. */
export function identity(item: Value, keys: readonly string[] | undefined): string {
  if (keys === undefined || !(item instanceof CelMap)) return keyOf(item) ?? '';
  return JSON.stringify(keys.map((key) => keyOf(item.get(key) ?? null) ?? null));
}

function equalMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !equal(a.get(key) as Value, other)) return false;
  }
  return true;
}

/** Of two numbers of any type: negative, 0, positive, NaN; undefined where one is not a number. */
export function compareNumbers(a: Value, b: Value): number | undefined {
  const left = a instanceof Uint ? a.value : a;
  const right = b instanceof Uint ? b.value : b;
  if (typeof left !== 'bigint' && typeof left !== 'number') return undefined;
  if (typeof right !== 'bigint' && typeof right !== 'number') return undefined;
  if (left < right) return -1;
  if (left > right) return 1;
  // Neither less nor more: equal, or one is not a number.
  return Number.isNaN(Number(left)) || Number.isNaN(Number(right)) ? Number.NaN : 0;
}

/** Undefined where the two cannot be ordered. */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : undefined;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.compare(a, b) : undefined;
  if (a instanceof Duration) return b instanceof Duration ? order(a.nanos, b.nanos) : undefined;
  if (a instanceof Timestamp) return b instanceof Timestamp ? order(a.nanos, b.nanos) : undefined;
  return compareNumbers(a, b);
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code point, as Go compares UTF-8; JavaScript's own order differs beyond the basic plane. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const surrogate = Number((left & 0xf800) === 0xd800) - Number((right & 0xf800) === 0xd800);
    return surrogate === 0 ? left - right : surrogate;
  }
  return a.length - b.length;
}

const surrogates = /[\ud800-\udfff]/;

/** Number of code points. */
export function textLength(text: string): number {
  return surrogates.test(text) ? Array.from(text).length : text.length;
}

export function sizeOf(value: Value): number {
  if (typeof value === 'string') return textLength(value);
  if (value instanceof CelList) return value.length;
  if (value instanceof CelMap) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Optional && value.value !== undefined) return sizeOf(value.value);
  if (value instanceof OpaqueValue) return value.size() ?? 1;
  return 1;
}
