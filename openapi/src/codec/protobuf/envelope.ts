/**
 * What every object in protobuf comes in: four bytes of magic and a runtime.Unknown, which names the kind and holds the
 * object's message as bytes.
 */
import { CodecError } from '../serializer.ts';
import { wrongWireType } from './special-messages.ts';
import { WireReader, wireTypes } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const magic = Buffer.from('k8s\0', 'latin1');
/** contentEncoding and contentType, which upstream writes though they are empty. */
const tail = Buffer.from([0x1a, 0x00, 0x22, 0x00]);
const tags = { typeMeta: 0x0a, raw: 0x12, apiVersion: 0x0a, kind: 0x12 } as const;

export interface Envelope {
  apiVersion: string;
  kind: string;
  /** The object's message; a view. */
  raw: Buffer;
}

export function isEnvelope(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Throws CodecError. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new CodecError('empty data');
  if (!isEnvelope(bytes)) {
    throw new CodecError(
      `provided data does not appear to be a protobuf message, expected prefix [${[...magic].join(' ')}]`,
    );
  }
  if (bytes.length === magic.length) throw new CodecError('empty body');
  const envelope: Envelope = { apiVersion: '', kind: '', raw: Buffer.alloc(0) };
  const reader = new WireReader(bytes, magic.length);
  const end = bytes.length;
  while (reader.position < end) {
    const tag = reader.tag(end);
    const number = tag >>> 3;
    if (number === 0) throw new CodecError(`proto: Unknown: illegal tag 0 (wire type ${tag & 7})`);
    if (number <= 2 && (tag & 7) !== wireTypes.bytes) throw wrongWireType(tag & 7, number === 1 ? 'TypeMeta' : 'Raw');
    if (number === 1) readTypeMeta(reader, reader.limit(end), envelope);
    else if (number === 2) envelope.raw = reader.piece(end);
    else reader.skip(tag, end);
  }
  return envelope;
}

function readTypeMeta(reader: WireReader, end: number, envelope: Envelope): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === tags.apiVersion) envelope.apiVersion = reader.string(end);
    else if (tag === tags.kind) envelope.kind = reader.string(end);
    else reader.skip(tag, end);
  }
}

/** Writes what follows the message; comes first, as the writer goes from back to front. */
export function beginEnvelope(writer: WireWriter): void {
  writer.raw(tail);
}

/** Writes what comes before the message, which is all that was written since `beginEnvelope`. */
export function finishEnvelope(writer: WireWriter, apiVersion: string, kind: string): void {
  writeHead(writer, apiVersion, kind, writer.length - tail.length);
}

/** What comes before and after a message of that many bytes. */
export function envelopeParts(apiVersion: string, kind: string, rawLength: number): { head: Buffer; tail: Buffer } {
  const writer = new WireWriter(256);
  writeHead(writer, apiVersion, kind, rawLength);
  return { head: writer.finish(), tail };
}

function writeHead(writer: WireWriter, apiVersion: string, kind: string, rawLength: number): void {
  writer.varint(rawLength);
  writer.varint(tags.raw);
  const before = writer.length;
  writer.string(kind);
  writer.varint(tags.kind);
  writer.string(apiVersion);
  writer.varint(tags.apiVersion);
  writer.varint(writer.length - before);
  writer.varint(tags.typeMeta);
  writer.raw(magic);
}
