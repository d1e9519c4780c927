/** The strings extension, version 2: positions count code points. */
import { compare, textLength } from '../values/equality.ts';
import { formatDuration, formatTimestamp } from '../values/time.ts';
import type { Value } from '../values/value.ts';
import {
  ArrayList,
  CelList,
  CelMap,
  Duration,
  EvaluationError,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
} from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';
import { formatDouble } from './standard.ts';

const MAX_SPLIT = 1_000_000;
/** More than any object can hold; costs do not count what is put in between. */
const MAX_TEXT = 2 ** 25;

function confirmLength(length: number): void {
  if (length > MAX_TEXT) throw new EvaluationError(`text of ${length} characters exceeds limit`);
}

function bounded(index: bigint, length: number): number {
  if (index < 0n || index > BigInt(length)) throw new EvaluationError(`index out of range: ${index}`);
  return Number(index);
}

function indexOf(text: string, part: string, from: bigint): bigint {
  const characters = Array.from(text);
  const start = bounded(from, characters.length);
  if (part === '') return from;
  const found = characters.slice(start).join('').indexOf(part);
  if (found < 0) return -1n;
  const offset = characters.slice(0, start).join('').length + found;
  return BigInt(textLength(text.slice(0, offset)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const characters = Array.from(text);
  const start = from === undefined ? characters.length : bounded(from, characters.length);
  if (part === '') return BigInt(start);
  const found = text.lastIndexOf(part, characters.slice(0, start).join('').length);
  return found < 0 ? -1n : BigInt(textLength(text.slice(0, found)));
}

function substring(text: string, from: bigint, to?: bigint): string {
  const characters = Array.from(text);
  const start = bounded(from, characters.length);
  const end = to === undefined ? characters.length : bounded(to, characters.length);
  if (start > end) throw new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  return characters.slice(start, end).join('');
}

function replace(text: string, from: string, to: string, times: bigint): string {
  if (text.length * to.length > MAX_TEXT) confirmLength(text.length + (text.split(from).length + 1) * to.length);
  if (times < 0n) return text.replaceAll(from, () => to);
  let left = times;
  const pattern = from === '' ? /(?:)/gu : from;
  return text.replaceAll(pattern, (found) => (left-- > 0n ? to : found));
}

function split(text: string, separator: string, limit: bigint): Value {
  if (limit === 0n) return new ArrayList([]);
  const parts = separator === '' ? Array.from(text) : text.split(separator, MAX_SPLIT);
  if (limit < 0n || BigInt(parts.length) <= limit) return new ArrayList(parts);
  const kept = parts.slice(0, Number(limit) - 1);
  return new ArrayList([...kept, parts.slice(kept.length).join(separator)]);
}

function join(list: CelList, separator: string): string {
  const parts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') throw new EvaluationError('no such overload');
    parts.push(item);
  }
  confirmLength(parts.length * separator.length);
  return parts.join(separator);
}

const ascii = (text: string, from: RegExp, change: (letter: string) => string): string => text.replace(from, change);
const quotes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** `format`: %s %d %f %e %b %x %X %o, with a precision for %f and %e. */
function format(text: string, args: CelList): string {
  let index = 0;
  const result = text.replace(
    /%(?:%|(?:\.(\d+))?([\s\S]?))/g,
    (whole, precision: string | undefined, verb: string | undefined) => {
      if (whole === '%%') return '%';
      if (verb === undefined || verb === '') throw new EvaluationError('unexpected end of string');
      if (index >= args.length) throw new EvaluationError(`index ${index} out of range`);
      return clause(verb, args.at(index++), precision === undefined ? 6 : Number(precision));
    },
  );
  return result;
}

function clause(verb: string, value: Value, precision: number): string {
  const refuse = (): never => {
    throw new EvaluationError(`error during formatting: no formatting function for type ${typeName(value)}: %${verb}`);
  };
  if (precision > 100) throw new EvaluationError(`precision too large: ${precision}`);
  const number = value instanceof Uint ? value.value : value;
  switch (verb) {
    case 's':
      return show(value);
    case 'd':
      return typeof number === 'bigint' ? String(number) : refuse();
    case 'f':
      return typeof number === 'bigint' || typeof number === 'number'
        ? fixedPoint(Number(number), precision)
        : refuse();
    case 'e':
      return typeof number === 'bigint' || typeof number === 'number'
        ? Number(number)
            .toExponential(precision)
            .replace(/e([+-])(\d)$/, 'e$10$2')
        : refuse();
    case 'b':
      return typeof number === 'boolean'
        ? String(Number(number))
        : typeof number === 'bigint'
          ? number.toString(2)
          : refuse();
    case 'o':
      return typeof number === 'bigint' ? number.toString(8) : refuse();
    case 'x':
    case 'X': {
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      const hex =
        typeof number === 'bigint'
          ? number.toString(16)
          : bytes instanceof Uint8Array
            ? Buffer.from(bytes).toString('hex')
            : refuse();
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    default:
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function fixedPoint(value: number, precision: number): string {
  // From here on JavaScript writes exponents.
  if (Number.isFinite(value) && Math.abs(value) >= 1e21)
    return `${BigInt(value)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
  return Number.isFinite(value)
    ? value.toFixed(precision)
    : Number.isNaN(value)
      ? 'NaN'
      : value > 0
        ? 'Infinity'
        : '-Infinity';
}

function show(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? formatDouble(value) : fixedPoint(value, 0);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof CelList) return `[${Array.from(value, show).join(', ')}]`;
  if (value instanceof CelMap) {
    const keys = value.keys().map((key) => [show(key), key] as const);
    keys.sort((a, b) => compare(a[0], b[0]) ?? 0);
    return `{${keys.map(([shown, key]) => `${shown}: ${show(value.get(key) ?? null)}`).join(', ')}}`;
  }
  throw new EvaluationError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(value)}`,
  );
}

export const strings: Library = [
  define(
    'string::charAt(int): string',
    (text: string, index: bigint) => Array.from(text)[bounded(index, Array.from(text).length)] ?? '',
  ),
  define('string::indexOf(string): int', (text: string, part: string) => indexOf(text, part, 0n)),
  define('string::indexOf(string, int): int', indexOf),
  define('string::lastIndexOf(string): int', (text: string, part: string) => lastIndexOf(text, part)),
  define('string::lastIndexOf(string, int): int', (text: string, part: string, from: bigint) =>
    lastIndexOf(text, part, from),
  ),
  define('string::substring(int): string', (text: string, from: bigint) => substring(text, from)),
  define('string::substring(int, int): string', (text: string, from: bigint, to: bigint) => substring(text, from, to)),
  define('string::replace(string, string): string', (text: string, from: string, to: string) =>
    replace(text, from, to, -1n),
  ),
  define('string::replace(string, string, int): string', replace),
  define('string::split(string): list<string>', (text: string, separator: string) => split(text, separator, -1n)),
  define('string::split(string, int): list<string>', split),
  define('string::lowerAscii(): string', (text: string) => ascii(text, /[A-Z]/g, (letter) => letter.toLowerCase())),
  define('string::upperAscii(): string', (text: string) => ascii(text, /[a-z]/g, (letter) => letter.toUpperCase())),
  define('string::trim(): string', (text: string) => text.trim()),
  define('list<string>::join(): string', (list: CelList) => join(list, '')),
  define('list<string>::join(string): string', join),
  define('string::format(list<dyn>): string', format),
  define('strings.quote(string): string', (text: string) => `"${Array.from(text, (c) => quotes[c] ?? c).join('')}"`),
];
