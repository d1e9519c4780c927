/** Views on JSON as CEL values, by the type of a schema or, without one, by what is there. */

import type { JsonValue } from '@typernetes/openapi/meta';
import { isRawNumber } from '@typernetes/openapi/schema';
import { fieldNamed } from '../schema/escape.ts';
import type { Field, Type } from '../types/type.ts';
import { DYN, elementOf } from '../types/type.ts';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time.ts';
import type { Value } from './value.ts';
import { CelList, CelMap, Duration, EvaluationError, Optional, Timestamp, TypeValue, Uint } from './value.ts';

export type Json = JsonValue | undefined;

export function fromJson(value: Json, type: Type = DYN): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return type.kind !== 'double' && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string') return type.kind === 'string' || type.kind === 'dyn' ? value : fromText(value, type);
  if (typeof value === 'boolean') return value;
  if (isRawNumber(value)) return type.kind === 'double' ? Number(value.rawJSON) : BigInt(value.rawJSON);
  return Array.isArray(value) ? new JsonList(value, type) : new JsonMap(value, type);
}

function fromText(value: string, type: Type): Value {
  if (type.kind === 'bytes') return Buffer.from(value, 'base64');
  if (type.kind === 'duration') return new Duration(parseDuration(value));
  if (type.kind === 'timestamp') {
    return new Timestamp(parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value));
  }
  return value;
}

class JsonList extends CelList {
  private readonly json: readonly JsonValue[];
  private readonly element: Type;
  override readonly listType: 'set' | 'map' | undefined;
  override readonly listMapKeys: readonly string[] | undefined;
  private readonly converted: Value[] = [];

  constructor(json: readonly JsonValue[], type: Type) {
    super();
    this.json = json;
    this.element = type.kind === 'list' ? elementOf(type) : DYN;
    this.listType = type.listType;
    this.listMapKeys = type.listMapKeys;
  }

  get length(): number {
    return this.json.length;
  }

  at(index: number): Value {
    const known = this.converted[index];
    if (known !== undefined) return known;
    const value = fromJson(this.json[index], this.element);
    this.converted[index] = value;
    return value;
  }
}

export class JsonMap extends CelMap {
  readonly json: { readonly [key: string]: JsonValue };
  private readonly fields: ReadonlyMap<string, Field> | undefined;
  private readonly element: Type;
  private readonly name: string | undefined;
  private readonly converted = new Map<string, Value>();

  constructor(json: { readonly [key: string]: JsonValue }, type: Type) {
    super();
    this.json = json;
    this.fields = type.kind === 'object' ? type.fields : undefined;
    this.name = type.kind === 'object' ? type.name : undefined;
    this.element = type.kind === 'map' ? elementOf(type) : DYN;
  }

  override get typeName(): string | undefined {
    return this.name;
  }

  get size(): number {
    return this.fields === undefined ? Object.keys(this.json).length : this.keys().length;
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.converted.get(key);
    if (known !== undefined) return known;
    const field = fieldNamed(this.fields, key);
    if (this.fields !== undefined && field === undefined) return undefined;
    const name = field?.jsonName ?? key;
    if (!Object.hasOwn(this.json, name)) return undefined;
    const json = this.json[name];
    // A field that is null is as good as absent: only nullable fields can be, and they are declared without null.
    if (json === undefined || (json === null && field !== undefined)) return undefined;
    const value = fromJson(json, field?.type ?? this.element);
    this.converted.set(key, value);
    return value;
  }

  keys(): Value[] {
    if (this.fields === undefined) return Object.keys(this.json);
    const present: string[] = [];
    for (const [escaped, { jsonName }] of this.fields) {
      if (Object.hasOwn(this.json, jsonName) && this.json[jsonName] !== null) present.push(escaped);
    }
    return present;
  }

  /** The JSON name behind an escaped one. */
  jsonName(key: string): string {
    return fieldNamed(this.fields, key)?.jsonName ?? key;
  }
}

/** JSON of a value, for patches and applied configurations. Throws for what has no JSON form. */
export function toJson(value: Value): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new EvaluationError(`cannot convert ${value} to JSON`);
    return value;
  }
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof CelList) return Array.from(value, toJson);
  if (value instanceof JsonMap) return { ...value.json };
  if (value instanceof CelMap) {
    const result: { [key: string]: JsonValue } = {};
    for (const key of value.keys()) {
      const name = typeof key === 'bigint' ? String(key) : key;
      if (typeof name !== 'string')
        throw new EvaluationError('cannot convert a map with keys that are not strings to JSON');
      Object.defineProperty(result, name, {
        value: toJson(value.get(key) ?? null),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return result;
  }
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value);
  if (value instanceof TypeValue) return value.name;
  throw new EvaluationError(`type conversion error from '${value.typeName}' to JSON`);
}
