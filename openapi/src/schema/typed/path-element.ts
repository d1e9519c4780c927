/**
 * One step of a field path. A step is a string in the canonical spelling of FieldsV1, so that equal steps are equal
 * strings and sets of them are plain Maps:
 *   `f:NAME`      a member of a map or struct
 *   `k:{…}`       the item of a list map with these keys, sorted by name
 *   `v:VALUE`     the item of a set with this value
 *   `i:NUMBER`    the item at an index
 */

import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { quote } from '../../meta/quote.ts';
import { isObject, isRawNumber } from '../json-value.ts';
import { compareText, compareValues, encodeText, encodeValue } from './value.ts';

export type PathElement = string;
export type FieldPath = readonly PathElement[];

/** How code names a step: text is a field's name, a number an index. */
export type PathStep = string | number | { readonly key: JsonObject } | { readonly value: JsonValue };

/** FieldsV1 that cannot be read. */
export class FieldsFormatError extends Error {
  override name = 'FieldsFormatError';
}

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

export function keyElement(keys: JsonObject): PathElement {
  const names = Object.keys(keys).sort(compareText);
  return `k:{${names.map((name) => `${encodeText(name)}:${encodeValue(keys[name] as JsonValue)}`).join(',')}}`;
}

export function valueElement(value: JsonValue): PathElement {
  return `v:${encodeValue(value)}`;
}

export function pathElement(step: PathStep): PathElement {
  if (typeof step === 'string') return fieldElement(step);
  if (typeof step === 'number') return `i:${step}`;
  return 'key' in step ? keyElement(step.key) : valueElement(step.value);
}

interface Spelling {
  readonly element: PathElement;
  /** The value of a `v:`, the keys of a `k:`, the number of an `i:`. */
  readonly content: JsonValue;
}

/** Most keys come again and again (names of containers, types of conditions): their spelling is worked out once. */
const spellings = new Map<string, Spelling>();
const maxSpellings = 8192;

/** The canonical spelling of a key of FieldsV1; undefined for kinds of steps a later version may have invented. */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new FieldsFormatError('key must be 2 characters long:');
  if (text.charCodeAt(1) !== 0x3a) throw new FieldsFormatError(`missing colon: ${text}`);
  return isField(text) ? text : spellingOf(text)?.element;
}

function isField(element: string): boolean {
  return element.charCodeAt(0) === 0x66;
}

function spellingOf(text: string): Spelling | undefined {
  const known = spellings.get(text);
  if (known !== undefined) return known;
  const spelling = spell(text);
  if (spelling === undefined) return undefined;
  if (spellings.size >= maxSpellings) spellings.clear();
  spellings.set(text, spelling);
  return spelling;
}

function spell(text: string): Spelling | undefined {
  const rest = text.slice(2);
  switch (text[0]) {
    case 'v': {
      const content = parseJson(rest);
      return { element: valueElement(content), content };
    }
    case 'k': {
      const content = parseJson(rest);
      if (!isObject(content)) throw new FieldsFormatError(`expect { or n, but found ${rest.slice(0, 1)}`);
      const element = keyElement(content);
      return { element, content: element === text ? content : parseJson(element.slice(2)) };
    }
    case 'i': {
      if (!/^[+-]?\d+$/.test(rest)) throw new FieldsFormatError(`parsing ${quote(rest)}: invalid syntax`);
      return { element: `i:${Number(rest)}`, content: Number(rest) };
    }
    default:
      return undefined;
  }
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new FieldsFormatError(`parsing ${quote(text)} as JSON: ${String(error)}`, { cause: error });
  }
}

/** null for a field. */
function contentOf(element: PathElement): JsonValue {
  return isField(element) ? null : (spellingOf(element)?.content ?? null);
}

/** The names of the keys of a `k:`. */
export function keyNames(element: PathElement): string[] {
  return Object.keys(contentOf(element) as JsonObject);
}

/** Fields before keys before values before indices, each kind in its own order. */
export function sortPathElements(elements: PathElement[]): PathElement[] {
  return elements.length < 2 ? elements : elements.sort(comparePathElements);
}

export function comparePathElements(left: PathElement, right: PathElement): number {
  if (isField(left) && isField(right)) return compareText(left, right);
  const order = rankOf(left) - rankOf(right);
  if (order !== 0) return order;
  const [leftContent, rightContent] = [contentOf(left), contentOf(right)];
  return left.startsWith('k') ? compareKeys(leftContent, rightContent) : compareValues(leftContent, rightContent);
}

function rankOf(element: PathElement): number {
  return 'fkvi'.indexOf(element.charAt(0));
}

function compareKeys(left: JsonValue, right: JsonValue): number {
  const lefts = Object.entries(left as JsonObject);
  const rights = Object.entries(right as JsonObject);
  for (let index = 0; index < lefts.length && index < rights.length; index++) {
    const [leftName, leftValue] = lefts[index] as [string, JsonValue];
    const [rightName, rightValue] = rights[index] as [string, JsonValue];
    const order = compareText(leftName, rightName) || compareValues(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return lefts.length - rights.length;
}

/** As messages print it: `.name`, `[name="a",port=80]`, `[="a"]`, `[0]`. */
export function describeElement(element: PathElement): string {
  switch (element[0]) {
    case 'f':
      return `.${element.slice(2)}`;
    case 'k': {
      const keys = Object.entries(contentOf(element) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${describeValue(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${describeValue(contentOf(element))}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}

export function describePath(path: FieldPath): string {
  return path.map(describeElement).join('');
}

function describeValue(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return describeNumber(value);
  if (Array.isArray(value)) return `[${value.map(describeValue).join(',')}]`;
  if (isRawNumber(value)) return value.rawJSON;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value);
  return members.map(([name, member]) => `${name}=${describeValue(member)}`).join('');
}

/** Go's `%v` of a float64, which every number in FieldsV1 is: exponents from a million on. */
export function describeNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) return String(value);
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${digits}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}
