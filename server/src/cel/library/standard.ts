/** CEL's standard functions and operators. Logic, equality and the conditional are compiled; here they are only declared. */

import { parseBool } from '@typernetes/openapi/meta';
import { BOOL } from '../types/type.ts';
import { compare, equal, identity, sizeOf } from '../values/equality.ts';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp, wallClock } from '../values/time.ts';
import type { CelList, CelMap, Value } from '../values/value.ts';
import {
  ArrayList,
  Duration,
  EntryMap,
  EvaluationError,
  fits,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
} from '../values/value.ts';
import type { Library, Overload } from './overload.ts';
import { define } from './overload.ts';
import { matches } from './regular-expression.ts';

const compiled = (): never => {
  throw new EvaluationError('no such overload');
};

function int(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EvaluationError('integer overflow');
  return value;
}

const nonZero = (value: bigint, what: string): bigint => {
  if (value === 0n) throw new EvaluationError(what);
  return value;
};

const arithmetic: Library = [
  define('_+_(int, int): int', (a: bigint, b: bigint) => int(a + b)),
  define('_-_(int, int): int', (a: bigint, b: bigint) => int(a - b)),
  define('_*_(int, int): int', (a: bigint, b: bigint) => int(a * b)),
  define('_/_(int, int): int', (a: bigint, b: bigint) => int(a / nonZero(b, 'division by zero'))),
  define('_%_(int, int): int', (a: bigint, b: bigint) => a % nonZero(b, 'modulus by zero')),
  define('-_(int): int', (a: bigint) => int(-a)),
  define('_+_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value + b.value)),
  define('_-_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value - b.value)),
  define('_*_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value * b.value)),
  define('_/_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value / nonZero(b.value, 'division by zero'))),
  define('_%_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value % nonZero(b.value, 'modulus by zero'))),
  define('_+_(double, double): double', (a: number, b: number) => a + b),
  define('_-_(double, double): double', (a: number, b: number) => a - b),
  define('_*_(double, double): double', (a: number, b: number) => a * b),
  define('_/_(double, double): double', (a: number, b: number) => a / b),
  define('-_(double): double', (a: number) => -a),
  define('_+_(string, string): string', (a: string, b: string) => a + b),
  define('_+_(bytes, bytes): bytes', (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b])),
  define('_+_(list<A>, list<A>): list<A>', concatenate),
  define('_+_(duration, duration): duration', (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos)),
  define('_+_(duration, timestamp): timestamp', (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos)),
  define('_+_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos)),
  define('_-_(duration, duration): duration', (a: Duration, b: Duration) => new Duration(a.nanos - b.nanos)),
  define('_-_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos)),
  define('_-_(timestamp, timestamp): duration', (a: Timestamp, b: Timestamp) => new Duration(a.nanos - b.nanos)),
];

/** A set takes what it does not have; a map-like list replaces items of the same keys. */
function concatenate(a: CelList, b: CelList): Value {
  if (a.listType === undefined) return new ArrayList([...a, ...b], a);
  const merged = new Map<string, Value>();
  for (const item of [...a, ...b]) merged.set(identity(item, a.listMapKeys), item);
  return new ArrayList([...merged.values()], a);
}

const ordered = ['int', 'uint', 'double'];
const sameOnly = ['bool', 'string', 'bytes', 'duration', 'timestamp'];
const orders: [string, (order: number) => boolean][] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
];
const pairs = [...sameOnly.map((each) => [each, each]), ...ordered.flatMap((a) => ordered.map((b) => [a, b]))];
const ordering: Overload[] = orders.flatMap(([fn, holds]) =>
  pairs.map(([a, b]) => define(`${fn}(${a}, ${b}): bool`, (x: Value, y: Value) => holds(compare(x, y) ?? Number.NaN))),
);

const structure: Library = [
  define('_==_(A, A): bool', compiled),
  define('_!=_(A, A): bool', compiled),
  define('_&&_(bool, bool): bool', compiled),
  define('_||_(bool, bool): bool', compiled),
  define('_?_:_(bool, A, A): A', compiled),
  define('@not_strictly_false(bool): bool', compiled),
  define('!_(bool): bool', (a: boolean) => !a),
  define('@in(A, list<A>): bool', (item: Value, list: CelList) => {
    for (const each of list) if (equal(item, each)) return true;
    return false;
  }),
  define('@in(A, map<A, B>): bool', (key: Value, map: CelMap) => map.get(key) !== undefined),
  define('_[_](list<A>, int): A', (list: CelList, index: Value) => at(list, index)),
  define('_[_](map<A, B>, A): B', (map: CelMap, key: Value) => {
    const found = map.get(key);
    if (found === undefined) throw new EvaluationError(`no such key: ${describe(key)}`);
    return found;
  }),
  ...['list<A>', 'map<A, B>', 'string', 'bytes'].flatMap((type) => [
    define(`size(${type}): int`, (value: Value) => BigInt(sizeOf(value))),
    define(`${type}::size(): int`, (value: Value) => BigInt(sizeOf(value))),
  ]),
  define('string::startsWith(string): bool', (text: string, prefix: string) => text.startsWith(prefix)),
  define('string::endsWith(string): bool', (text: string, suffix: string) => text.endsWith(suffix)),
  define('string::contains(string): bool', (text: string, part: string) => text.includes(part)),
  define('string::matches(string): bool', (text: string, pattern: string) => matches(pattern, text)),
  define('matches(string, string): bool', (text: string, pattern: string) => matches(pattern, text)),
  define('cel.@mapInsert(map<A, B>, A, B): map<A, B>', insertEntry),
  define('cel.@mapInsert(map<A, B>, map<A, B>): map<A, B>', insertAll),
];

function describe(key: Value): string {
  if (key instanceof Uint) return String(key.value);
  return typeof key === 'object' ? typeName(key) : String(key);
}

export function at(list: CelList, index: Value): Value {
  const position = index instanceof Uint ? Number(index.value) : Number(index as bigint | number);
  if (!Number.isInteger(position)) throw new EvaluationError(`unsupported index value ${position}`);
  if (position < 0 || position >= list.length) throw new EvaluationError(`index out of bounds: ${position}`);
  return list.at(position);
}

/** The accumulator of transformMap: made by the macro and seen by nothing else, so it is extended in place. */
function insertEntry(map: CelMap, key: Value, value: Value): Value {
  if (!(map instanceof EntryMap)) throw new EvaluationError('no such overload');
  if (map.get(key) !== undefined) throw new EvaluationError(`insert failed: key ${describe(key)} already exists`);
  map.insert(key, value);
  return map;
}

function insertAll(map: CelMap, entries: CelMap): Value {
  for (const key of entries.keys()) insertEntry(map, key, entries.get(key) as Value);
  return map;
}

const conversion = (to: string, from: Value): never => {
  throw new EvaluationError(`type conversion error from '${typeName(from)}' to '${to}'`);
};

function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return int(value.value);
  if (value instanceof Timestamp) return value.nanos / 1_000_000_000n;
  if (typeof value === 'number') {
    if (!(Math.abs(value) < 2 ** 63)) throw new EvaluationError('integer overflow');
    return BigInt(Math.trunc(value));
  }
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value) && value.length < 64)
    return int(BigInt(value.replace(/^\+/, '')));
  return conversion('int', value);
}

function toUint(value: Value): Uint {
  if (value instanceof Uint) return value;
  if (typeof value === 'bigint') return new Uint(value);
  if (typeof value === 'number') {
    if (!(value >= 0 && value < 2 ** 64)) throw new EvaluationError('unsigned integer overflow');
    return new Uint(BigInt(Math.trunc(value)));
  }
  if (typeof value === 'string' && /^\d+$/.test(value) && value.length < 64) return new Uint(BigInt(value));
  return conversion('uint', value);
}

function toDouble(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value === 'string') {
    if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return Number(value);
    const special = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i.exec(value);
    if (special !== null) return special[2] ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  }
  return conversion('double', value);
}

export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 21) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(value);
    } catch {
      throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  return conversion('string', value);
}

