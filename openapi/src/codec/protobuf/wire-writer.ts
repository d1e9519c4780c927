/**
 * The protobuf wire format, written from back to front: when the length of a message has to be written, the message is
 * there already (upstream's generated code does the same). So callers write the last field first, and of a field
 * first its value, then its tag.
 */

const initialSize = 64 * 1024;
/** A larger buffer is given back after use. */
const keptSize = 8 * 1024 * 1024;

export class WireWriter {
  #bytes: Buffer;
  #start: number;

  constructor(size = initialSize) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#start = size;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  finish(): Buffer {
    const result = Buffer.allocUnsafe(this.length);
    this.#bytes.copy(result, 0, this.#start);
    this.reset();
    return result;
  }

  reset(): void {
    if (this.#bytes.length > keptSize) this.#bytes = Buffer.allocUnsafeSlow(initialSize);
    this.#start = this.#bytes.length;
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (value < 0x80) {
      if (this.#start === 0) this.#grow(1);
      this.#bytes[--this.#start] = value;
      return;
    }
    let width = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) width++;
    let at = this.#reserve(width);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[at] = rest;
  }

  /** Negative numbers take ten bytes, in two's complement. */
  int64(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) return this.varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#bytes.set(bytes, this.#reserve(bytes.length));
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  /** The bytes, without a length. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  bytes(value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
  }

  string(value: string): void {
    const { length } = value;
    if (length < 48) {
      const at = this.#reserve(length);
      const bytes = this.#bytes;
      let index = 0;
      for (; index < length; index++) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        bytes[at + index] = code;
      }
      if (index === length) return this.varint(length);
      this.#start += length;
    }
    const size = Buffer.byteLength(value);
    const at = this.#reserve(size);
    this.#bytes.write(value, at, size);
    this.varint(size);
  }

  /** Makes room in front of what is written; answers where it begins. */
  #reserve(size: number): number {
    if (this.#start < size) this.#grow(size);
    return (this.#start -= size);
  }

  #grow(size: number): void {
    const { length } = this;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, length + size));
    const start = larger.length - length;
    this.#bytes.copy(larger, start, this.#start);
    this.#bytes = larger;
    this.#start = start;
  }
}
