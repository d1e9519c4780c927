/** One term of a label selector. */
import { aggregateFieldErrors, type FieldError, invalidValue, notSupported } from './field-error.ts';
import { labelValue, qualifiedName } from './names.ts';
import { parseInt64 } from './strconv.ts';

export type SelectorOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';

export const binaryOperators: readonly SelectorOperator[] = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'];
const operators: readonly SelectorOperator[] = [...binaryOperators, 'exists', '!'];

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/** A selector, or a term of one, that upstream refuses; the message is upstream's. */
export class SelectorError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SelectorError';
  }
}

/** Go prints a nil path as this, and these errors have no path. */
const nowhere = '<nil>';

export function newRequirement(key: string, operator: SelectorOperator, values: readonly string[]): Requirement {
  const errors: FieldError[] = [];
  const keyError = labelKeyError(key, 'key');
  if (keyError) errors.push(keyError);
  errors.push(...countErrors(operator, values));
  for (const [index, value] of values.entries()) {
    const messages = labelValue(value);
    if (messages.length > 0) errors.push(invalidValue(`values[${index}][${key}]`, value, messages.join('; ')));
  }
  const message = aggregateFieldErrors(errors);
  if (message !== undefined) throw new SelectorError(message);
  return { key, operator, values };
}

export function labelKeyError(key: string, at = nowhere): FieldError | undefined {
  const messages = qualifiedName(key);
  return messages.length === 0 ? undefined : invalidValue(at, key, messages.join('; '));
}

function countErrors(operator: SelectorOperator, values: readonly string[]): FieldError[] {
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0
        ? []
        : [invalidValue('values', values, "for 'in', 'notin' operators, values set can't be empty")];
    case '=':
    case '==':
    case '!=':
      return values.length === 1
        ? []
        : [invalidValue('values', values, 'exact-match compatibility requires one single value')];
    case 'exists':
    case '!':
      return values.length === 0
        ? []
        : [invalidValue('values', values, 'values set must be empty for exists and does not exist')];
    case 'gt':
    case 'lt': {
      const errors =
        values.length === 1
          ? []
          : [invalidValue('values', values, "for 'Gt', 'Lt' operators, exactly one value is required")];
      for (const [index, value] of values.entries()) {
        if (parseInt64(value) !== undefined) continue;
        errors.push(invalidValue(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
      }
      return errors;
    }
    default:
      return [notSupported('operator', operator satisfies never, operators)];
  }
}

export function requirementMatches(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const { key, operator, values } = requirement;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const left = value === undefined ? undefined : parseInt64(value);
      const right = parseInt64(values[0] ?? '');
      if (left === undefined || right === undefined || values.length !== 1) return false;
      return operator === 'gt' ? left > right : left < right;
    }
    default:
      return operator satisfies never;
  }
}

export function formatRequirement({ key, operator, values }: Requirement): string {
  const joined = [...values].sort().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${joined})`;
    case 'gt':
      return `${key}>${joined}`;
    case 'lt':
      return `${key}<${joined}`;
    default:
      return `${key}${operator}${joined}`;
  }
}
