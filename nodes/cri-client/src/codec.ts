/**
 * Protobuf encoding of CRI messages, compiled lazily from the descriptors: a message costs nothing until it is used,
 * so loading takes a millisecond. Enums are their names (an unknown number is its decimal digits), 64-bit integers
 * are bigints, unknown fields are skipped.
 */
import type { Input } from './input.ts';
import { enums, messages } from './protocol/descriptors.ts';
import type { Messages } from './protocol/messages.ts';
import { WireReader, WireWriter } from './wire.ts';

type Fields = Record<string, unknown>;

interface FieldCodec {
  name: string;
  zero(): unknown;
  write(writer: WireWriter, value: unknown): void;
  /** Reads one occurrence into the message. */
  read(reader: WireReader, wireType: number, message: Fields): void;
  /** Zero values filled in, recursively. */
  complete(value: unknown): unknown;
}
interface MessageCodec {
  fields: FieldCodec[];
  byNumber: Map<number, FieldCodec>;
}
interface ValueCodec {
  wireType: 0 | 1 | 2;
  zero: unknown;
  isZero(value: unknown): boolean;
  write(writer: WireWriter, value: unknown): void;
  read(reader: WireReader): unknown;
}

const compiled = new Map<string, MessageCodec>();

const scalarCodecs: Record<string, ValueCodec> = {
  string: {
    wireType: 2,
    zero: '',
    isZero: (value) => value === '',
    write: (writer, value) => writer.string(String(value)),
    read: (reader) => reader.string(),
  },
  bytes: {
    wireType: 2,
    zero: new Uint8Array(0),
    isZero: (value) => (value as Uint8Array).length === 0,
    write: (writer, value) => writer.bytes(value as Uint8Array),
    read: (reader) => reader.bytes(),
  },
  bool: {
    wireType: 0,
    zero: false,
    isZero: (value) => value === false,
    write: (writer, value) => writer.varint(value === true ? 1 : 0),
    read: (reader) => reader.varint() !== 0,
  },
  int32: {
    wireType: 0,
    zero: 0,
    isZero: (value) => value === 0,
    write: (writer, value) =>
      Number(value) < 0 ? writer.varint64(BigInt(Number(value))) : writer.varint(Number(value)),
    read: (reader) => Number(BigInt.asIntN(32, reader.varint64())),
  },
  uint32: {
    wireType: 0,
    zero: 0,
    isZero: (value) => value === 0,
    write: (writer, value) => writer.varint(Number(value)),
    read: (reader) => reader.varint(),
  },
  int64: {
    wireType: 0,
    zero: 0n,
    isZero: (value) => value === 0n,
    write: (writer, value) => writer.varint64(value as bigint),
    read: (reader) => BigInt.asIntN(64, reader.varint64()),
  },
  uint64: {
    wireType: 0,
    zero: 0n,
    isZero: (value) => value === 0n,
    write: (writer, value) => writer.varint64(value as bigint),
    read: (reader) => reader.varint64(),
  },
  double: {
    wireType: 1,
    zero: 0,
    isZero: (value) => Object.is(value, 0),
    write: (writer, value) => writer.double(Number(value)),
    read: (reader) => reader.double(),
  },
};

function enumCodec(name: string): ValueCodec {
  const numbers = enums[name] ?? {};
  const names = new Map(Object.entries(numbers).map(([text, number]) => [number, text]));
  const zero = names.get(0) ?? '0';
  return {
    wireType: 0,
    zero,
    isZero: (value) => value === zero,
    write(writer, value) {
      const number = numbers[String(value)] ?? Number(value);
      if (!Number.isInteger(number)) throw new TypeError(`${String(value)} is no value of ${name}`);
      writer.varint(number);
    },
    read(reader) {
      const number = reader.varint();
      return names.get(number) ?? String(number);
    },
  };
}

const writeMessage = (writer: WireWriter, codec: MessageCodec, message: Fields): void => {
  for (const field of codec.fields) {
    const value = message[field.name];
    if (value !== undefined && value !== null) field.write(writer, value);
  }
};

function readMessage(reader: WireReader, codec: MessageCodec, end: number): Fields {
  const message: Fields = {};
  for (const field of codec.fields) message[field.name] = field.zero();
  while (reader.position < end) {
    const tag = reader.varint();
    const field = codec.byNumber.get(tag >>> 3);
    if (field === undefined) reader.skip(tag & 7);
    else field.read(reader, tag & 7, message);
  }
  return message;
}

function completeMessage(codec: MessageCodec, input: Fields): Fields {
  const message: Fields = {};
  for (const field of codec.fields) {
    const value = input[field.name];
    message[field.name] = value === undefined || value === null ? field.zero() : field.complete(value);
  }
  return message;
}

