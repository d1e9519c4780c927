/**
 * What Go's decoder does to an object beyond parsing, in one pass over every write: wrong types are errors in its
 * words, unknown fields are dropped (and named), null means absent, and what Go would print differently after
 * decoding is brought into that form (quantities, times, empty optional lists and maps, zeros that are left out and
 * fields that are always there).
 */
import { parseQuantity, QuantityError } from '../meta/quantity.ts';
import { quote } from '../meta/quote.ts';
import { parseInt64 } from '../meta/strconv.ts';
import {
  compile,
  emptyStruct,
  type Field,
  goTypeOf,
  type Node,
  type SchemaOrNode,
  type StructNode,
} from './compiled.ts';
import { DecodeError, illegalBase64At, microTime, time } from './encoded-scalars.ts';
import { conversionMismatch, jsonTypeOf, namedType } from './go-types.ts';
import { isObject, isRawNumber, setOwn } from './json-value.ts';
import { plainNumbers, wrapped } from './plain-numbers.ts';
import type { Resolve, Schema } from './schema.ts';

export interface TypeCheck {
  /** The first type error in Go's words; the value is then in no defined state. */
  error: string | undefined;
  /** The same as upstream's converter of maps words it, which strategic merge patches go through. */
  conversionError: string | undefined;
  /** Paths of unknown fields, in order, at most a hundred; they are gone from the value. */
  unknownFields: string[];
}

/** Upstream's limit on reported strict errors. */
const maxUnknownFields = 100;

/**
 * How numbers are read: `asWritten` takes them as codec's option of that name leaves them, and they are plain
 * afterwards; `converted` is as upstream's converter of maps does it, which wraps an integer that its field cannot hold.
 */
export type NumberReading = 'plain' | 'asWritten' | 'converted';

export function checkTypes(
  value: unknown,
  schema: Schema,
  resolve: Resolve,
  numbers: NumberReading = 'plain',
): TypeCheck {
  const pass = new Pass(isObject(value) && typeof value.kind === 'string' ? value.kind : '', numbers);
  try {
    pass.check(value, compile(schema, resolve));
    return { error: undefined, conversionError: undefined, unknownFields: pass.unknownFields };
  } catch (error) {
    if (error instanceof DecodeError)
      return { error: error.message, conversionError: error.conversion, unknownFields: pass.unknownFields };
    throw error;
  }
}

/** `strict decoding error: unknown field "spec.foo", duplicate field "a"`; undefined where there is nothing to say. */
export function strictDecodingError(messages: readonly string[]): string | undefined {
  return messages.length === 0 ? undefined : `strict decoding error: ${messages.join(', ')}`;
}

export const unknownFieldMessage = (path: string): string => `unknown field ${quote(path)}`;
export const duplicateFieldMessage = (path: string): string => `duplicate field ${quote(path)}`;

/** The same few quantities come again and again. */
const canonical = new Map<string, string>();
const maxCanonical = 1024;
const maxCanonicalLength = 32;

const text: Node = { kind: 'string' };

class Pass {
  readonly unknownFields: string[] = [];
  readonly #seen = new Set<string>();
  readonly #path: (string | number)[] = [];
  /** Only the names of struct fields: indexes and map keys do not show in Go's type errors. */
  readonly #fields: string[] = [];
  #struct: StructNode | undefined;
  /** Go's name of the type of the field that was entered last. */
  #goType: string | undefined;
  /** Names the outermost struct, which no reference names. */
  readonly #kind: string;
  readonly #numbers: NumberReading;

  constructor(kind: string, numbers: NumberReading) {
    this.#kind = kind;
    this.#numbers = numbers;
  }

