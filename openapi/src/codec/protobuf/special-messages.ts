/** Messages whose JSON form is not an object of their fields: times, quantities, int-or-string, embedded JSON. */
import type { JsonValue } from '../../meta/object.ts';
import { formatTime, parseTime } from '../../meta/time.ts';
import { isRawNumber } from '../../schema/json-value.ts';
import { maxDepth } from '../json-scanner.ts';
import { parseJson } from '../parse-json.ts';
import { CodecError } from '../serializer.ts';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';
import { type WireReader, wireTypes } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

export interface SpecialMessage {
  /** Writes the message without its length; `value` is never null or undefined. */
  readonly encode: (writer: WireWriter, value: unknown) => void;
  /** Reads up to `end`. Undefined where the message stands for nothing: JSON has null or no field. */
  readonly decode: (reader: WireReader, end: number, depth: number) => JsonValue | undefined;
}

const tags = { number1: 0x08, bytes1: 0x0a, number2: 0x10, bytes3: 0x1a } as const;
/** Go's zero time, which stands for no time. */
const zeroSeconds = -62_135_596_800;
const lastSeconds = 253_402_300_799;
const rememberedTimes = 4096;

export function unexpected(expected: string, value: unknown): CodecError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new CodecError(`json: cannot unmarshal ${found} into Go value of type ${expected}`);
}

/** One field of a message, everything else skipped; the last one counts. */
function readFields(reader: WireReader, end: number, read: (number: number, wireType: number) => boolean): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (!read(tag >>> 3, tag & 7)) reader.skip(tag, end);
  }
}

export function wrongWireType(wireType: number, field: string): CodecError {
  return new CodecError(`proto: wrong wireType = ${wireType} for field ${field}`);
}

function expect(wanted: number, wireType: number, field: string): void {
  if (wireType !== wanted) throw wrongWireType(wireType, field);
}

/** Texts of whole seconds, both ways: most objects carry a few times, and most of those are alike. */
class TimeTexts {
  readonly #seconds = new Map<string, number>();
  readonly #texts = new Map<number, string>();

