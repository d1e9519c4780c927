/** What YAML is not written in: the reader and the scanner of Go's library refuse it before anything is parsed. */
import { CodecError } from './serializer.ts';

/** Control characters but tab, line ends and U+0085, what is no character, and what stands in decoded text for such bytes. */
const suspicious = /[^\P{Cc}\t\n\r\u0085]|[\ufffd-\uffff]/u;
const surrogate = /\\(?:u[dD][89a-fA-F]|U)/;

/** Quick; true of nearly all documents. */
export function isPlainYaml(text: string): boolean {
  return !suspicious.test(text) && !surrogate.test(text);
}

/** Throws CodecError for the first byte that begins no character that YAML allows. */
export function confirmCharacters(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!;
    const width =
      first < 0x80 ? 1 : first >> 5 === 0b110 ? 2 : first >> 4 === 0b1110 ? 3 : first >> 3 === 0b11110 ? 4 : 0;
    if (width === 0) throw new CodecError('yaml: invalid leading UTF-8 octet');
    if (at + width > bytes.length) throw new CodecError('yaml: incomplete UTF-8 octet sequence');
    let value = width === 1 ? first : first & (0xff >> (width + 1));
    for (let next = 1; next < width; next++) {
      const octet = bytes[at + next]!;
      if (octet >> 6 !== 0b10) throw new CodecError('yaml: invalid trailing UTF-8 octet');
      value = (value << 6) | (octet & 0x3f);
    }
    if (value < [0, 0, 0x80, 0x800, 0x10000][width]!) throw new CodecError('yaml: invalid length of a UTF-8 sequence');
    if ((value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
      throw new CodecError('yaml: invalid Unicode character');
    if (value !== 0xfffd && value < 0x10000 && suspicious.test(String.fromCharCode(value)))
      throw new CodecError('yaml: control characters are not allowed');
    at += width;
  }
}

const escapeCode = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[^])/g;

/** Throws CodecError for an escape, in the source of a scalar in double quotes, that stands for no character. */
export function confirmEscapes(source: string, lineAt: (index: number) => number): void {
  for (const match of source.matchAll(escapeCode)) {
    const code = Number.parseInt(match[1] ?? match[2] ?? match[3] ?? '0', 16);
    if ((code < 0xd800 || code > 0xdfff) && code <= 0x10ffff) continue;
    const line = lineAt(match.index);
    throw new CodecError(`yaml: ${line > 1 ? `line ${line}: ` : ''}found invalid Unicode character escape code`);
  }
}