  /** Returns what stands for the value; containers are changed in place. */
  check(value: unknown, node: Node): unknown {
    switch (node.kind) {
      case 'any':
        return this.#any(value);
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(value, node);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(value, node);
      case 'integer':
        return this.#integer(value, node, node.bits);
      case 'number':
        return typeof value === 'number' ? value : this.#float(value, node);
      case 'struct':
        return this.#checkStruct(value, node);
      case 'list':
        return this.#checkList(value, node);
      case 'map':
        return this.#checkMap(value, node);
      case 'bytes':
        return this.#bytes(value, node);
      case 'intOrString':
        return typeof value === 'string' ? value : this.#integer(value, node, 32);
      case 'quantity':
        return this.#quantity(value);
      case 'time':
      case 'microTime':
        if (typeof value !== 'string') return this.#mismatch(value, node);
        return node.kind === 'time' ? time(value) : microTime(value);
      case 'schemaOr':
        return this.#schemaOr(value, node);
      default:
        return node satisfies never;
    }
  }

  #checkStruct(value: unknown, node: StructNode): unknown {
    if (!isObject(value)) return this.#mismatch(value, node);
    const members: Record<string, unknown> = value;
    const outer = this.#struct;
    this.#struct = node;
    const fields = node.fields;
    for (const key of Object.keys(members)) {
      const field = fields.get(key);
      if (field === undefined) {
        this.#unknown(key);
        delete members[key];
        continue;
      }
      const member = members[key];
      if (member === null || member === undefined) {
        delete members[key];
        continue;
      }
      this.#path.push(key);
      this.#fields.push(field.embedded === undefined ? key : `${field.embedded}.${key}`);
      this.#goType = field.goType;
      const checked = this.check(member, field.node);
      this.#path.pop();
      this.#fields.pop();
      if (!field.required && isOmitted(checked, key, field, node)) delete members[key];
      else if (checked !== member) members[key] = checked;
    }
    this.#struct = outer;
    this.#goType = undefined;
    for (const { name, zero } of node.always) if (members[name] === undefined) members[name] = zero();
    return value;
  }

  /** These decode themselves: nobody hears of the unknown fields that they drop. */
  #schemaOr(value: unknown, { other, schema }: SchemaOrNode): unknown {
    if (other === 'Bool' && !isObject(value)) {
      if (typeof value === 'boolean') return value;
      throw new DecodeError('boolean or JSON schema expected');
    }
    const known = this.unknownFields.length;
    if (isObject(value)) this.check(value, schema);
    else if (Array.isArray(value)) this.#checkList(value, { kind: 'list', item: other === 'Array' ? schema : text });
    this.unknownFields.length = known;
    // What is neither says nothing, like an empty list.
    return isObject(value) || (Array.isArray(value) && value.length > 0) ? value : undefined;
  }

  #checkList(value: unknown, node: Node & { kind: 'list' }): unknown {
    if (!Array.isArray(value)) return this.#mismatch(value, node);
    const items: unknown[] = value;
    const item = node.item;
    if (item.kind === 'any') return this.#any(value);
    for (let index = 0; index < items.length; index++) {
      const member = items[index];
      if (member === null) {
        items[index] = zero(item);
        continue;
      }
      this.#path.push(index);
      const checked = this.check(member, item);
      if (checked !== member) items[index] = checked;
      this.#path.pop();
    }
    return value;
  }

  #checkMap(value: unknown, node: Node & { kind: 'map' }): unknown {
    if (!isObject(value)) return this.#mismatch(value, node);
    const members: Record<string, unknown> = value;
    const member = node.value;
    if (member.kind === 'any') return this.#any(value);
    for (const key of Object.keys(members)) {
      const current = members[key];
      if (current === null) {
        setOwn(members, key, zero(member));
        continue;
      }
      this.#path.push(key);
      const checked = this.check(current, member);
      if (checked !== current) setOwn(members, key, checked);
      this.#path.pop();
    }
    return value;
  }

  #any(value: unknown): unknown {
    if (this.#numbers !== 'asWritten') return value;
    try {
      return plainNumbers(value);
    } catch (error) {
      throw new DecodeError((error as Error).message);
    }
  }

  #float(value: unknown, node: Node): unknown {
    if (!isRawNumber(value)) return this.#mismatch(value, node);
    const number = Number(value.rawJSON);
    return Number.isFinite(number) ? number : this.#mismatch(value, node, `number ${value.rawJSON}`);
  }

  #integer(value: unknown, node: Node, bits: 32 | 64): unknown {
    if (typeof value === 'number') {
      if (Number.isInteger(value) && (bits === 64 ? value >= -(2 ** 63) && value < 2 ** 63 : value === (value | 0)))
        return value;
      if (this.#numbers === 'converted' && node.kind === 'integer' && Number.isInteger(value))
        return wrapped(value, bits);
      return this.#mismatch(value, node, `number ${value}`);
    }
    if (isRawNumber(value)) {
      if (bits === 64 && parseInt64(value.rawJSON) !== undefined) return value;
      if (this.#numbers === 'converted' && node.kind === 'integer') return wrapped(value.rawJSON, bits);
      return this.#mismatch(value, node, `number ${value.rawJSON}`);
    }
    return this.#mismatch(value, node);
  }

  /** The text stays as it is: Go's encoding gives the same bytes back for every correct text. */
  #bytes(value: unknown, node: Node): unknown {
    if (typeof value !== 'string') return this.#mismatch(value, node);
    const bad = illegalBase64At(value);
    if (bad !== undefined)
      throw new DecodeError(
        `illegal base64 data at input byte ${bad}`,
        `error decoding from json: illegal base64 data at input byte ${bad}`,
      );
    return value;
  }

  #quantity(value: unknown): string {
    const text = typeof value === 'string' ? value : isRawNumber(value) ? value.rawJSON : JSON.stringify(value);
    const known = canonical.get(text);
    if (known !== undefined) return known;
    try {
      const quantity = parseQuantity(text.trim()).toString();
      if (canonical.size < maxCanonical && text.length < maxCanonicalLength) canonical.set(text, quantity);
      return quantity;
    } catch (error) {
      if (error instanceof QuantityError) throw new DecodeError(error.message);
      throw error;
    }
  }

  #unknown(key: string): void {
    if (this.unknownFields.length >= maxUnknownFields) return;
    let path = '';
    for (const part of this.#path) path += typeof part === 'number' ? `[${part}]` : path === '' ? part : `.${part}`;
    path = path === '' ? key : `${path}.${key}`;
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    this.unknownFields.push(path);
  }

  #mismatch(value: unknown, node: Node, found = jsonTypeOf(value)): never {
    const goType = namedType(goTypeOf(node), this.#goType);
    const name = this.#struct?.goType.split('.')[1] ?? this.#kind;
    const alone = `json: cannot unmarshal ${found} into Go value of type ${goType}`;
    const conversion = conversionMismatch(value, node, goType) ?? alone;
    if (this.#fields.length === 0) throw new DecodeError(alone, conversion);
    const field = `${name}.${this.#fields.join('.')}`;
    throw new DecodeError(
      `json: cannot unmarshal ${found} into Go struct field ${field} of type ${goType}`,
      conversion,
    );
  }
}

/** What Go leaves out when it encodes: optional lists and maps without members, and zeros that mean nothing. */
function isOmitted(value: unknown, key: string, { node, omitsZero, keepsEmpty }: Field, parent: StructNode): boolean {
  // An empty list of managedFields asks for them to be forgotten.
  if (parent.isObjectMeta && key === 'managedFields') return false;
  switch (node.kind) {
    case 'list':
      return !keepsEmpty && Array.isArray(value) && value.length === 0;
    case 'map':
      return Object.keys(value as object).length === 0;
    case 'string':
    case 'bytes':
    case 'boolean':
    case 'integer':
    case 'number':
      return omitsZero && (value === '' || value === 0 || value === false);
    case 'schemaOr':
      return value === undefined;
    default:
      return false;
  }
}

/** What null becomes inside lists and maps. */
function zero(node: Node): unknown {
  switch (node.kind) {
    case 'string':
    case 'bytes':
      return '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'list':
      return [];
    case 'any':
    case 'time':
    case 'microTime':
    case 'schemaOr':
      return null;
    case 'map':
      return {};
    case 'struct':
      return emptyStruct(node);
    default:
      return node satisfies never;
  }
}
