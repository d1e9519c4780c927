/**
 * CEL's values. int is a bigint and double a number, so that the two never mix; lists and maps are views on JSON that convert
 * what is read and nothing else.
 */
import type { Type } from '../types/type.ts';

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | CelList
  | CelMap
  | Optional
  | TypeValue
  | OpaqueValue;

export type EvaluationErrorCode = 'evaluation' | 'costLimit';

/** Evaluation failed. Logical operators absorb it, unless the budget is what failed. */
export class EvaluationError extends Error {
  readonly code: EvaluationErrorCode;

  constructor(message: string, code: EvaluationErrorCode = 'evaluation') {
    super(message);
    this.name = 'EvaluationError';
    this.code = code;
  }
}

export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    if (value < 0n || value > 0xffffffffffffffffn) throw new EvaluationError('unsigned integer overflow');
    this.value = value;
  }
}

export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (BigInt.asIntN(64, nanos) !== nanos) throw new EvaluationError('integer overflow');
    this.nanos = nanos;
  }
}

const minTimestamp = -62135596800n * 1_000_000_000n;
const maxTimestamp = 253402300800n * 1_000_000_000n;

export class Timestamp {
  /** Since the Unix epoch. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (nanos < minTimestamp || nanos >= maxTimestamp) throw new EvaluationError('timestamp overflow');
    this.nanos = nanos;
  }
}

export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's own type, such as Quantity. */
export abstract class OpaqueValue {
  abstract readonly typeName: string;

  abstract equals(other: OpaqueValue): boolean;

  /** For the cost model; undefined counts as one. */
  size(): number | undefined {
    return undefined;
  }
}

export abstract class CelList {
  abstract readonly length: number;
  readonly listType?: 'set' | 'map' | undefined;
  readonly listMapKeys?: readonly string[] | undefined;

  abstract at(index: number): Value;

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

export class ArrayList extends CelList {
  readonly items: Value[];
  override readonly listType: 'set' | 'map' | undefined;
  override readonly listMapKeys: readonly string[] | undefined;

  constructor(items: Value[], like?: CelList) {
    super();
    this.items = items;
    this.listType = like?.listType;
    this.listMapKeys = like?.listMapKeys;
  }

  get length(): number {
    return this.items.length;
  }

  at(index: number): Value {
    return this.items[index] as Value;
  }

  override [Symbol.iterator](): Iterator<Value> {
    return this.items[Symbol.iterator]();
  }
}

export abstract class CelMap {
  abstract readonly size: number;

  /** Undefined where there is no such key. */
  abstract get(key: Value): Value | undefined;
  abstract keys(): Value[];

  /** Objects are of a named type, and are never equal to plain maps of another. */
  get typeName(): string | undefined {
    return undefined;
  }
}

/** What two numerically equal keys share; undefined for what cannot be a key. */
export function keyOf(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number' && Number.isInteger(key)) return `n${BigInt(key)}`;
  return undefined;
}

export class EntryMap extends CelMap {
  private readonly entries = new Map<string, [Value, Value]>();
  private readonly objectName: string | undefined;

  constructor(objectName?: string) {
    super();
    this.objectName = objectName;
  }

  override get typeName(): string | undefined {
    return this.objectName;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: Value): Value | undefined {
    const found = keyOf(key);
    return found === undefined ? undefined : this.entries.get(found)?.[1];
  }

  keys(): Value[] {
    return [...this.entries.values()].map(([key]) => key);
  }

  /** Only while the map is being made. Throws on a key twice and on one that cannot be a key. */
  insert(key: Value, value: Value): void {
    const found = typeof key === 'number' ? undefined : keyOf(key);
    if (found === undefined) throw new EvaluationError(`unsupported key type: ${typeName(key)}`);
    if (this.entries.has(found)) throw new EvaluationError(`Failed with repeated key`);
    this.entries.set(found, [key, value]);
  }

  copy(): EntryMap {
    const result = new EntryMap(this.objectName);
    for (const [name, entry] of this.entries) result.entries.set(name, entry);
    return result;
  }
}

/** The name `type()` gives. */
export function typeName(value: Value): string {
  if (value === null) return 'null_type';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (value instanceof CelList) return 'list';
  if (value instanceof CelMap) return value.typeName ?? 'map';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  return value.typeName;
}

/** Whether a value may be passed where `type` is declared. Looks at the outermost type only. */
export function fits(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'error':
    case 'param':
      return true;
    case 'null':
      return value === null;
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'bigint';
    case 'uint':
      return value instanceof Uint;
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'duration':
      return value instanceof Duration;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'list':
      return value instanceof CelList;
    case 'map':
      return value instanceof CelMap;
    case 'object':
      return value instanceof CelMap;
    case 'type':
      return value instanceof TypeValue;
    case 'opaque':
      if (type.name === 'optional_type') return value instanceof Optional;
      return value instanceof OpaqueValue && value.typeName === type.name;
    default:
      return type.kind satisfies never;
  }
}
