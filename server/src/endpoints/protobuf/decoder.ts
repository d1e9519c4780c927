/**
 * Request bodies in `application/vnd.kubernetes.protobuf`, which `kubectl create` and client-go send: the magic bytes,
 * a runtime.Unknown, and in it the message of the kind, turned into the object's JSON form.
 */
import { type FieldDescriptor, type MessageDescriptor, protobufDescriptors } from '@typernetes/openapi/catalogue';
import { CodecError, parseJson } from '@typernetes/openapi/codec';
import {
  formatMicroTime,
  formatTime,
  type JsonObject,
  type JsonValue,
  parseApiVersion,
} from '@typernetes/openapi/meta';
import { setOwn } from '@typernetes/openapi/schema';
import { explicitZeros } from './explicit-zeros.ts';
import { WireReader } from './wire-reader.ts';

const magic = Buffer.from('k8s\0');
const meta = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const maxDepth = 200;

/** Throws CodecError on bytes that are no such message. */
export function decodeProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new CodecError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const { apiVersion, kind, raw, contentType } = readUnknown(new WireReader(bytes.subarray(magic.length)));
  if (contentType === 'application/json') return { ...(parseJson(raw).value as JsonObject), apiVersion, kind };
  let descriptor: MessageDescriptor | undefined;
  try {
    descriptor = protobufDescriptors().messageFor({ ...parseApiVersion(apiVersion), kind });
  } catch {
    descriptor = undefined;
  }
  // An unknown kind is refused later, by name.
  if (descriptor === undefined) return { apiVersion, kind };
  return { apiVersion, kind, ...readMessage(new WireReader(raw), descriptor, 0) };
}

function readUnknown(reader: WireReader) {
  const unknown: { apiVersion: string; kind: string; raw: Buffer; contentType: string } = {
    apiVersion: '',
    kind: '',
    raw: Buffer.alloc(0),
    contentType: '',
  };
  reader.eachField((number) => {
    if (number === 1) {
      new WireReader(reader.bytes()).eachField((inner, typeMeta) => {
        if (inner === 1) unknown.apiVersion = typeMeta.string();
        else if (inner === 2) unknown.kind = typeMeta.string();
        else return false;
        return true;
      });
    } else if (number === 2) unknown.raw = reader.bytes();
    else if (number === 4) unknown.contentType = reader.string();
    else return false;
    return true;
  });
  return unknown;
}

const byNumber = new WeakMap<MessageDescriptor, Map<number, FieldDescriptor>>();

function fieldsOf(descriptor: MessageDescriptor): Map<number, FieldDescriptor> {
  let fields = byNumber.get(descriptor);
  if (fields === undefined)
    byNumber.set(descriptor, (fields = new Map(descriptor.fields.map((field) => [field.number, field]))));
  return fields;
}

function readMessage(reader: WireReader, descriptor: MessageDescriptor, depth: number): JsonObject {
  if (depth > maxDepth) throw new CodecError('proto: exceeded max depth');
  const result: JsonObject = {};
  const fields = fieldsOf(descriptor);
  const zeros = explicitZeros(descriptor.name);
  reader.eachField((number, _, wireType) => {
    const field = fields.get(number);
    if (field === undefined) return false;
    if (field.map === true) {
      const map = (result[field.name] ??= {}) as JsonObject;
      readMapEntry(new WireReader(reader.bytes()), field, map, depth);
    } else if (field.repeated === true) {
      const list = (result[field.name] ??= []) as JsonValue[];
      if (wireType === 2 && reader.isPackable(field.type)) reader.packed(field.type, (value) => list.push(value));
      else list.push(readValue(reader, field.type, depth) ?? null);
    } else {
      const value = readValue(reader, field.type, depth);
      if (field.inline === true) Object.assign(result, value);
      else if (value !== undefined && (!isZero(value) || zeros.has(field.name))) result[field.name] = value;
    }
    return true;
  });
  return result;
}

function readMapEntry(reader: WireReader, field: FieldDescriptor, map: JsonObject, depth: number): void {
  let key = '';
  let value: JsonValue | undefined;
  reader.eachField((number) => {
    if (number === 1) key = reader.string();
    else if (number === 2) value = readValue(reader, field.type, depth);
    else return false;
    return true;
  });
  setOwn(map, key, value ?? emptyValue(field.type));
}

function emptyValue(type: string): JsonValue {
  if (type === 'string' || type === 'bytes') return '';
  return type.includes('.') ? {} : 0;
}

function isZero(value: JsonValue): boolean {
  return value === '' || value === 0 || value === false;
}

/** Undefined where the message stands for nothing (a zero Time). */
function readValue(reader: WireReader, type: string, depth: number): JsonValue | undefined {
  if (!type.includes('.')) return reader.scalar(type);
  const inner = new WireReader(reader.bytes());
  switch (type) {
    case `${meta}.Time`:
    case `${meta}.MicroTime`:
    case `${meta}.Timestamp`:
      return readTime(inner, type === `${meta}.MicroTime`);
    case `${meta}.Duration`:
      return duration(inner.onlyField(1, () => inner.scalar('int64')) as number | undefined);
    case 'k8s.io.apimachinery.pkg.api.resource.Quantity':
    case 'k8s.io.apimachinery.pkg.api.resource.QuantityValue':
      return inner.onlyField(1, () => inner.string()) ?? '0';
    case 'k8s.io.apimachinery.pkg.util.intstr.IntOrString':
      return readIntOrString(inner);
    case 'k8s.io.apimachinery.pkg.runtime.RawExtension':
    case `${meta}.FieldsV1`:
    case 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON': {
      const raw = inner.onlyField(1, () => inner.bytes());
      return raw === undefined || raw.length === 0 ? undefined : (parseJson(raw).value as JsonValue);
    }
    default: {
      const descriptor = protobufDescriptors().message(type);
      if (descriptor === undefined) throw new CodecError(`proto: unknown message ${type}`);
      const value = readMessage(inner, descriptor, depth + 1);
      const [only] = descriptor.fields;
      const isList =
        descriptor.fields.length === 1 &&
        only?.name === 'items' &&
        only.repeated === true &&
        /\.(ExtraValue|Verbs)$/.test(type);
      return isList ? (value.items ?? []) : value;
    }
  }
}

function readTime(reader: WireReader, micro: boolean): string | undefined {
  let seconds = 0;
  let nanos = 0;
  let present = false;
  reader.eachField((number) => {
    present = true;
    if (number === 1) seconds = Number(reader.scalar('int64'));
    else if (number === 2) nanos = Number(reader.scalar('int32'));
    else return false;
    return true;
  });
  if (!present) return undefined;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new CodecError('proto: time out of range');
  if (!micro) return formatTime(date);
  return `${formatMicroTime(date).slice(0, 20)}${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function readIntOrString(reader: WireReader): JsonValue {
  let isString = false;
  let integer = 0;
  let text = '';
  reader.eachField((number) => {
    if (number === 1) isString = reader.scalar('int64') === 1;
    else if (number === 2) integer = Number(reader.scalar('int32'));
    else if (number === 3) text = reader.string();
    else return false;
    return true;
  });
  return isString ? text : integer;
}

/** Go's duration text. */
function duration(nanoseconds: number | undefined): string {
  const total = (nanoseconds ?? 0) / 1e9;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
