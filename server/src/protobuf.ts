/** As much of protobuf's wire format as etcd, key management and traces need: varints, bytes, maps of bytes, fixed numbers. */

export type Fields = Map<number, (Buffer | number)[]>;

/** Of a bigint the low 64 bits. */
export function varint(value: number | bigint): Buffer {
  const digits: number[] = [];
  if (typeof value === 'number') {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) | 128);
    digits.push(rest);
  } else {
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
    digits.push(Number(rest));
  }
  return Buffer.from(digits);
}

export function numberField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field * 8), varint(value)]);
}

export function bytesField(field: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  return bytes.length === 0 ? bytes : Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Written even when empty: a member of a oneof, or an element of a list. */
export function presentField(field: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Written even when 0. */
export function presentNumberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

export function fixed64Field(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

export function fixed32Field(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

export function mapField(field: number, map: ReadonlyMap<string, Buffer>): Buffer {
  return Buffer.concat(
    [...map].map(([key, value]) => bytesField(field, Buffer.concat([bytesField(1, key), bytesField(2, value)]))),
  );
}

/** Fixed numbers come out as their bytes. */
export function decodeFields(message: Buffer): Fields {
  const fields: Fields = new Map();
  eachField(message, (field, value) => {
    const known = fields.get(field);
    if (known === undefined) fields.set(field, [value]);
    else known.push(value);
  });
  return fields;
}

/** A varint of 64 bits: the numbers of `eachField` are exact up to 2^53. */
export function wideVarint(message: Buffer, at: number): bigint {
  let value = 0n;
  for (let index = at, shift = 0n; ; index += 1, shift += 7n) {
    const byte = message[index];
    if (byte === undefined) throw new Error('proto: unexpected end of message');
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

/** Calls for every field as it stands in the message, and with where its value begins; fixed numbers come as their bytes. */
export function eachField(message: Buffer, take: (field: number, value: Buffer | number, at: number) => void): void {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('proto: unexpected end of message');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const field = Math.floor(tag / 8);
    const wireType = tag & 7;
    if (wireType === 0) {
      const begin = at;
      take(field, number(), begin);
      continue;
    }
    if (wireType !== 1 && wireType !== 2 && wireType !== 5)
      throw new Error('proto: cannot parse invalid wire-format data');
    const length = wireType === 2 ? number() : wireType === 1 ? 8 : 4;
    if (at + length > message.length) throw new Error('proto: unexpected end of message');
    take(field, message.subarray(at, at + length), at);
    at += length;
  }
}

export function bytesOf(fields: Fields, field: number): Buffer {
  const value = fields.get(field)?.at(-1);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

export function textOf(fields: Fields, field: number): string {
  return bytesOf(fields, field).toString('utf8');
}

export function numberOf(fields: Fields, field: number): number {
  const value = fields.get(field)?.at(-1);
  return typeof value === 'number' ? value : 0;
}

export function mapOf(fields: Fields, field: number): Map<string, Buffer> {
  const entries = (fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
  return new Map(entries.map((entry) => decodeFields(entry)).map((entry) => [textOf(entry, 1), bytesOf(entry, 2)]));
}
