/** Splits an expression into tokens. */
import { type Issue, SyntaxIssue } from './issue.ts';

export type Token =
  | { kind: 'ident'; text: string; pos: number; quoted: boolean }
  | { kind: 'int'; text: string; pos: number; value: bigint }
  | { kind: 'uint'; text: string; pos: number; value: bigint }
  | { kind: 'double'; text: string; pos: number; value: number }
  | { kind: 'string'; text: string; pos: number; value: string }
  | { kind: 'bytes'; text: string; pos: number; value: Uint8Array }
  | { kind: 'op' | 'end'; text: string; pos: number };

const space = /(?:\s|\/\/[^\n]*)+/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const quotedIdentifier = /`[A-Za-z0-9_.\-/ ]+`/y;
const floating = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)(u|U)?/y;
const literal =
  /(?:[bB][rR]?|[rR][bB]?)?(?:"""[\s\S]*?(?<!\\)(?:\\\\)*"""|'''[\s\S]*?(?<!\\)(?:\\\\)*'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/y;
const rawLiteral = /(?:[bB][rR]|[rR][bB]?)(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const operator = /(?:==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}])/y;

/** A text that is not closed goes to the end of its line. */
const unclosed = /(["'])(?:(?!\1)[^\n\r\\]|\\[^\n\r])*[\n\r]?/y;

/** What is no token is told of, and left out. */
export function tokenize(source: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let pos = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = pos;
    return pattern.exec(source);
  };
  while (true) {
    pos += match(space)?.[0].length ?? 0;
    if (pos >= source.length) break;
    const token = next(match, pos);
    if (token === undefined) {
      const text = match(unclosed)?.[0] ?? String.fromCodePoint(source.codePointAt(pos)!);
      issues.push({ pos, message: `Syntax error: token recognition error at: '${text}'` });
      pos += text.length;
      continue;
    }
    tokens.push(token);
    pos += token.text.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', pos: source.length });
  return { tokens, issues };
}

function next(match: (pattern: RegExp) => RegExpExecArray | null, pos: number): Token | undefined {
  const text = match(rawLiteral)?.[0] ?? match(literal)?.[0];
  if (text !== undefined) return literalToken(text, pos);
  const word = match(identifier)?.[0];
  if (word !== undefined) return { kind: 'ident', text: word, pos, quoted: false };
  const quoted = match(quotedIdentifier)?.[0];
  if (quoted !== undefined) return { kind: 'ident', text: quoted, pos, quoted: true };
  const float = match(floating)?.[0];
  if (float !== undefined) return { kind: 'double', text: float, pos, value: Number(float) };
  const int = match(integer);
  if (int !== null) {
    const unsigned = int[1] !== undefined;
    const value = BigInt(unsigned ? int[0].slice(0, -1) : int[0]);
    return { kind: unsigned ? 'uint' : 'int', text: int[0], pos, value };
  }
  const op = match(operator)?.[0];
  return op === undefined ? undefined : { kind: 'op', text: op, pos };
}

function literalToken(text: string, pos: number): Token {
  const prefix = /^[a-zA-Z]*/.exec(text)?.[0].toLowerCase() ?? '';
  const quoted = text.slice(prefix.length);
  const triple = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  const body = quoted.slice(triple, -triple);
  const isBytes = prefix.includes('b');
  const raw = prefix.includes('r');
  if (isBytes) return { kind: 'bytes', text, pos, value: raw ? Buffer.from(body) : unescapeBytes(body, pos) };
  return { kind: 'string', text, pos, value: raw ? body : unescapeText(body, pos) };
}

const simple: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const escape = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;

function unescapeText(body: string, pos: number): string {
  return body.replace(escape, (_, x?: string, u?: string, long?: string, octal?: string, letter?: string) => {
    if (letter !== undefined) return simpleEscape(letter, pos);
    const code = octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new SyntaxIssue(pos, 'Syntax error: invalid unicode code point');
    }
    return String.fromCodePoint(code);
  });
}

function unescapeBytes(body: string, pos: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let last = 0;
  for (const found of body.matchAll(escape)) {
    parts.push(Buffer.from(body.slice(last, found.index)));
    const [, x, u, long, octal, letter] = found;
    if (x !== undefined) parts.push(Uint8Array.of(Number.parseInt(x, 16)));
    else if (octal !== undefined) parts.push(Uint8Array.of(Number.parseInt(octal, 8)));
    else if (letter !== undefined) parts.push(Buffer.from(simpleEscape(letter, pos)));
    else parts.push(Buffer.from(String.fromCodePoint(Number.parseInt(u ?? long ?? '', 16))));
    last = found.index + found[0].length;
  }
  parts.push(Buffer.from(body.slice(last)));
  return Buffer.concat(parts);
}

function simpleEscape(letter: string, pos: number): string {
  const value = simple[letter];
  if (value === undefined) throw new SyntaxIssue(pos, `Syntax error: invalid escape sequence: \\${letter}`);
  return value;
}
