/**
 * JSON objects to protobuf messages. One function per message, compiled when the message is first met. Fields go out in
 * the order of their numbers and maps sorted by key, as from upstream. Members that are absent or null are not
 * written: a decoder of Go gives them the same zero value that upstream's encoder would have spelled out. What frames
 * objects (Statuses, metadata of lists) is spelled out, byte for byte as from upstream.
 */
import { type FieldDescriptor, protobufDescriptors } from '../../catalogue/protobuf.ts';
import { isRawNumber } from '../../schema/json-value.ts';
import { CodecError } from '../serializer.ts';
import { embedded, specialMessages, unexpected } from './special-messages.ts';
import { wireTypes } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** Writes the message, or the scalar, without tag and without the length of a message. Never gets null. */
export type Encode = (writer: WireWriter, value: unknown) => void;

/** Writes the whole field, tags included. */
type EncodeField = (writer: WireWriter, value: unknown) => void;

interface Field {
  name: string;
  inline: boolean;
  /** Written without a value too. */
  always: boolean;
  encode: EncodeField;
}

const spelledOut = /\.apimachinery\.pkg\.apis\.meta\.v1\.(?:ListMeta|Status|StatusDetails|StatusCause|APIResource)$/;
/** Pointers in Go. */
const optional: ReadonlySet<string> = new Set(['remainingItemCount']);

const encoders = new Map<string, Encode>();

/** Of a message, by full name. Throws where there is no such message. */
export function encoderOf(message: string): Encode {
  let encode = encoders.get(message);
  if (encode === undefined) encoders.set(message, (encode = createEncoder(message)));
  return encode;
}

function createEncoder(message: string): Encode {
  const special = specialMessages.get(message);
  if (special !== undefined) return special.encode;
  if (message.endsWith('.runtime.RawExtension')) return embedded(undefined, () => null).encode;
  if (/\.(?:ExtraValue|Verbs)$/.test(message)) {
    const fields = fieldsEncoder(message);
    return (writer, value) => fields(writer, { items: value });
  }
  const [, variant] = /\.JSONSchemaPropsOr(Bool|Array|StringArray)$/.exec(message) ?? [];
  if (variant !== undefined) return schemaOr(variant, fieldsEncoder(message));
  return fieldsEncoder(message);
}

/** A schema or something else in its place (apiextensions). */
function schemaOr(variant: string, fields: Encode): Encode {
  const list = variant === 'Array' ? 'jSONSchemas' : 'property';
  return (writer, value) => {
    if (Array.isArray(value) && variant !== 'Bool') fields(writer, { [list]: value });
    else if (typeof value === 'boolean' && variant === 'Bool') fields(writer, { allows: value });
    else if (typeof value !== 'object' || Array.isArray(value)) throw unexpected(`JSONSchemaPropsOr${variant}`, value);
    else fields(writer, variant === 'Bool' ? { allows: true, schema: value } : { schema: value });
  };
}

function fieldsEncoder(message: string): Encode {
  const descriptor = protobufDescriptors().message(message);
  if (descriptor === undefined) throw new CodecError(`proto: unknown message ${message}`);
  const complete = spelledOut.test(message);
  let compiled: Field[] | undefined;
  return (writer, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(message, value);
    const fields = (compiled ??= descriptor.fields.map((field) => compileField(field, complete)));
    const object = value as Readonly<Record<string, unknown>>;
    for (let index = fields.length - 1; index >= 0; index--) {
      const field = fields[index] as Field;
      const member = field.inline ? object : object[field.name];
      if (field.always || (member !== undefined && member !== null)) field.encode(writer, member ?? null);
    }
  };
}

function compileField(field: FieldDescriptor, complete: boolean): Field {
  const { name, inline = false } = field;
  const isScalar = field.repeated !== true && field.map !== true && !field.type.includes('.');
  const always = complete && isScalar && !optional.has(name);
  const single = inline ? inlineField(field) : singleField(field);
  const encode = field.map === true ? mapField(field) : field.repeated === true ? repeatedField(name, single) : single;
  return { name, inline, always, encode };
}

