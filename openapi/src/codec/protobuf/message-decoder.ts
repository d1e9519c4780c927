/**
 * Protobuf messages to JSON objects. One function per message, compiled when the message is first met; keptZerosOf says
 * which zeros are values. What Go writes as a null (a zero Time) has no member here.
 */
import { type FieldDescriptor, type MessageDescriptor, protobufDescriptors } from '../../catalogue/protobuf.ts';
import { formatApiVersion } from '../../meta/group-version.ts';
import type { GroupVersionKind, JsonObject, JsonValue } from '../../meta/object.ts';
import { quote } from '../../meta/quote.ts';
import { isObject, setOwn } from '../../schema/json-value.ts';
import { keptZerosOf } from '../../schema/kept-zeros.ts';
import { CodecError } from '../serializer.ts';
import { isEnvelope, readEnvelope } from './envelope.ts';
import { messageOfObject } from './kinds.ts';
import { embedded, embeddedJson, specialMessages, wrongWireType } from './special-messages.ts';
import { WireReader, wireTypes } from './wire-reader.ts';

/** Reads a message up to `end`, or a scalar that must not go beyond it. Undefined: stands for nothing. */
export type Decode = (reader: WireReader, end: number, depth: number) => JsonValue | undefined;

type DecodeField = (reader: WireReader, end: number, target: JsonObject, wireType: number, depth: number) => void;
type DecodeFields = (reader: WireReader, end: number, target: JsonObject, depth: number) => void;

/** Of messages, lists and maps: half of what JSON may have, as reading them takes more of the stack. */
const maxDepth = 500;

const decoders = new Map<string, Decode>();
const fieldDecoders = new Map<string, DecodeFields>();

