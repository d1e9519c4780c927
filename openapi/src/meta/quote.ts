/** Go's renderings of values in messages, which clients and upstream's tests compare literally. */

const shortEscapes: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
const plain = /^[ !#-[\]-~]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `%q`: double quotes, Go escapes, printable Unicode kept. */
export function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let result = '"';
  for (const character of text) {
    const short = shortEscapes[character];
    if (short !== undefined) result += short;
    else if (printable.test(character)) result += character;
    else result += escapeCodePoint(character.codePointAt(0) ?? 0);
  }
  return `${result}"`;
}

function escapeCodePoint(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

const htmlEscapes: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** json.Marshal: as JSON.stringify, with the characters escaped that Go escapes for HTML. */
export function marshalJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replace(/[<>&\u2028\u2029]/g, (character) => htmlEscapes[character] ?? character);
}

/** Length as Go's len() counts it: UTF-8 bytes. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