function toBool(value: Value): boolean {
  if (fits(value, BOOL)) return value as boolean;
  return (typeof value === 'string' ? parseBool(value) : undefined) ?? conversion('bool', value);
}

const converting = (name: string, from: readonly string[], convert: (value: Value) => Value): Library =>
  from.map((type) => define(`${name}(${type}): ${name}`, convert));

const conversions: Library = [
  ...converting('int', ['int', 'uint', 'double', 'string', 'timestamp'], toInt),
  ...converting('uint', ['int', 'uint', 'double', 'string'], toUint),
  ...converting('double', ['int', 'uint', 'double', 'string'], toDouble),
  ...converting('string', ['string', 'int', 'uint', 'double', 'bool', 'bytes', 'duration', 'timestamp'], toText),
  ...converting('bool', ['bool', 'string'], toBool),
  ...converting('bytes', ['bytes', 'string'], (value) => (typeof value === 'string' ? Buffer.from(value) : value)),
  ...converting('duration', ['duration', 'string'], (value) =>
    typeof value === 'string' ? new Duration(parseDuration(value)) : value,
  ),
  ...converting('timestamp', ['timestamp', 'string', 'int'], (value) => {
    if (typeof value === 'bigint') return new Timestamp(value * 1_000_000_000n);
    return typeof value === 'string' ? new Timestamp(parseTimestamp(value)) : value;
  }),
  define('dyn(A): dyn', (value: Value) => value),
  define('type(A): type<A>', (value: Value) => new TypeValue(typeName(value))),
];

const yearDay = (date: Date): number =>
  Math.floor(
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
      86_400_000,
  );
const clock: Record<string, (date: Date) => number> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: yearDay,
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};
const spans: Record<string, bigint> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

const time: Library = [
  ...Object.entries(clock).flatMap(([name, read]) => [
    define(`timestamp::${name}(): int`, (at_: Timestamp) => BigInt(read(wallClock(at_.nanos, 'UTC')))),
    define(`timestamp::${name}(string): int`, (at_: Timestamp, zone: string) =>
      BigInt(read(wallClock(at_.nanos, zone))),
    ),
  ]),
  ...Object.entries(spans).map(([name, unit]) =>
    define(`duration::${name}(): int`, (span: Duration) =>
      name === 'getMilliseconds' ? (span.nanos / unit) % 1000n : span.nanos / unit,
    ),
  ),
];

export const standard: Library = [...arithmetic, ...ordering, ...structure, ...conversions, ...time];