/** An object in its envelope. Throws CodecError. */
export function decodeEnvelope(bytes: Uint8Array, defaults: Partial<GroupVersionKind> = {}, depth = 0): JsonObject {
  const envelope = readEnvelope(bytes);
  const apiVersion = envelope.apiVersion || (defaults.version === undefined ? '' : defaultApiVersion(defaults));
  const kind = envelope.kind || (defaults.kind ?? '');
  const given = `runtime.TypeMeta{APIVersion:${quote(envelope.apiVersion)}, Kind:${quote(envelope.kind)}}`;
  if (kind === '') throw new CodecError(`Object 'Kind' is missing in '${given}'`);
  if (apiVersion === '') throw new CodecError(`Object 'apiVersion' is missing in '${given}'`);
  const descriptor = messageOfObject(apiVersion, kind);
  if (descriptor === undefined) {
    throw new CodecError(
      `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  const object: JsonObject = { apiVersion, kind };
  fieldsDecoder(descriptor.name)(new WireReader(envelope.raw), envelope.raw.length, object, depth);
  if (object.items === undefined && isList(descriptor)) object.items = [];
  return object;
}

function defaultApiVersion({ group = '', version = '' }: Partial<GroupVersionKind>): string {
  return formatApiVersion({ group, version });
}

/** An empty list is a list, though nothing on the wire says so. */
function isList({ fields }: MessageDescriptor): boolean {
  return (
    fields.some(({ name, repeated }) => name === 'items' && repeated === true) &&
    fields.some(({ type }) => type.endsWith('.meta.v1.ListMeta'))
  );
}

/** Of a message, by full name. Throws where there is no such message. */
export function decoderOf(message: string): Decode {
  let decode = decoders.get(message);
  if (decode === undefined) decoders.set(message, (decode = createDecoder(message)));
  return decode;
}

function createDecoder(message: string): Decode {
  const special = specialMessages.get(message);
  if (special !== undefined) return special.decode;
  if (message.endsWith('.runtime.RawExtension')) {
    return embedded(undefined, (bytes, depth) =>
      isEnvelope(bytes) ? decodeEnvelope(bytes, {}, depth + 1) : embeddedJson(bytes, depth),
    ).decode;
  }
  const fields = fieldsDecoder(message);
  const decode = (reader: WireReader, end: number, depth: number): JsonObject => {
    const target: JsonObject = {};
    fields(reader, end, target, depth);
    return target;
  };
  if (/\.(?:ExtraValue|Verbs)$/.test(message)) {
    return (reader, end, depth) => decode(reader, end, depth).items ?? [];
  }
  const [, variant] = /\.JSONSchemaPropsOr(Bool|Array|StringArray)$/.exec(message) ?? [];
  switch (variant) {
    case undefined:
      return decode;
    case 'Bool':
      return (reader, end, depth) => {
        const { schema, allows } = decode(reader, end, depth);
        return schema ?? allows ?? false;
      };
    default:
      return (reader, end, depth) => {
        const { schema, jSONSchemas, property } = decode(reader, end, depth);
        return jSONSchemas ?? property ?? schema ?? null;
      };
  }
}

function fieldsDecoder(message: string): DecodeFields {
  const known = fieldDecoders.get(message);
  if (known !== undefined) return known;
  const descriptor = protobufDescriptors().message(message);
  if (descriptor === undefined) throw new CodecError(`proto: unknown message ${message}`);
  let compiled: (DecodeField | undefined)[] | undefined;
  const decode: DecodeFields = (reader, end, target, depth) => {
    if (depth > maxDepth) throw new CodecError('proto: exceeded max depth');
    const fields = (compiled ??= compile(message, descriptor.fields));
    while (reader.position < end) {
      const tag = reader.tag(end);
      const field = fields[tag >>> 3];
      if (field !== undefined) field(reader, end, target, tag & 7, depth);
      else if (tag >>> 3 === 0)
        throw new CodecError(`proto: ${shortName(message)}: illegal tag 0 (wire type ${tag & 7})`);
      else if ((tag & 7) === wireTypes.endGroup) {
        throw new CodecError(`proto: ${shortName(message)}: wiretype end group for non-group`);
      } else reader.skip(tag, end);
    }
  };
  fieldDecoders.set(message, decode);
  return decode;
}

const shortName = (message: string) => message.slice(message.lastIndexOf('.') + 1);

function compile(message: string, descriptors: readonly FieldDescriptor[]): (DecodeField | undefined)[] {
  const keptZeros = keptZerosOf(message);
  const fields: (DecodeField | undefined)[] = [];
  for (const descriptor of descriptors) {
    while (fields.length <= descriptor.number) fields.push(undefined);
    fields[descriptor.number] = compileField(descriptor, keptZeros.has(descriptor.name));
  }
  return fields;
}

function compileField(field: FieldDescriptor, keepsZero: boolean): DecodeField {
  if (field.map === true) return mapField(field);
  if (!field.type.includes('.'))
    return field.repeated === true ? repeatedScalar(field) : singleScalar(field, keepsZero);
  if (field.inline === true) return inlineMessage(field);
  return field.repeated === true ? repeatedMessage(field) : singleMessage(field);
}

/** Go's name of the field. */
const goName = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

function singleScalar({ name, type }: FieldDescriptor, keepsZero: boolean): DecodeField {
  const { wireType: wanted, zero, decode } = scalar(type);
  return (reader, end, target, wireType) => {
    if (wireType !== wanted) throw wrongWireType(wireType, goName(name));
    const value = decode(reader, end);
    if (value !== zero || keepsZero) target[name] = value;
  };
}

/** Packed or not. */
function repeatedScalar({ name, type }: FieldDescriptor): DecodeField {
  const { wireType: wanted, decode } = scalar(type);
  return (reader, end, target, wireType) => {
    const list = (target[name] ??= []) as JsonValue[];
    if (wireType === wanted) list.push(decode(reader, end));
    else if (wireType === wireTypes.bytes) {
      const limit = reader.limit(end);
      while (reader.position < limit) list.push(decode(reader, limit));
    } else throw wrongWireType(wireType, goName(name));
  };
}

/** A message that comes twice is merged, as protobuf has it. */
function singleMessage({ name, type }: FieldDescriptor): DecodeField {
  const decode = decoderOf(type);
  const merges = isPlain(type) ? fieldsDecoder(type) : undefined;
  return (reader, end, target, wireType, depth) => {
    if (wireType !== wireTypes.bytes) throw wrongWireType(wireType, goName(name));
    const limit = reader.limit(end);
    const former = target[name];
    if (former !== undefined && merges !== undefined && isObject(former)) {
      merges(reader, limit, former, depth + 1);
      return;
    }
    const value = decode(reader, limit, depth + 1);
    if (value !== undefined) target[name] = value;
  };
}

function isPlain(type: string): boolean {
  return !specialMessages.has(type) && !/\.(?:RawExtension|ExtraValue|Verbs|JSONSchemaPropsOr\w+)$/.test(type);
}

function inlineMessage({ name, type }: FieldDescriptor): DecodeField {
  const fields = fieldsDecoder(type);
  return (reader, end, target, wireType, depth) => {
    if (wireType !== wireTypes.bytes) throw wrongWireType(wireType, goName(name));
    fields(reader, reader.limit(end), target, depth + 1);
  };
}

function repeatedMessage({ name, type }: FieldDescriptor): DecodeField {
  const decode = decoderOf(type);
  return (reader, end, target, wireType, depth) => {
    if (wireType !== wireTypes.bytes) throw wrongWireType(wireType, goName(name));
    const list = (target[name] ??= []) as JsonValue[];
    list.push(decode(reader, reader.limit(end), depth + 2) ?? null);
  };
}

function mapField({ name, type }: FieldDescriptor): DecodeField {
  const ofMessages = type.includes('.');
  const { wireType: wanted, decode } = ofMessages
    ? { wireType: wireTypes.bytes as number, decode: messageValue(type) }
    : scalar(type);
  const empty = ofMessages ? undefined : scalar(type).zero;
  return (reader, end, target, wireType, depth) => {
    if (wireType !== wireTypes.bytes) throw wrongWireType(wireType, goName(name));
    const map = (target[name] ??= {}) as JsonObject;
    const limit = reader.limit(end);
    let key = '';
    let value: JsonValue | undefined = empty;
    while (reader.position < limit) {
      const tag = reader.tag(limit);
      const number = tag >>> 3;
      if (number === 1 && (tag & 7) === wireTypes.bytes) key = reader.string(limit);
      else if (number === 2 && (tag & 7) === wanted) value = decode(reader, limit, depth + 2);
      else if (number === 1 || number === 2) throw wrongWireType(tag & 7, goName(name));
      else reader.skip(tag, limit);
    }
    setOwn(map, key, value ?? (ofMessages ? (decodeEmpty(type) ?? null) : ''));
  };
}

function messageValue(type: string): Decode {
  const decode = decoderOf(type);
  return (reader, end, depth) => decode(reader, reader.limit(end), depth);
}

/** What a map entry without a value has. */
function decodeEmpty(type: string): JsonValue | undefined {
  return decoderOf(type)(new WireReader(Buffer.alloc(0)), 0, 0);
}

interface Scalar {
  wireType: number;
  zero: JsonValue;
  decode: (reader: WireReader, end: number) => JsonValue;
}

function scalar(type: string): Scalar {
  const found = scalars[type];
  if (found === undefined) throw new CodecError(`proto: unknown scalar type ${type}`);
  return found;
}

const scalars: Readonly<Record<string, Scalar>> = {
  string: { wireType: wireTypes.bytes, zero: '', decode: (reader, end) => reader.string(end) },
  bytes: { wireType: wireTypes.bytes, zero: '', decode: (reader, end) => reader.piece(end).toString('base64') },
  bool: { wireType: wireTypes.varint, zero: false, decode: (reader, end) => reader.boolean(end) },
  int32: { wireType: wireTypes.varint, zero: 0, decode: (reader, end) => reader.int32(end) },
  int64: { wireType: wireTypes.varint, zero: 0, decode: (reader, end) => reader.int64(end) },
  double: { wireType: wireTypes.fixed64, zero: 0, decode: (reader, end) => reader.double(end) },
};