  /** Undefined where the text is no time. */
  seconds(text: string): number | undefined {
    let seconds = this.#seconds.get(text);
    if (seconds !== undefined) return seconds;
    const date = parseTime(text);
    if (date === undefined) return undefined;
    seconds = Math.floor(date.getTime() / 1000);
    if (this.#seconds.size >= rememberedTimes) this.#seconds.clear();
    this.#seconds.set(text, seconds);
    return seconds;
  }

  text(seconds: number): string {
    let text = this.#texts.get(seconds);
    if (text !== undefined) return text;
    // Years 0001 to 9999 have a text, as in Go.
    if (!Number.isSafeInteger(seconds) || seconds < zeroSeconds || seconds > lastSeconds) {
      throw new CodecError('Time.MarshalJSON: year outside of range [0,9999]');
    }
    text = formatTime(new Date(seconds * 1000));
    if (this.#texts.size >= rememberedTimes) this.#texts.clear();
    this.#texts.set(seconds, text);
    return text;
  }
}

const timeTexts = new TimeTexts();

function time(micro: boolean): SpecialMessage {
  return {
    encode(writer, value) {
      if (typeof value !== 'string') throw unexpected(micro ? 'v1.MicroTime' : 'v1.Time', value);
      const seconds = timeTexts.seconds(value);
      if (seconds === undefined) throw new CodecError(`parsing time ${JSON.stringify(value)}: not a time in RFC 3339`);
      const nanos = micro ? microseconds(value) * 1000 : 0;
      if (seconds === zeroSeconds && nanos === 0) return;
      writer.varint(nanos);
      writer.varint(tags.number2);
      writer.int64(seconds);
      writer.varint(tags.number1);
    },
    decode(reader, end) {
      if (reader.position >= end) return undefined;
      let seconds = 0;
      let nanos = 0;
      readFields(reader, end, (number, wireType) => {
        if (number === 1) {
          expect(wireTypes.varint, wireType, 'Seconds');
          seconds = reader.int64(end);
        } else if (number === 2) {
          expect(wireTypes.varint, wireType, 'Nanos');
          nanos = reader.int32(end);
        } else return false;
        return true;
      });
      if (seconds === zeroSeconds && (!micro || nanos === 0)) return undefined;
      if (!micro) return timeTexts.text(seconds);
      const carried = Math.floor(nanos / 1e9);
      const text = timeTexts.text(Number.isSafeInteger(seconds) ? seconds + carried : seconds);
      const fraction = Math.floor((nanos - carried * 1e9) / 1000);
      return `${text.slice(0, -1)}.${String(fraction).padStart(6, '0')}Z`;
    },
  };
}

function microseconds(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return Number(fraction.slice(0, 6).padEnd(6, '0'));
}

const duration: SpecialMessage = {
  encode(writer, value) {
    const nanoseconds = typeof value === 'string' ? parseGoDuration(value) : undefined;
    if (nanoseconds === undefined) {
      throw typeof value === 'string'
        ? new CodecError(`time: invalid duration ${JSON.stringify(value)}`)
        : unexpected('string', value);
    }
    writer.int64(nanoseconds);
    writer.varint(tags.number1);
  },
  decode(reader, end) {
    let nanoseconds: unknown = 0;
    readFields(reader, end, (number, wireType) => {
      if (number !== 1) return false;
      expect(wireTypes.varint, wireType, 'Duration');
      nanoseconds = reader.int64(end);
      return true;
    });
    return formatGoDuration(BigInt(isRawNumber(nanoseconds) ? nanoseconds.rawJSON : Number(nanoseconds)));
  },
};

/** JSON may have a number too. */
const quantity: SpecialMessage = {
  encode(writer, value) {
    if (typeof value === 'string') writer.string(value);
    else if (typeof value === 'number') writer.string(String(value));
    else if (isRawNumber(value)) writer.string(value.rawJSON);
    else throw unexpected('resource.Quantity', value);
    writer.varint(tags.bytes1);
  },
  decode(reader, end) {
    let text = '0';
    readFields(reader, end, (number, wireType) => {
      if (number !== 1) return false;
      expect(wireTypes.bytes, wireType, 'String_');
      text = reader.string(end);
      return true;
    });
    return text;
  },
};

const intOrString: SpecialMessage = {
  encode(writer, value) {
    const isString = typeof value === 'string';
    if (!isString && (typeof value !== 'number' || (value | 0) !== value)) throw unexpected('int32', value);
    writer.string(isString ? value : '');
    writer.varint(tags.bytes3);
    writer.int64(isString ? 0 : value);
    writer.varint(tags.number2);
    writer.varint(isString ? 1 : 0);
    writer.varint(tags.number1);
  },
  decode(reader, end) {
    let type = 0;
    let integer = 0;
    let text = '';
    readFields(reader, end, (number, wireType) => {
      if (number === 1) {
        expect(wireTypes.varint, wireType, 'Type');
        type = reader.int64(end);
      } else if (number === 2) {
        expect(wireTypes.varint, wireType, 'IntVal');
        integer = reader.int32(end);
      } else if (number === 3) {
        expect(wireTypes.bytes, wireType, 'StrVal');
        text = reader.string(end);
      } else return false;
      return true;
    });
    if (type !== 0 && type !== 1) throw new CodecError('impossible IntOrString.Type');
    return type === 1 ? text : integer;
  },
};

/** Embedded JSON in one field of bytes. `decodeBytes` turns those that are not empty into a value. */
export function embedded(
  nothing: null | undefined,
  decodeBytes: (bytes: Buffer, depth: number) => JsonValue,
): SpecialMessage {
  return {
    encode(writer, value) {
      writer.bytes(Buffer.from(JSON.stringify(value)));
      writer.varint(tags.bytes1);
    },
    decode(reader, end, depth) {
      let raw: Buffer | undefined;
      readFields(reader, end, (number, wireType) => {
        if (number !== 1) return false;
        expect(wireTypes.bytes, wireType, 'Raw');
        raw = reader.piece(end);
        return true;
      });
      return raw === undefined || raw.length === 0 ? (nothing as JsonValue | undefined) : decodeBytes(raw, depth);
    },
  };
}

/** JSON inside an object, at that depth of it. Together they must not be deeper than an object in JSON may be. */
export function embeddedJson(bytes: Buffer, depth: number): JsonValue {
  const value = parseJson(bytes).value as JsonValue;
  if (depth + bytes.length / 2 > maxDepth && depth + depthOf(value) > maxDepth) {
    throw new CodecError('proto: exceeded max depth');
  }
  return value;
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member as JsonValue));
  return deepest + 1;
}

const meta = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const extensions = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions';

/** By full name; RawExtension and the JSONSchemaPropsOr… messages need the codec of messages and are added there. */
export const specialMessages: ReadonlyMap<string, SpecialMessage> = new Map([
  [`${meta}.Time`, time(false)],
  [`${meta}.MicroTime`, time(true)],
  [`${meta}.Duration`, duration],
  [`${meta}.FieldsV1`, embedded(undefined, embeddedJson)],
  ['k8s.io.apimachinery.pkg.api.resource.Quantity', quantity],
  ['k8s.io.apimachinery.pkg.api.resource.QuantityValue', quantity],
  ['k8s.io.apimachinery.pkg.util.intstr.IntOrString', intOrString],
  [`${extensions}.v1.JSON`, embedded(null, embeddedJson)],
  [`${extensions}.v1beta1.JSON`, embedded(null, embeddedJson)],
]);
