/**
 * The slow way through a JSON text, taken when the fast one found something odd: says what is wrong in the words of
 * Go's decoder, and which fields are there twice.
 */
import { CodecError, type FieldOccurrence } from './serializer.ts';

/** Deeper documents cannot be encoded again within this engine's stack. (Go stops at 10000.) */
export const maxDepth = 1000;
/** Upstream's limit on reported strict errors. */
const maxDuplicates = 100;
/** Characters of paths that are looked at. A long key above many short ones would otherwise take quadratic time. */
const maxPathText = 16 * 1024 * 1024;

/** Without `fields` where their paths are too long together to work with. */
export function explainJson(text: string): { duplicateFields: string[]; fields?: FieldOccurrence[] } {
  const scanner = new Scanner(text);
  scanner.document();
  const { duplicates, fields, pathText } = scanner;
  return { duplicateFields: duplicates, ...(pathText > maxPathText ? {} : { fields }) };
}

const escapes = new Set('bfnrt\\/"');

class Scanner {
  readonly duplicates: string[] = [];
  readonly fields: FieldOccurrence[] = [];
  /** Characters of all fields' paths. */
  pathText = 0;
  #compared = 0;
  readonly #seen = new Set<string>();
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value('', 'looking for beginning of value');
    this.#space();
    if (this.#at < this.#text.length) throw this.#invalid('after top-level value');
  }

  #value(path: string, context: string): void {
    this.#space();
    const character = this.#text[this.#at];
    switch (character) {
      case undefined:
        throw new CodecError('unexpected end of JSON input');
      case '{':
        return this.#nested(() => this.#object(path));
      case '[':
        return this.#nested(() => this.#array(path));
      case '"':
        this.#string();
        return;
      case 't':
        return this.#literal('true');
      case 'f':
        return this.#literal('false');
      case 'n':
        return this.#literal('null');
      default:
        if (character === '-' || isDigit(character)) return this.#number();
        throw this.#invalid(context);
    }
  }

  #nested(scan: () => void): void {
    if (++this.#depth > maxDepth) throw this.#invalid('exceeded max depth');
    this.#at++;
    scan();
    this.#depth--;
  }

  #object(path: string): void {
    const keys = new Set<string>();
    this.#space();
    if (this.#take('}')) return;
    for (;;) {
      this.#space();
      if (this.#at >= this.#text.length) throw new CodecError('unexpected end of JSON input');
      if (this.#text[this.#at] !== '"') throw this.#invalid('looking for beginning of object key string');
      const key = this.#string();
      const here = path === '' ? key : `${path}.${key}`;
      const again = keys.has(key);
      if (again) this.#duplicate(here);
      this.pathText += here.length;
      if (this.pathText <= maxPathText) this.fields.push({ path: here, again });
      keys.add(key);
      this.#space();
      if (!this.#take(':')) throw this.#invalid('after object key');
      this.#value(here, 'looking for beginning of value');
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) throw this.#invalid('after object key:value pair');
    }
  }

  #array(path: string): void {
    this.#space();
    if (this.#take(']')) return;
    for (let index = 0; ; index++) {
      this.#value(`${path}[${index}]`, 'looking for beginning of value');
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) throw this.#invalid('after array element');
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw new CodecError('unexpected end of JSON input');
      if (character === '"') break;
      if (character < ' ') throw this.#invalid('in string literal');
      this.#at++;
      if (character === '\\') this.#escape();
    }
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #escape(): void {
    const character = this.#text[this.#at];
    if (character === undefined) throw new CodecError('unexpected end of JSON input');
    if (character !== 'u') {
      if (!escapes.has(character)) throw this.#invalid('in string escape code');
      this.#at++;
      return;
    }
    this.#at++;
    for (let digit = 0; digit < 4; digit++, this.#at++) {
      const hexadecimal = this.#text[this.#at];
      if (hexadecimal === undefined) throw new CodecError('unexpected end of JSON input');
      if (!/[0-9a-fA-F]/.test(hexadecimal)) throw this.#invalid('in \\u hexadecimal character escape');
    }
  }

  #literal(word: string): void {
    for (const expected of word) {
      const character = this.#text[this.#at];
      if (character === undefined) throw new CodecError('unexpected end of JSON input');
      if (character !== expected) throw this.#invalid(`in literal ${word} (expecting '${expected}')`);
      this.#at++;
    }
  }

  #number(): void {
    this.#take('-');
    if (!this.#take('0')) this.#digits('in numeric literal');
    if (this.#take('.')) this.#digits('after decimal point in numeric literal');
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-');
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(context: string): void {
    const character = this.#text[this.#at];
    if (character === undefined) throw new CodecError('unexpected end of JSON input');
    if (!isDigit(character)) throw this.#invalid(context);
    while (isDigit(this.#text[this.#at] ?? '')) this.#at++;
  }

  #duplicate(path: string): void {
    this.#compared += path.length;
    if (this.duplicates.length >= maxDuplicates || this.#compared > maxPathText || this.#seen.has(path)) return;
    this.#seen.add(path);
    this.duplicates.push(path);
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #invalid(context: string): CodecError {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return new CodecError('unexpected end of JSON input');
    return new CodecError(`invalid character ${quoteCharacter(String.fromCodePoint(code))} ${context}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

function quoteCharacter(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