function messageField(name: string, number: number, type: string, repeated: boolean): FieldCodec {
  const tag = (number << 3) | 2;
  const writeOne = (writer: WireWriter, value: unknown): void => {
    writer.varint(tag);
    writer.delimited(() => writeMessage(writer, messageCodec(type), value as Fields));
  };
  const readOne = (reader: WireReader): Fields => {
    const length = reader.varint();
    return readMessage(reader, messageCodec(type), reader.position + length);
  };
  const completeOne = (value: unknown): Fields => completeMessage(messageCodec(type), value as Fields);
  if (!repeated) {
    return {
      name,
      zero: () => undefined,
      write: writeOne,
      read: (reader, _, message) => {
        message[name] = readOne(reader);
      },
      complete: completeOne,
    };
  }
  return {
    name,
    zero: () => [],
    write: (writer, value) => {
      for (const element of value as unknown[]) writeOne(writer, element);
    },
    read: (reader, _, message) => {
      (message[name] as unknown[]).push(readOne(reader));
    },
    complete: (value) => (value as unknown[]).map(completeOne),
  };
}

function mapField(name: string, number: number): FieldCodec {
  const tag = (number << 3) | 2;
  return {
    name,
    zero: () => ({}),
    write(writer, value) {
      for (const [key, text] of Object.entries(value as Record<string, string | undefined>)) {
        if (text === undefined) continue;
        writer.varint(tag);
        writer.delimited(() => {
          writer.varint(10);
          writer.string(key);
          writer.varint(18);
          writer.string(text);
        });
      }
    },
    read(reader, _, message) {
      const length = reader.varint();
      const end = reader.position + length;
      let key = '';
      let text = '';
      while (reader.position < end) {
        const entryTag = reader.varint();
        if (entryTag === 10) key = reader.string();
        else if (entryTag === 18) text = reader.string();
        else reader.skip(entryTag & 7);
      }
      Object.defineProperty(message[name], key, { value: text, enumerable: true, writable: true, configurable: true });
    },
    complete: (value) => ({ ...(value as Record<string, string>) }),
  };
}

function valueField(name: string, number: number, codec: ValueCodec, repeated: boolean): FieldCodec {
  const tag = (number << 3) | codec.wireType;
  if (!repeated) {
    return {
      name,
      zero: () => codec.zero,
      write(writer, value) {
        if (codec.isZero(value)) return;
        writer.varint(tag);
        codec.write(writer, value);
      },
      read: (reader, _, message) => {
        message[name] = codec.read(reader);
      },
      complete: (value) => value,
    };
  }
  return {
    name,
    zero: () => [],
    write(writer, value) {
      const elements = value as unknown[];
      if (elements.length === 0) return;
      if (codec.wireType === 2) {
        for (const element of elements) {
          writer.varint(tag);
          codec.write(writer, element);
        }
        return;
      }
      writer.varint((number << 3) | 2);
      writer.delimited(() => {
        for (const element of elements) codec.write(writer, element);
      });
    },
    read(reader, wireType, message) {
      const elements = message[name] as unknown[];
      if (wireType !== 2 || codec.wireType === 2) {
        elements.push(codec.read(reader));
        return;
      }
      const length = reader.varint();
      const end = reader.position + length;
      while (reader.position < end) elements.push(codec.read(reader));
    },
    complete: (value) => [...(value as unknown[])],
  };
}

function fieldCodec(name: string, number: number, type: string): FieldCodec {
  const repeated = type.endsWith('[]');
  const element = repeated ? type.slice(0, -2) : type;
  if (element === 'map<string,string>') return mapField(name, number);
  if (messages[element] !== undefined) return messageField(name, number, element, repeated);
  return valueField(name, number, scalarCodecs[element] ?? enumCodec(element), repeated);
}

function messageCodec(type: string): MessageCodec {
  const known = compiled.get(type);
  if (known !== undefined) return known;
  const descriptor = messages[type];
  if (descriptor === undefined) throw new TypeError(`CRI has no message ${type}`);
  const codec: MessageCodec = { fields: [], byNumber: new Map() };
  compiled.set(type, codec);
  for (const [name, [number, fieldType]] of Object.entries(descriptor)) {
    const field = fieldCodec(name, number, fieldType);
    codec.fields.push(field);
    codec.byNumber.set(number, field);
  }
  return codec;
}

export function encode<Name extends keyof Messages>(type: Name, message: Input<Messages[Name]>): Buffer {
  const writer = new WireWriter();
  writeMessage(writer, messageCodec(type), message as Fields);
  return writer.finish();
}

export function decode<Name extends keyof Messages>(type: Name, bytes: Uint8Array): Messages[Name] {
  const reader = new WireReader(bytes);
  return readMessage(reader, messageCodec(type), bytes.length) as unknown as Messages[Name];
}

/** The message with every absent field at its zero value: what the other side of a socket would have received. */
export function complete<Name extends keyof Messages>(type: Name, message: Input<Messages[Name]>): Messages[Name] {
  return completeMessage(messageCodec(type), message as Fields) as unknown as Messages[Name];
}
