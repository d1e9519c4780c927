/** Parses an expression by precedence climbing. Depth is bounded as in cel-go, so that later passes may recurse. */
import type { Constant, Expr, MapEntry, StructField } from './ast.ts';
import { SyntaxIssue } from './issue.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';

const MAX_DEPTH = 250;
const MAX_CODE_POINTS = 100_000;

const reserved = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
);
const relations: Record<string, string> = {
  '==': '_==_',
  '!=': '_!=_',
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  in: '@in',
};
const levels: Record<string, string>[] = [
  relations,
  { '+': '_+_', '-': '_-_' },
  { '*': '_*_', '/': '_/_', '%': '_%_' },
];

/** Throws SyntaxIssue. */
export function parse(source: string, bindings = false): Expr {
  if (source.length > MAX_CODE_POINTS) {
    const size = Array.from(source).length;
    if (size > MAX_CODE_POINTS) {
      throw new SyntaxIssue(0, `expression code point size exceeds limit: size: ${size}, limit ${MAX_CODE_POINTS}`);
    }
  }
  const { tokens, issues } = tokenize(source);
  if (issues.length === 0) return new Parser(tokens, bindings).whole();
  const { pos, message } = issues.pop()!;
  try {
    new Parser(tokens, bindings).whole();
  } catch (error) {
    if (error instanceof SyntaxIssue) throw new SyntaxIssue(pos, message, [...issues, ...error.issues]);
    throw error;
  }
  throw new SyntaxIssue(pos, message, issues);
}

class Parser {
  private readonly tokens: Token[];
  private readonly bindings: boolean;
  private index = 0;
  private depth = 0;

  constructor(tokens: Token[], bindings: boolean) {
    this.tokens = tokens;
    this.bindings = bindings;
  }

  whole(): Expr {
    const expr = this.expression();
    if (this.token.kind !== 'end') this.superfluous();
    return expr;
  }

  private get token(): Token {
    return this.tokens[this.index] as Token;
  }

  private is(text: string): boolean {
    const { kind } = this.token;
    return this.token.text === text && (kind === 'op' || (kind === 'ident' && text === 'in'));
  }

  private accept(text: string): Token | undefined {
    if (!this.is(text)) return undefined;
    const token = this.token;
    this.index++;
    return token;
  }

  private expect(text: string): Token {
    const closes = text === ')' || text === ']';
    return (
      this.accept(text) ?? (closes && this.token.kind === 'end' ? this.missing(text) : this.unexpected(`'${text}'`))
    );
  }

  /** One token too many is called something else than a different one. */
  private superfluous(): never {
    if (this.tokens[this.index + 1]?.kind !== 'end') this.unexpected('<EOF>');
    throw new SyntaxIssue(this.token.pos, `Syntax error: extraneous input '${this.token.text}' expecting <EOF>`);
  }

  private missing(text: string): never {
    throw new SyntaxIssue(this.token.pos, `Syntax error: missing '${text}' at '${this.token.text}'`);
  }

  private unexpected(expected: string): never {
    throw new SyntaxIssue(this.token.pos, `Syntax error: mismatched input '${this.token.text}' expecting ${expected}`);
  }

