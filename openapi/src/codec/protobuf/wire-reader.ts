/**
 * The protobuf wire format, read. Every read is bounded by the end its caller gives (the end of the message it is in),
 * nothing is allocated from a declared length, and the errors are worded as gogo's generated code words them.
 */
import { rawNumber } from '../../schema/json-value.ts';
import { CodecError } from '../serializer.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const truncated = () => new CodecError('unexpected EOF');

const rememberedLength = 40;
const rememberedStrings = 4096;
const recentStrings: string[] = Array.from({ length: rememberedStrings }, () => '');

export class WireReader {
  readonly bytes: Buffer;
  position: number;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  /** Field number and wire type, as on the wire. */
  tag(end: number): number {
    const byte = this.bytes[this.position];
    if (byte !== undefined && byte < 0x80 && this.position < end) {
      this.position++;
      return byte;
    }
    this.#varint(end);
    if (this.#high !== 0) throw new CodecError('proto: integer overflow');
    return this.#low >>> 0;
  }

  /** Reads the length of what follows; answers where that ends. */
  limit(end: number): number {
    const byte = this.bytes[this.position];
    let length: number;
    if (byte !== undefined && byte < 0x80 && this.position < end) {
      this.position++;
      length = byte;
    } else {
      this.#varint(end);
      if (this.#high < 0) throw new CodecError('proto: negative length found during unmarshaling');
      length = this.#high * 0x1_0000_0000 + (this.#low >>> 0);
    }
    const limit = this.position + length;
    if (limit > end) throw truncated();
    return limit;
  }

  string(end: number): string {
    const limit = this.limit(end);
    const start = this.position;
    this.position = limit;
    const length = limit - start;
    if (length === 0) return '';
    return length <= rememberedLength ? this.#short(start, limit) : this.bytes.toString('utf8', start, limit);
  }

  /** Names, keys and words come again and again: the string made for the same bytes before is found by their hash. */
  #short(start: number, limit: number): string {
    const { bytes } = this;
    const length = limit - start;
    let hash = length;
    let all = 0;
    for (let at = start; at < limit; at++) {
      const byte = bytes[at] as number;
      all |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    // Only of ASCII is every byte a unit of the string.
    if (all > 0x7f) return bytes.toString('utf8', start, limit);
    const slot = (hash ^ (hash >>> 15)) & (rememberedStrings - 1);
    const known = recentStrings[slot] as string;
    if (known.length === length) {
      let same = 0;
      while (same < length && known.charCodeAt(same) === bytes[start + same]) same++;
      if (same === length) return known;
    }
    return (recentStrings[slot] = bytes.toString('latin1', start, limit));
  }

  /** A view, not a copy. */
  piece(end: number): Buffer {
    const limit = this.limit(end);
    const piece = this.bytes.subarray(this.position, limit);
    this.position = limit;
    return piece;
  }

  boolean(end: number): boolean {
    this.#varint(end);
    return (this.#low | this.#high) !== 0;
  }

  /** Larger numbers are cut to 32 bits, as Go cuts them. */
  int32(end: number): number {
    this.#varint(end);
    return this.#low;
  }

  /** A RawNumber (see parseJson) where a number cannot hold it. */
  int64(end: number): number {
    this.#varint(end);
    const value = this.#high * 0x1_0000_0000 + (this.#low >>> 0);
    if (Number.isSafeInteger(value)) return value;
    return rawNumber((BigInt(this.#high) << 32n) | BigInt(this.#low >>> 0));
  }

  double(end: number): number {
    const start = this.position;
    if (start + 8 > end) throw truncated();
    this.position += 8;
    const value = this.bytes.readDoubleLE(start);
    if (Number.isFinite(value)) return value;
    throw new CodecError(`json: unsupported value: ${value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'}`);
  }

  /** Over a field that nobody knows. */
  skip(tag: number, end: number): void {
    let groups = 0;
    for (let next = tag; ; next = this.tag(end)) {
      switch (next & 7) {
        case wireTypes.varint:
          this.#varint(end);
          break;
        case wireTypes.fixed64:
          this.#advance(8, end);
          break;
        case wireTypes.bytes:
          this.position = this.limit(end);
          break;
        case wireTypes.startGroup:
          groups++;
          break;
        case wireTypes.endGroup:
          if (groups === 0) throw new CodecError('proto: unexpected end of group');
          groups--;
          break;
        case wireTypes.fixed32:
          this.#advance(4, end);
          break;
        default:
          throw new CodecError(`proto: illegal wireType ${next & 7}`);
      }
      if (groups === 0) return;
    }
  }

  #advance(size: number, end: number): void {
    this.position += size;
    if (this.position > end) throw truncated();
  }

  /** 64 bits in two halves, both signed. */
  #varint(end: number): void {
    const { bytes } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw new CodecError('proto: integer overflow');
      if (this.position >= end) throw truncated();
      const byte = bytes[this.position++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.#low = low;
    this.#high = high;
  }
}