function singleField({ type, number }: FieldDescriptor): EncodeField {
  if (type.includes('.')) {
    const tag = number * 8 + wireTypes.bytes;
    const encode = encoderOf(type);
    return (writer, value) => {
      const before = writer.length;
      if (value !== null) encode(writer, value);
      writer.varint(writer.length - before);
      writer.varint(tag);
    };
  }
  const { wireType, encode, zero } = scalar(type);
  const tag = number * 8 + wireType;
  return (writer, value) => {
    encode(writer, value ?? zero);
    writer.varint(tag);
  };
}

/** Of an embedded message, whose fields JSON has in the parent; without any of them it is not there. */
function inlineField({ type, number }: FieldDescriptor): EncodeField {
  const tag = number * 8 + wireTypes.bytes;
  const encode = encoderOf(type);
  return (writer, value) => {
    const before = writer.length;
    encode(writer, value);
    if (writer.length === before) return;
    writer.varint(writer.length - before);
    writer.varint(tag);
  };
}

function repeatedField(name: string, single: EncodeField): EncodeField {
  return (writer, value) => {
    if (!Array.isArray(value)) throw unexpected(`[] (field ${name})`, value);
    for (let index = value.length - 1; index >= 0; index--) single(writer, value[index]);
  };
}

function mapField({ name, type, number }: FieldDescriptor): EncodeField {
  const tag = number * 8 + wireTypes.bytes;
  const encodeValue = singleField({ name: 'value', type, number: 2 });
  return (writer, value) => {
    if (typeof value !== 'object' || Array.isArray(value)) throw unexpected(`map[string] (field ${name})`, value);
    const map = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(map).sort();
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index] as string;
      const before = writer.length;
      encodeValue(writer, map[key]);
      writer.string(key);
      writer.varint(mapKeyTag);
      writer.varint(writer.length - before);
      writer.varint(tag);
    }
  };
}

const mapKeyTag = 8 + wireTypes.bytes;

interface Scalar {
  wireType: number;
  encode: Encode;
  /** What null in a list or a map means. */
  zero: unknown;
}

function scalar(type: string): Scalar {
  const found = scalars[type];
  if (found === undefined) throw new CodecError(`proto: unknown scalar type ${type}`);
  return found;
}

const scalars: Readonly<Record<string, Scalar>> = {
  string: {
    wireType: wireTypes.bytes,
    zero: '',
    encode(writer, value) {
      if (typeof value !== 'string') throw unexpected('string', value);
      writer.string(value);
    },
  },
  bytes: {
    wireType: wireTypes.bytes,
    zero: '',
    encode(writer, value) {
      if (typeof value !== 'string') throw unexpected('[]uint8', value);
      writer.bytes(Buffer.from(value, 'base64'));
    },
  },
  bool: {
    wireType: wireTypes.varint,
    zero: false,
    encode(writer, value) {
      if (typeof value !== 'boolean') throw unexpected('bool', value);
      writer.varint(value ? 1 : 0);
    },
  },
  int32: {
    wireType: wireTypes.varint,
    zero: 0,
    encode(writer, value) {
      if (typeof value !== 'number' || (value | 0) !== value) throw unexpected('int32', value);
      writer.int64(value);
    },
  },
  int64: {
    wireType: wireTypes.varint,
    zero: 0,
    encode(writer, value) {
      if (typeof value === 'number' && Number.isInteger(value)) return writer.int64(asInt64(value));
      if (!isRawNumber(value)) throw unexpected('int64', value);
      writer.int64(asInt64(BigInt(value.rawJSON)));
    },
  },
  double: {
    wireType: wireTypes.fixed64,
    zero: 0,
    encode(writer, value) {
      if (typeof value === 'number') return writer.double(value);
      if (!isRawNumber(value)) throw unexpected('float64', value);
      writer.double(Number(value.rawJSON));
    },
  },
};

function asInt64(value: number | bigint): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const big = BigInt(value);
  if (BigInt.asIntN(64, big) !== big)
    throw new CodecError(`json: cannot unmarshal number ${big} into Go value of type int64`);
  return big;
}
