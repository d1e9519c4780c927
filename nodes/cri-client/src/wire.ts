/** Protobuf's wire format: varints, 64-bit floats and length-delimited bytes. Malformed input throws RangeError. */

export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafe(512);
  #position = 0;

  #reserve(size: number): void {
    if (this.#position + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#position + size));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }

  /** An unsigned integer up to 2^53. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#position++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#position++] = rest;
  }

  /** Any 64-bit integer; a negative one takes ten bytes (two's complement). */
  varint64(value: bigint): void {
    if (value >= 0n && value <= 0x1fffffffffffffn) {
      this.varint(Number(value));
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#buffer[this.#position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#position++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#position = this.#buffer.writeDoubleLE(value, this.#position);
  }

  string(text: string): void {
    const size = Buffer.byteLength(text);
    this.varint(size);
    this.#reserve(size);
    this.#position += this.#buffer.write(text, this.#position);
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** Whatever `body` writes, preceded by its length: one byte is kept free and widened when the body is long. */
  delimited(body: () => void): void {
    this.#reserve(1);
    const start = this.#position++;
    body();
    const size = this.#position - start - 1;
    if (size > 0x7f) {
      let width = 1;
      for (let rest = size; rest > 0x7f; rest = Math.floor(rest / 128)) width++;
      this.#reserve(width);
      this.#buffer.copyWithin(start + width, start + 1, this.#position);
    }
    this.#position = start;
    this.varint(size);
    this.#position += size;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#position);
  }
}

export class WireReader {
  position = 0;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #byte(): number {
    const byte = this.#buffer[this.position++];
    if (byte === undefined) throw new RangeError('a protobuf message ends in the middle of a field');
    return byte;
  }

  /** An unsigned integer; beyond 2^53 use varint64. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError('a protobuf varint is longer than ten bytes');
  }

  varint64(): bigint {
    const start = this.position;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(value);
      scale *= 128;
    }
    this.position = start;
    let wide = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      wide |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, wide);
    }
    throw new RangeError('a protobuf varint is longer than ten bytes');
  }

  double(): number {
    const value = this.#buffer.readDoubleLE(this.position);
    this.position += 8;
    return value;
  }

  #take(): Buffer {
    const size = this.varint();
    const end = this.position + size;
    if (end > this.#buffer.length) throw new RangeError('a protobuf field is longer than its message');
    const slice = this.#buffer.subarray(this.position, end);
    this.position = end;
    return slice;
  }

  string(): string {
    return this.#take().toString('utf8');
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#take());
  }

  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        this.varint64();
        return;
      case 1:
        this.position += 8;
        return;
      case 2:
        this.#take();
        return;
      case 5:
        this.position += 4;
        return;
      default:
        throw new RangeError(`protobuf wire type ${wireType} is not in use`);
    }
  }
}
