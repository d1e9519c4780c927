/** The names of device drivers, pools, attributes and conditions, and how lists of them are walked. */
import { regexError } from '@typernetes/openapi/meta';
import { validateDriverName } from '../storage/driver-name.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  type Path,
  qualifiedName,
  required,
  tooLong,
  tooMany,
} from '../validation/index.ts';

const maxPoolName = 253;
const maxIdentifier = 32;
const identifierFormat = '[A-Za-z_][A-Za-z0-9_]*';
const identifier = new RegExp(`^${identifierFormat}$`);
const identifierMessage = regexError(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  identifierFormat,
  'my_name',
  'MY_NAME',
  'MyName',
);

export function validatePoolName(name: string | undefined, at: Path): FieldError[] {
  if (!name) return [required(at, '')];
  return [
    ...(Buffer.byteLength(name) > maxPoolName ? [tooLong(at, '', maxPoolName)] : []),
    ...name.split('/').flatMap((part) => checked(at, part, dns1123Subdomain(part))),
  ];
}

/** Of devices, requests and counters. */
export const validateLabelName = (name: string | undefined, at: Path): FieldError[] =>
  checked(at, name ?? '', dns1123Label(name ?? ''));

export const validateCondition = (name: string | undefined, at: Path): FieldError[] =>
  checked(at, name ?? '', qualifiedName(name ?? ''));

/** `model`, or `example.com/model`. */
export function validateQualifiedName(name: string, at: Path): FieldError[] {
  const [first = '', second, ...rest] = name.split('/');
  if (second === undefined) return validateIdentifier(first, at);
  if (rest.length > 0) return [];
  return [
    ...(first === '' ? [invalidValue(at, '', 'the domain must not be empty')] : validateDriverName(first, at)),
    ...(second === '' ? [invalidValue(at, '', 'the name must not be empty')] : validateIdentifier(second, at)),
  ];
}

export function validateFullyQualifiedName(name: string, at: Path): FieldError[] {
  const errors = validateQualifiedName(name, at);
  if (!name.includes('/'))
    errors.push(invalidValue(at, name, 'a fully qualified name must be a domain and a name separated by a slash'));
  return errors;
}

function validateIdentifier(name: string, at: Path): FieldError[] {
  return [
    ...(Buffer.byteLength(name) > maxIdentifier ? [tooLong(at, '', maxIdentifier)] : []),
    ...(identifier.test(name) ? [] : [invalidValue(at, name, identifierMessage)]),
  ];
}

type Check<T> = (item: T, at: Path) => FieldError[];

/** Of too many items nothing else is said. */
export function validateItems<T>(
  items: readonly T[] | undefined,
  most: number,
  check: Check<T>,
  at: Path,
): FieldError[] {
  const given = items ?? [];
  if (given.length > most) return [tooMany(at, given.length, most)];
  return given.flatMap((item, index) => check(item, at.index(index)));
}

/** Of those that are the same the first is right. */
export function validateUnique(keys: readonly string[], at: (index: number) => Path): FieldError[] {
  const seen = new Set<string>();
  return keys.flatMap((key, index) => {
    if (seen.has(key)) return [duplicate(at(index), key)];
    seen.add(key);
    return [];
  });
}

/** Items that differ in their key. */
export function validateSet<T>(
  items: readonly T[] | undefined,
  most: number,
  check: Check<T>,
  keyOf: (item: T) => string,
  at: Path,
): FieldError[] {
  const given = items ?? [];
  if (given.length > most) return [tooMany(at, given.length, most)];
  return [...validateItems(given, most, check, at), ...validateUnique(given.map(keyOf), (index) => at.index(index))];
}

/** Errors about a key name the map, errors about a value name the entry. */
export function validateMap<T>(
  map: Readonly<Record<string, T>> | undefined,
  most: number,
  checkKey: Check<string>,
  check: Check<T>,
  at: Path,
): FieldError[] {
  const entries = Object.entries(map ?? {});
  if (entries.length > most) return [tooMany(at, entries.length, most)];
  return entries.flatMap(([key, value]) => [...checkKey(key, at), ...check(value, at.key(key))]);
}
