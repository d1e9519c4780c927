/** The protobuf wire format: tags, varints, fixed-width numbers, length-delimited pieces. Bounded by its bytes. */
import { CodecError } from '@typernetes/openapi/codec';

const truncated = () => new CodecError('unexpected EOF');

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #wireType = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Calls `read` at each field; it reads the value and returns true, or returns false to have it skipped. */
  eachField(read: (number: number, reader: this, wireType: number) => boolean): void {
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      const number = Math.floor(tag / 8);
      this.#wireType = tag & 7;
      if (number === 0) throw new CodecError('proto: illegal tag 0');
      if (!read(number, this, this.#wireType)) this.#skip();
    }
  }

  /** The last value of one field; everything else is skipped. */
  onlyField<T>(wanted: number, read: () => T): T | undefined {
    let result: T | undefined;
    this.eachField((number) => {
      if (number !== wanted) return false;
      result = read();
      return true;
    });
    return result;
  }

  bytes(): Buffer {
    if (this.#wireType !== 2) throw new CodecError(`proto: wrong wireType = ${this.#wireType}`);
    const length = Number(this.#varint());
    const end = this.#at + length;
    if (end > this.#bytes.length) throw truncated();
    const piece = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return piece;
  }

  string(): string {
    return this.bytes().toString('utf8');
  }

  /** JSON form of a scalar: bytes are base64, 64-bit integers numbers. */
  scalar(type: string): string | number | boolean {
    switch (type) {
      case 'string':
        return this.string();
      case 'bytes':
        return this.bytes().toString('base64');
      default:
        return this.#number(type);
    }
  }

  isPackable(type: string): boolean {
    return type !== 'string' && type !== 'bytes' && !type.includes('.');
  }

  packed(type: string, add: (value: number | boolean) => void): void {
    const inner = new WireReader(this.bytes());
    inner.#wireType = type === 'double' ? 1 : type === 'float' ? 5 : 0;
    while (inner.#at < inner.#bytes.length) add(inner.#number(type));
  }

  #number(type: string): number | boolean {
    switch (type) {
      case 'double':
        return this.#fixed(8).readDoubleLE();
      case 'float':
        return this.#fixed(4).readFloatLE();
      default:
        break;
    }
    if (this.#wireType !== 0) throw new CodecError(`proto: wrong wireType = ${this.#wireType}`);
    const value = this.#varint();
    if (type === 'bool') return value !== 0n;
    if (type === 'uint32' || type === 'uint64') return Number(value);
    return Number(BigInt.asIntN(type === 'int32' ? 32 : 64, value));
  }

  #fixed(size: number): Buffer {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw truncated();
    const piece = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return piece;
  }

  #varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw truncated();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw new CodecError('proto: integer overflow');
  }

  #skip(): void {
    switch (this.#wireType) {
      case 0:
        this.#varint();
        return;
      case 1:
        this.#fixed(8);
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#fixed(4);
        return;
      default:
        throw new CodecError(`proto: illegal wireType ${this.#wireType}`);
    }
  }
}
