/** Text as Go reads it: what is no character becomes U+FFFD, one for each byte and each lone half of a pair. */

const replacement = '\u{fffd}';

/** JavaScript's own decoder takes the beginning of a character together with what is missing as one. */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.includes(replacement) ? decodeBytewise(buffer) : text;
}

function decodeBytewise(bytes: Buffer): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const width = characterWidth(bytes, at);
    if (width === 0) {
      parts.push(bytes.toString('utf8', from, at), replacement);
      from = at + 1;
    }
    at += width || 1;
  }
  parts.push(bytes.toString('utf8', from));
  return parts.join('');
}

/** Zero where no character begins. */
function characterWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const width = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (width === 0) return 0;
  const second = bytes[at + 1] ?? 0;
  // Longer than need be, half of a pair, or beyond the last character.
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let next = 2; next < width; next++) if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  return width;
}

const halfEscape = /\\u[dD][89a-fA-F]/;
const escape = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|[^])/g;
const pairLength = String.raw`\ud83d\ude00`.length;

/** JSON text whose escapes of lone halves stand for U+FFFD. */
export function withoutLoneSurrogates(text: string): string {
  if (!halfEscape.test(text)) return text;
  return text.replace(escape, (found) => (found.length > 2 && found.length < pairLength ? String.raw`\ufffd` : found));
}
