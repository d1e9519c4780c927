/** Field selectors: `metadata.name=a,status.phase!=Running`; `\` escapes `,`, `=` and itself in values. */
import { SelectorError } from './requirement.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  /** A field that is absent counts as empty. */
  matches(fields: Readonly<Record<string, string>>): boolean;
  empty(): boolean;
  requiresExactMatch(field: string): string | undefined;
  toString(): string;
}

class FieldTerms implements FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  matches(fields: Readonly<Record<string, string>>): boolean {
    for (const { field, operator, value } of this.requirements) {
      const actual = Object.hasOwn(fields, field) ? fields[field] : '';
      if ((actual === value) !== (operator === '=')) return false;
    }
    return true;
  }

  empty(): boolean {
    return this.requirements.length === 0;
  }

  requiresExactMatch(field: string): string | undefined {
    return this.requirements.find((term) => term.field === field && term.operator === '=')?.value;
  }

  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`)
      .join(',');
  }
}

export function fieldSelector(requirements: readonly FieldRequirement[]): FieldSelector {
  return new FieldTerms(requirements);
}

function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

/** Throws SelectorError with upstream's message. Which fields a kind supports is not its business. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const parts = splitTerm(term);
    if (parts === undefined) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const [field, operator, value] = parts;
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) });
  }
  return new FieldTerms(requirements);
}

/** The first operator from the left, `!=` before `==` before `=` at the same place. */
function splitTerm(term: string): [string, string, string] | undefined {
  const match = /!=|==|=/.exec(term);
  if (match === null) return undefined;
  return [term.slice(0, match.index), match[0], term.slice(match.index + match[0].length)];
}

function splitTerms(text: string): string[] {
  if (text === '') return [];
  const terms: string[] = [];
  let start = 0;
  let escaped = false;
  for (let index = 0; index < text.length; index++) {
    if (escaped) escaped = false;
    else if (text[index] === '\\') escaped = true;
    else if (text[index] === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let result = '';
  let escaped = false;
  for (const character of text) {
    if (escaped) {
      if (!'\\,='.includes(character))
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${character}`);
      result += character;
      escaped = false;
    } else if (character === '\\') {
      escaped = true;
    } else if (character === ',' || character === '=') {
      // Go prints the rune as a number here.
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character.codePointAt(0)}`);
    } else {
      result += character;
    }
  }
  if (escaped) throw new SelectorError('invalid field selector: invalid escape sequence: \\');
  return result;
}
