/** Protobuf in parts: values are copied once, when the whole is put together. */
import { varint } from '../../protobuf.ts';

const tags = new Map<number, Buffer>();

function tag(number: number, wireType: number): Buffer {
  const value = number * 8 + wireType;
  let known = tags.get(value);
  if (known === undefined) tags.set(value, (known = varint(value)));
  return known;
}

export function number(at: number, value: number | bigint): Buffer[] {
  return Number(value) === 0 ? [] : [tag(at, 0), varint(value)];
}

export function bytes(at: number, value: Buffer): Buffer[] {
  return field(at, [value]);
}

export function field(at: number, parts: readonly Buffer[]): Buffer[] {
  let length = 0;
  for (const part of parts) length += part.length;
  return [tag(at, 2), varint(length), ...parts];
}
