/** Lexer and recursive-descent parser of label selector texts; grammar and messages as apimachinery/pkg/labels. */
import { fieldErrorMessage } from './field-error.ts';
import {
  binaryOperators,
  labelKeyError,
  newRequirement,
  type Requirement,
  SelectorError,
  type SelectorOperator,
} from './requirement.ts';

type TokenType =
  | 'error'
  | 'end'
  | 'identifier'
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | '<'
  | '!='
  | '('
  | 'in'
  | 'notin';

interface Token {
  type: TokenType;
  text: string;
}

const symbols = new Set<string>([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const special = new Set('=!(),><');
const space = new Set(' \t\r\n');

function isSymbol(text: string): text is TokenType {
  return symbols.has(text);
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '\0') break;
    if (space.has(character)) {
      at++;
    } else if (special.has(character)) {
      const token = symbolAt(text, at);
      tokens.push(token);
      at += token.text.length;
    } else {
      let end = at;
      while (end < text.length && !special.has(text[end] ?? '') && !space.has(text[end] ?? '') && text[end] !== '\0')
        end++;
      const word = text.slice(at, end);
      tokens.push({ type: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
      at = end;
    }
  }
  tokens.push({ type: 'end', text: '' });
  return tokens;
}

/** The longest symbol; every special character is one by itself. */
function symbolAt(text: string, at: number): Token {
  const two = text.slice(at, at + 2);
  const symbol = isSymbol(two) ? two : (text[at] ?? '');
  return { type: isSymbol(symbol) ? symbol : 'error', text: symbol };
}

const operatorTokens: Partial<Record<TokenType, SelectorOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.type === 'end') return requirements;
      if (token.type !== 'identifier' && token.type !== '!') {
        throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirementOrExplain());
      const after = this.#next();
      if (after.type === 'end') return requirements;
      if (after.type !== ',') throw new SelectorError(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.type !== 'identifier' && following.type !== '!') {
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  /** `in` and `notin` are words like any other, except where an operator stands. */
  #peek(): Token {
    const token = this.#tokens[this.#position] ?? { type: 'end', text: '' };
    return token.type === 'in' || token.type === 'notin' ? { type: 'identifier', text: token.text } : token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #requirementOrExplain(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #requirement(): Requirement {
    let token = this.#next();
    const negated = token.type === '!';
    if (negated) token = this.#next();
    if (token.type !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyError = labelKeyError(key);
    if (keyError) throw new SelectorError(fieldErrorMessage(keyError));
    if (negated) return newRequirement(key, '!', []);
    const following = this.#peek();
    if (following.type === 'end' || following.type === ',') return newRequirement(key, 'exists', []);
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : this.#exactValue();
    return newRequirement(key, operator, [...new Set(values)].sort());
  }

  #operator(): SelectorOperator {
    const token = this.#tokens[this.#position++] ?? { type: 'end', text: '' };
    const operator = operatorTokens[token.type];
    if (operator === undefined)
      throw new SelectorError(`found '${token.text}', expected: ${binaryOperators.join(', ')}`);
    return operator;
  }

  #exactValue(): string[] {
    const token = this.#peek();
    if (token.type === 'end' || token.type === ',') return [''];
    this.#position++;
    if (token.type !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    return [token.text];
  }

  #values(): string[] {
    const open = this.#next();
    if (open.type !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') {
      this.#position++;
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifiers();
    if (this.#next().type !== ')') throw new SelectorError(`found '${first.text}', expected: ')'`);
    return values;
  }

  /** Commas next to each other or to a parenthesis stand for the empty value. Stops before the `)`. */
  #identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.#next();
      if (token.type === 'identifier') {
        values.push(token.text);
        const following = this.#peek();
        if (following.type === ')') return values;
        if (following.type !== ',') throw new SelectorError(`found '${following.text}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.length === 0) values.push('');
        const following = this.#peek();
        if (following.type === ')') return [...values, ''];
        if (following.type === ',') values.push('');
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}

export function parseRequirements(text: string): Requirement[] {
  return new Parser(text).parse();
}
