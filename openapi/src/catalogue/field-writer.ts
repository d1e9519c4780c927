/** Writes protobuf fields into one growing buffer. */
export class FieldWriter {
  #buffer = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  /** Empty strings are left out, as proto3 does, except in a oneof, where their presence counts. */
  string(number: number, value: string, evenIfEmpty = false): void {
    if (value === '' && !evenIfEmpty) return;
    const size = Buffer.byteLength(value);
    this.#reserve(size + 20);
    this.#tag(number, 2);
    this.#unsigned(BigInt(size));
    this.#length += this.#buffer.write(value, this.#length);
  }

  varint(number: number, value: bigint): void {
    this.#reserve(20);
    this.#tag(number, 0);
    this.#unsigned(BigInt.asUintN(64, value));
  }

  double(number: number, value: number): void {
    this.#reserve(20);
    this.#tag(number, 1);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** The length of a message is known when its fields are written: they are then moved to make room for it. */
  message(number: number, write: (inner: FieldWriter) => void): void {
    this.#reserve(20);
    this.#tag(number, 2);
    const start = this.#length;
    this.#length += 1;
    write(this);
    const size = this.#length - start - 1;
    const extra = size < 0x80 ? 0 : size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4;
    if (extra > 0) {
      this.#reserve(extra);
      this.#buffer.copyWithin(start + 1 + extra, start + 1, this.#length);
    }
    this.#length = start;
    this.#unsigned(BigInt(size));
    this.#length += size;
  }

  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #tag(number: number, wireType: number): void {
    this.#unsigned(BigInt((number << 3) | wireType));
  }

  #unsigned(value: bigint): void {
    if (value < 0x80n) {
      this.#buffer[this.#length++] = Number(value);
      return;
    }
    let rest = value;
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