  private checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw new SyntaxIssue(0, `expression recursion limit exceeded: ${MAX_DEPTH}`);
  }

  private expression(): Expr {
    this.checkDepth(++this.depth);
    const condition = this.logical('||', '_||_', () => this.logical('&&', '_&&_', () => this.binary(0)));
    const question = this.accept('?');
    let result = condition;
    if (question !== undefined) {
      const yes = this.logical('||', '_||_', () => this.logical('&&', '_&&_', () => this.binary(0)));
      this.expect(':');
      result = call(question.pos, '_?_:_', [condition, yes, this.expression()]);
    }
    this.depth--;
    return result;
  }

  /** Long chains become balanced trees: logical operators associate. */
  private logical(text: string, fn: string, operand: () => Expr): Expr {
    const terms = [operand()];
    const positions: number[] = [];
    for (let op = this.accept(text); op !== undefined; op = this.accept(text)) {
      positions.push(op.pos);
      terms.push(operand());
    }
    const balance = (from: number, to: number): Expr => {
      if (from === to) return terms[from] as Expr;
      const middle = (from + to) >> 1;
      return call(positions[middle] as number, fn, [balance(from, middle), balance(middle + 1, to)]);
    };
    return balance(0, terms.length - 1);
  }

  private binary(level: number): Expr {
    const operators = levels[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (let chain = 1; ; chain++) {
      const token = this.token;
      const fn = token.kind === 'op' || token.text === 'in' ? operators[token.text] : undefined;
      if (fn === undefined) return left;
      this.checkDepth(chain);
      this.index++;
      left = call(token.pos, fn, [left, this.binary(level + 1)]);
    }
  }

  private unary(): Expr {
    const sign = this.token;
    if (sign.kind !== 'op' || (sign.text !== '!' && sign.text !== '-')) return this.member(this.primary());
    let count = 0;
    while (this.accept(sign.text) !== undefined) count++;
    const token = this.token;
    if (sign.text === '-' && (token.kind === 'int' || token.kind === 'double') && count % 2 === 1) {
      this.index++;
      const value: Constant =
        token.kind === 'int' ? this.int(-token.value, sign.pos) : { type: 'double', value: -token.value };
      return this.member(constant(sign.pos, value));
    }
    const operand = this.nested(() => (this.is('!') || this.is('-') ? this.unary() : this.member(this.primary())));
    return count % 2 === 0 ? operand : call(sign.pos, sign.text === '!' ? '!_' : '-_', [operand]);
  }

  private nested(read: () => Expr): Expr {
    this.checkDepth(++this.depth);
    const result = read();
    this.depth--;
    return result;
  }

  private int(value: bigint, pos: number): Constant {
    if (BigInt.asIntN(64, value) !== value) throw new SyntaxIssue(pos, 'Syntax error: invalid int literal');
    return { type: 'int', value };
  }

  private member(start: Expr): Expr {
    let expr = start;
    for (let chain = 1; ; chain++) {
      const op = this.accept('.') ?? this.accept('[');
      if (op === undefined) return expr;
      this.checkDepth(chain);
      const optional = this.accept('?') !== undefined;
      if (op.text === '[') {
        const key = this.expression();
        this.expect(']');
        expr = call(op.pos, optional ? '_[?_]' : '_[_]', [expr, key]);
        continue;
      }
      const name = this.name(op.text + (optional ? '?' : ''));
      const open = optional ? undefined : this.accept('(');
      if (open !== undefined) {
        const args = this.list(')');
        expr = expandMacro(open.pos, name, expr, args, this.bindings) ?? call(open.pos, name, args, expr);
      } else if (optional) {
        expr = call(op.pos, '_?._', [expr, constant(op.pos, { type: 'string', value: name })]);
      } else {
        expr = { kind: 'select', pos: op.pos, operand: expr, field: name, testOnly: false };
      }
    }
  }

  /** `before` is what it belongs to: after a dot, or a dot and a question mark, ANTLR has words of its own. */
  private name(before = ''): string {
    const token = this.token;
    if (token.kind !== 'ident' || (reserved.has(token.text) && ['in', 'true', 'false', 'null'].includes(token.text))) {
      if (before === '.') {
        const seen = token.kind === 'end' ? before : before + token.text;
        throw new SyntaxIssue(token.pos, `Syntax error: no viable alternative at input '${seen}'`);
      }
      if (before === '.?') {
        const message = `Syntax error: mismatched input '${token.text}' expecting {IDENTIFIER, ESC_IDENTIFIER}`;
        throw new SyntaxIssue(token.pos, 'unsupported ident kind', [{ pos: token.pos, message }]);
      }
      this.unexpected('IDENTIFIER');
    }
    this.index++;
    return token.kind === 'ident' && token.quoted ? token.text.slice(1, -1) : token.text;
  }

  private list(end: string): Expr[] {
    const items: Expr[] = [];
    while (!this.is(end)) {
      items.push(this.expression());
      if (this.accept(',') === undefined) break;
    }
    this.expect(end);
    return items;
  }

  private primary(): Expr {
    const token = this.token;
    this.index++;
    switch (token.kind) {
      case 'int':
        return constant(token.pos, this.int(token.value, token.pos));
      case 'uint':
        if (BigInt.asUintN(64, token.value) !== token.value) {
          throw new SyntaxIssue(token.pos, 'Syntax error: invalid uint literal');
        }
        return constant(token.pos, { type: 'uint', value: token.value });
      case 'double':
        return constant(token.pos, { type: 'double', value: token.value });
      case 'string':
        return constant(token.pos, { type: 'string', value: token.value });
      case 'bytes':
        return constant(token.pos, { type: 'bytes', value: token.value });
      case 'ident':
        return this.identifier(token);
      case 'op':
        if (token.text === '(') {
          const inner = this.expression();
          this.expect(')');
          return inner;
        }
        if (token.text === '[') return this.listLiteral(token.pos);
        if (token.text === '{') return this.mapLiteral(token.pos);
        if (token.text === '.') return this.identifier(this.tokens[this.index++] as Token);
        break;
      case 'end':
        break;
    }
    this.index--;
    return this.unexpected(
      "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    );
  }

  private identifier(token: Token): Expr {
    const { text, pos } = token;
    if (token.kind !== 'ident') {
      this.index--;
      return this.unexpected('IDENTIFIER');
    }
    if (text === 'true' || text === 'false') return constant(pos, { type: 'bool', value: text === 'true' });
    if (text === 'null') return constant(pos, { type: 'null', value: null });
    if (reserved.has(text)) throw new SyntaxIssue(pos, `reserved identifier: ${text}`);
    const open = this.accept('(');
    if (open !== undefined) {
      const args = this.list(')');
      return expandMacro(open.pos, text, undefined, args) ?? call(open.pos, text, args);
    }
    return this.structAfter(text, pos) ?? { kind: 'ident', pos, name: text };
  }

  /** `Name.Of.Type{field: value}`; nothing is consumed where no brace follows. */
  private structAfter(first: string, pos: number): Expr | undefined {
    let name = first;
    let at = this.index;
    while (this.tokens[at]?.text === '.' && this.tokens[at + 1]?.kind === 'ident') {
      name += `.${this.tokens[at + 1]?.text}`;
      at += 2;
    }
    if (this.tokens[at]?.text !== '{') return undefined;
    const brace = this.tokens[at]?.pos ?? pos;
    this.index = at + 1;
    const fields: StructField[] = [];
    while (!this.is('}')) {
      const optional = this.accept('?') !== undefined;
      const fieldName = this.name();
      const colon = this.expect(':');
      fields.push({ pos: colon.pos, name: fieldName, value: this.expression(), optional });
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return { kind: 'struct', pos: brace, name, fields };
  }

  private listLiteral(pos: number): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.is(']')) {
      if (this.accept('?') !== undefined) optional.add(elements.length);
      elements.push(this.expression());
      if (this.accept(',') === undefined) break;
    }
    this.expect(']');
    return { kind: 'list', pos, elements, optional };
  }

  private mapLiteral(pos: number): Expr {
    const entries: MapEntry[] = [];
    while (!this.is('}')) {
      const optional = this.accept('?') !== undefined;
      const key = this.expression();
      this.expect(':');
      entries.push({ key, value: this.expression(), optional });
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return { kind: 'map', pos, entries };
  }
}

export function constant(pos: number, value: Constant): Expr {
  return { kind: 'const', pos, constant: value };
}

export function call(pos: number, fn: string, args: Expr[], target?: Expr): Expr {
  return target === undefined ? { kind: 'call', pos, fn, args } : { kind: 'call', pos, fn, args, target };
}
