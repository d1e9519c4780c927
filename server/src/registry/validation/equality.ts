import type { FieldError, Path } from './field.ts';
import { IMMUTABLE, invalidValue } from './field.ts';
import { quantityOf } from './quantities.ts';

/**
 * Whether two values of the API mean the same: an empty list, map or struct is none, quantities compare by value. A zero
 * is not absence: decoding has taken out those that mean nothing, what is left (`runAsUser: 0`,
 * `allowPrivilegeEscalation: false`) was meant. This is the equality behind "field is immutable".
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
    return membersEqual(left as Members, right as Members, quantities);
  }
  return quantities && sameQuantity(left, right);
}

type Members = Readonly<Record<string, unknown>>;

function membersEqual(left: Members, right: Members, quantities: boolean): boolean {
  for (const key of Object.keys(left)) {
    const has = Object.hasOwn(right, key);
    if (quantities && !has) return false;
    if (!equal(left[key], has ? right[key] : undefined, RESOURCE_LISTS.has(key))) return false;
  }
  for (const key of Object.keys(right)) {
    if (Object.hasOwn(left, key)) continue;
    if (quantities || !isEmpty(right[key])) return false;
  }
  return true;
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
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const key of Object.keys(value)) if (!isEmpty((value as Members)[key])) return false;
  return true;
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
