/** JSON values as structured merge sees them: equal, ordered and written the way Go does it. */
import type { JsonValue } from '../../meta/object.ts';
import { isObject, isRawNumber } from '../json-value.ts';

/** A member of an object, never what an object inherits. Absent and undefined are the same. */
export function memberOf(object: { readonly [key: string]: JsonValue }, key: string): JsonValue | undefined {
  const value: JsonValue | undefined = object[key];
  if (typeof value === 'function' || key === '__proto__') return Object.hasOwn(object, key) ? object[key] : undefined;
  return value;
}

export function isEmptyObject(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

export function isScalar(value: unknown): boolean {
  return typeof value === 'object' ? isRawNumber(value) : value !== undefined;
}

/** Exact equality: null, absent and empty differ; keys in any order. */
export function valuesEqual(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (!valuesEqual(left[index], right[index])) return false;
    return true;
  }
  if (Array.isArray(right)) return false;
  if (isRawNumber(left)) return isRawNumber(right) && left.rawJSON === right.rawJSON;
  let members = 0;
  for (const key in left) {
    const value = left[key];
    if (value === undefined) continue;
    members++;
    const other = memberOf(right, key);
    if (other === undefined || !valuesEqual(value, other)) return false;
  }
  for (const key in right) if (right[key] !== undefined) members--;
  return members === 0;
}

/** Order of UTF-8 bytes, which is the order of code points. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    const surrogates = isSurrogate(a) !== isSurrogate(b) && a >= 0xd800 && b >= 0xd800;
    return a < b !== surrogates ? -1 : 1;
  }
  return left.length < right.length ? -1 : 1;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Numbers before strings before booleans before lists before maps before null. */
export function compareValues(left: JsonValue, right: JsonValue): number {
  const rank = rankOf(left);
  const difference = rank - rankOf(right);
  if (difference !== 0) return difference < 0 ? -1 : 1;
  if (rank === 0) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left === 'boolean') return left === right ? 0 : left ? 1 : -1;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < left.length && index < right.length; index++) {
      const order = compareValues(left[index] as JsonValue, right[index] as JsonValue);
      if (order !== 0) return order;
    }
    return Math.sign(left.length - right.length);
  }
  if (isObject(left) && isObject(right)) return compareText(encodeValue(left), encodeValue(right));
  return 0;
}

function rankOf(value: JsonValue): number {
  if (value === null) return 5;
  if (typeof value === 'number' || isRawNumber(value)) return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  return Array.isArray(value) ? 3 : 4;
}

function compareNumbers(left: JsonValue, right: JsonValue): number {
  if (typeof left === 'number' && typeof right === 'number') return Math.sign(left - right);
  const a = JSON.stringify(left);
  const b = JSON.stringify(right);
  const difference = Number(a) - Number(b);
  return difference === 0 ? compareText(a, b) : Math.sign(difference);
}

const plainText = /^[ !#-%'-;=?-[\]-~]*$/;
const rareEscapes: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
  '\\b': '\\u0008',
  '\\f': '\\u000c',
};

export function encodeText(text: string): string {
  if (plainText.test(text)) return `"${text}"`;
  // Pairs of backslashes are matched first, so that what follows them is not taken for an escape.
  return JSON.stringify(text).replace(/\\\\|\\[bf]|[<>&\u2028\u2029]/g, (found) => rareEscapes[found] ?? found);
}

/** One canonical text per value: keys sorted, characters escaped as Go's encoders do by default. */
export function encodeValue(value: JsonValue): string {
  if (typeof value === 'string') return encodeText(value);
  if (Array.isArray(value)) return `[${value.map(encodeValue).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  keys.sort(compareText);
  return `{${keys.map((key) => `${encodeText(key)}:${encodeValue(value[key] as JsonValue)}`).join(',')}}`;
}
