/** The Serializer of `application/vnd.kubernetes.protobuf`, and short cuts between encodings of one object. */

import { formatApiVersion } from '../../meta/group-version.ts';
import type { GroupVersionKind, JsonObject } from '../../meta/object.ts';
import { parseJson } from '../parse-json.ts';
import { CodecError, type Decoded, type DecodeOptions, type Serializer, type WatchEventType } from '../serializer.ts';
import { beginEnvelope, envelopeParts, finishEnvelope, isEnvelope, readEnvelope } from './envelope.ts';
import { messageOfObject } from './kinds.ts';
import { decodeEnvelope, decoderOf } from './message-decoder.ts';
import { encoderOf } from './message-encoder.ts';
import { wrongWireType } from './special-messages.ts';
import { WireReader, wireTypes } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const listMeta = 'k8s.io.apimachinery.pkg.apis.meta.v1.ListMeta';
const watchEvent = 'k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent';
/** The first field of every kind's message, of lists too. */
const metadataTag = 0x0a;

/** Encoding is synchronous and does not nest, so one buffer serves all. */
const writer = new WireWriter();

export interface ProtobufDecodeOptions extends DecodeOptions {
  /** Of bodies that do not say what they are. */
  defaults?: Partial<GroupVersionKind>;
}

export interface ProtobufSerializer extends Serializer {
  decode(bytes: Uint8Array, options?: ProtobufDecodeOptions): Decoded;
}

export const protobufSerializer: ProtobufSerializer = {
  mediaType: protobufMediaType,
  streaming: true,

  encode(object) {
    if (typeof object !== 'object' || object === null) throw notMarshalable(typeof object);
    const { apiVersion, kind } = object as { apiVersion?: unknown; kind?: unknown };
    return encodeAs(object, typeof apiVersion === 'string' ? apiVersion : '', typeof kind === 'string' ? kind : '');
  },

  decode(bytes, options): Decoded {
    return { object: decodeEnvelope(bytes, options?.defaults), duplicateFields: [], strictErrors: [] };
  },

  /** `items` are envelopes; their messages are used as they are. */
  encodeList(apiVersion, kind, metadata, items) {
    const fields = messageOfObject(apiVersion, kind)?.fields;
    const itemField = fields?.find(({ name }) => name === 'items');
    const metadataField = fields?.find(({ name }) => name === 'metadata');
    if (itemField === undefined || metadataField?.type !== listMeta) throw notMarshalable(kind);
    const embeds = itemField.type.endsWith('.RawExtension');
    const head = writeField(metadataField.number, () => encoderOf(listMeta)(writer, metadata));
    const parts: Buffer[] = metadataField.number < itemField.number ? [head] : [];
    let length = head.length;
    const itemTag = itemField.number * 8 + wireTypes.bytes;
    for (const item of items) {
      const message = embeds ? item : readEnvelope(item).raw;
      if (embeds) {
        writer.varint(item.length);
        writer.varint(rawTag);
      }
      writer.varint(writer.length + message.length);
      writer.varint(itemTag);
      const prefix = writer.finish();
      parts.push(prefix, message);
      length += prefix.length + message.length;
    }
    if (metadataField.number > itemField.number) parts.push(head);
    const around = envelopeParts(apiVersion, kind, length);
    return [around.head, ...parts, around.tail];
  },

  /** `object` is an envelope. The event itself has none: four bytes of length, then the message. */
  streamFrame(eventType, object) {
    const around = frameAround(eventType, object.length);
    return Buffer.concat([around, object]);
  },
};

const rawTag = 0x0a;

function frameAround(eventType: WatchEventType, objectLength: number): Buffer {
  writer.reset();
  writer.varint(objectLength);
  writer.varint(rawTag);
  writer.varint(writer.length + objectLength);
  writer.varint(0x12);
  writer.string(eventType);
  writer.varint(0x0a);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(writer.length + objectLength);
  writer.raw(size);
  return writer.finish();
}

/** One event of a watch, without the four bytes of length in front. */
export function decodeWatchEvent(message: Uint8Array): { type: string; object: JsonObject } {
  const event = decoderOf(watchEvent)(new WireReader(message), message.length, 0) as Partial<JsonObject>;
  const { type, object } = event;
  if (typeof type !== 'string' || typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new CodecError('unable to decode watch event: no type or object');
  }
  return { type, object };
}

/**
 * An encoded JSON object, as stored, in its envelope. It is parsed once; `resourceVersion` is put in where given, as
 * stored bytes do not have it.
 */
export function jsonToProtobuf(bytes: Uint8Array, gvk: GroupVersionKind, resourceVersion?: string): Buffer {
  const object = parseJson(bytes).value;
  if (typeof object !== 'object' || object === null) throw notMarshalable(typeof object);
  if (resourceVersion !== undefined) {
    const holder = object as { metadata?: { resourceVersion?: string } };
    (holder.metadata ??= {}).resourceVersion = resourceVersion;
  }
  return encodeAs(object, formatApiVersion(gvk), gvk.kind);
}

/** The metadata of an object in its envelope, as PartialObjectMetadata in an envelope of its own; nothing is decoded. */
export function partialObjectMetadataOf(envelope: Buffer, version: 'v1' | 'v1beta1' = 'v1'): Buffer {
  const { raw } = readEnvelope(envelope);
  const reader = new WireReader(raw);
  writer.reset();
  beginEnvelope(writer);
  while (reader.position < raw.length) {
    const tag = reader.tag(raw.length);
    if (tag !== metadataTag) {
      if (tag >>> 3 === 1) throw wrongWireType(tag & 7, 'ObjectMeta');
      reader.skip(tag, raw.length);
      continue;
    }
    writer.bytes(reader.piece(raw.length));
    writer.varint(metadataTag);
  }
  finishEnvelope(writer, `meta.k8s.io/${version}`, 'PartialObjectMetadata');
  return writer.finish();
}

export function isProtobuf(bytes: Uint8Array): boolean {
  return isEnvelope(bytes);
}

function encodeAs(object: object, apiVersion: string, kind: string): Buffer {
  const message = messageOfObject(apiVersion, kind);
  if (message === undefined) throw notMarshalable(kind);
  writer.reset();
  beginEnvelope(writer);
  encoderOf(message.name)(writer, object);
  finishEnvelope(writer, apiVersion, kind);
  return writer.finish();
}

function writeField(number: number, write: () => void): Buffer {
  writer.reset();
  write();
  writer.varint(writer.length);
  writer.varint(number * 8 + wireTypes.bytes);
  return writer.finish();
}

/** Upstream answers 406 with it. */
function notMarshalable(kind: string): CodecError {
  return new CodecError(
    `object ${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`,
  );
}
