import type { FieldError, Path } from './field.ts';
import { IMMUTABLE, invalidValue } from './field.ts';
import { quantityOf } from './quantities.ts';

/**
 * Whether two values of the API mean the same. Clients leave out what is empty or false and servers fill it in again,
 * so an absent field equals an empty one; quantities compare by value. This is the equality behind "field is immutable".
 */
export function semanticEqual(left: unknown, right: unknown): boolean {
  return equal(left, right, false);
}

function equal(left: unknown, right: unknown, quantities: boolean): boolean {
  if (left === right) return true;
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => equal(item, right[index], false));
  }
  if (
    typeof left === 'object' &&
    typeof right === 'object' &&
    left !== null &&
    right !== null &&
    !Array.isArray(right)
  ) {
    const lefts = new Map(Object.entries(left));
    const rights = new Map(Object.entries(right));
    for (const key of new Set([...lefts.keys(), ...rights.keys()])) {
      if (quantities && lefts.has(key) !== rights.has(key)) return false;
      if (!equal(lefts.get(key), rights.get(key), RESOURCE_LISTS.has(key))) return false;
    }
    return true;
  }
  return quantities && sameQuantity(left, right);
}

/** Fields that map resource names to quantities. */
const RESOURCE_LISTS = new Set([
  'limits',
  'requests',
  'overhead',
  'capacity',
  'allocatable',
  'hard',
  'used',
  'max',
  'min',
  'default',
  'defaultRequest',
]);

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

function sameQuantity(left: unknown, right: unknown): boolean {
  if (!isQuantityText(left) || !isQuantityText(right)) return false;
  const amount = quantityOf(left);
  const other = quantityOf(right);
  return amount !== undefined && other !== undefined && amount.equals(other);
}

function isQuantityText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

export function immutable(at: Path, value: unknown, old: unknown): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalidValue(at, value, IMMUTABLE)];
}
