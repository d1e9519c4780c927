/**
 * Objects as CBOR (RFC 8949), by Kubernetes' rules (KEP-4222): every object begins with the tag that says "this is CBOR";
 * strings are byte strings, so that they need no check and a `[]byte` field reads the base64 text that JSON has for it;
 * equal objects are equal bytes. What is read may be anything that has a JSON form.
 */
import { type DecodeOptions as CborDecodeOptions, decode, encode, Token, Type } from 'cborg';
import type { JsonObject, JsonValue, ListMeta } from '../meta/object.ts';
import { isRawNumber, rawNumber } from '../schema/json-value.ts';
import { objectOrThrow } from './json-serializer.ts';
import { parseJson } from './parse-json.ts';
import { CodecError, type Decoded, type Serializer, type WatchEventType } from './serializer.ts';

export const cborMediaType = 'application/cbor';
/** Watches: one object after another. */
export const cborSequenceMediaType = 'application/cbor-seq';

/** The encoding of tag 55799, "self-described CBOR". */
const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);

type Encoded = Token | Encoded[];

/** Bytewise order of the encoded keys: for byte strings the shorter one is first. */
function byEncodedKey([a]: Encoded[], [b]: Encoded[]): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left.length - right.length || Buffer.compare(left, right);
}

function keyOf(token: Encoded | undefined): Buffer {
  const first = Array.isArray(token) ? keyOf(token[0]) : (token?.value as Buffer | undefined);
  return first ?? Buffer.alloc(0);
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** Beyond 64 bits Go has a float. */
function integerToken(text: string): Token {
  const value = BigInt(text);
  if (value < minInt64 || value > maxInt64) return new Token(Type.float, Number(value));
  return new Token(value < 0n ? Type.negint : Type.uint, value);
}

const encodeOptions = {
  float64: false,
  mapSorter: byEncodedKey,
  typeEncoders: {
    string: (text: unknown) => [new Token(Type.bytes, Buffer.from(text as string, 'utf8'))],
    Object: (value: unknown) => (isRawNumber(value) ? [integerToken(value.rawJSON)] : null),
  },
};

/** Without the tag. `undefined` members are left out, as JSON does. */
function encodeItem(value: unknown): Buffer {
  const bytes = encode(parseJson(JSON.stringify(value)).value, encodeOptions);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function untagged(object: Buffer): Buffer {
  return object.subarray(0, 3).equals(selfDescribed) ? object.subarray(3) : object;
}

/** The head of an item: its major type with a length. */
function head(major: number, length: number): Buffer {
  const type = major << 5;
  if (length < 24) return Buffer.from([type | length]);
  if (length < 0x100) return Buffer.from([type | 24, length]);
  const bytes = Buffer.alloc(length < 0x1_0000 ? 3 : 5);
  bytes[0] = type | (length < 0x1_0000 ? 25 : 26);
  bytes.writeUIntBE(length, 1, bytes.length - 1);
  return bytes;
}

const arrayMajor = 4;
const mapMajor = 5;

/** Jobs for the text that a byte string stands for (RFC 8949, 3.4.5.2). */
const laterEncodings: Record<number, BufferEncoding> = { 21: 'base64url', 22: 'base64', 23: 'hex' };

function tagDecoder(tag: number): (content: () => unknown) => unknown {
  return (content) => {
    if (tag === 2 || tag === 3) throw new CodecError(`cbor: bignum (tag ${tag}) is not allowed`);
    const value = content();
    const encoding = laterEncodings[tag];
    if (encoding !== undefined && value instanceof Uint8Array) return Buffer.from(value).toString(encoding);
    if (tag === 1 && (typeof value === 'number' || typeof value === 'bigint'))
      return new Date(Number(value) * 1000).toISOString().replace('.000Z', 'Z');
    return value;
  };
}

const decodeOptions: CborDecodeOptions = {
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
  // A tag that nobody knows says nothing about its content.
  tags: new Proxy([], { get: (_, tag) => tagDecoder(Number(tag)) }),
};

const replacement = '\u{fffd}';

/**
 * The decoder puts a replacement character where a text string is no UTF-8. One that was sent as such is in the bytes as
 * well: there must be no more of them than there.
 */
function confirmUtf8(value: JsonValue, bytes: Uint8Array): void {
  const text = JSON.stringify(value);
  if (!text.includes(replacement)) return;
  const sent = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (text.split(replacement).length > sent.split(Buffer.from(replacement).toString('latin1')).length)
    throw new CodecError('cbor: invalid UTF-8 string');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What was decoded as JSON has it. */
function toJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return utf8.decode(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) {
    const object: JsonObject = {};
    for (const [key, member] of value as Map<unknown, unknown>) {
      const name = toJson(key);
      if (typeof name !== 'string') throw new CodecError(`cbor: map key of type ${typeof name} is not a string`);
      if (Object.hasOwn(object, name)) throw new CodecError(`cbor: found duplicate map key ${JSON.stringify(name)}`);
      Object.defineProperty(object, name, {
        value: toJson(member),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return object;
  }
  if (typeof value === 'bigint') {
    if (value > maxInt64 || value < minInt64) throw new CodecError(`cbor: ${value} does not fit into int64`);
    return Number.isSafeInteger(Number(value)) ? Number(value) : rawNumber(value);
  }
  return value as JsonValue;
}

export const cborSerializer: Serializer = {
  mediaType: cborMediaType,
  streaming: true,

  encode(object) {
    return Buffer.concat([selfDescribed, encodeItem(object)]);
  },

  /** Repeated fields are an error whatever the field validation, as upstream. */
  decode(bytes): Decoded {
    let value: JsonValue;
    try {
      value = toJson(decode(bytes, decodeOptions));
      confirmUtf8(value, bytes);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      throw new CodecError((error as Error).message.replace(/^CBOR decode error:/, 'cbor:'));
    }
    return { object: objectOrThrow(value), duplicateFields: [], strictErrors: [] };
  },

  encodeList(apiVersion: string, kind: string, metadata: ListMeta, items: readonly Buffer[]): Buffer[] {
    return [
      selfDescribed,
      head(mapMajor, 4),
      encodeItem('kind'),
      encodeItem(kind),
      encodeItem('items'),
      head(arrayMajor, items.length),
      ...items.map(untagged),
      encodeItem('metadata'),
      encodeItem(metadata),
      encodeItem('apiVersion'),
      encodeItem(apiVersion),
    ];
  },

  streamFrame(eventType: WatchEventType, object: Buffer): Buffer {
    return Buffer.concat([
      selfDescribed,
      head(mapMajor, 2),
      encodeItem('type'),
      encodeItem(eventType),
      encodeItem('object'),
      object,
    ]);
  },
};
