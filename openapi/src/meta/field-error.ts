/** Validation errors of one field (upstream: apimachinery field.Error); `invalid()` turns a list of them into a 422. */
import type { FieldPath } from './field-path.ts';
import { marshalJson, quote } from './quote.ts';

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'InternalError'
  | 'FieldValueTypeInvalid'
  | 'FieldValueTooShort';

export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly badValue?: unknown;
  readonly detail: string;
}

/** As badValue: the message leaves the value out. */
export const omitValue: unique symbol = Symbol('omitValue');

type At = FieldPath | string;

const titles: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueTooShort: 'Too short',
};
const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

/** The message without the field's name. */
export function fieldErrorBody(error: FieldError): string {
  let text = titles[error.type];
  if (!withoutValue.has(error.type) && error.badValue !== omitValue) text += `: ${renderValue(error.badValue)}`;
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

export function fieldErrorMessage(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** All messages in order, each once: `a`, or `[a, b]`; undefined where there are none. */
export function aggregateFieldErrors(errors: readonly FieldError[]): string | undefined {
  return aggregateMessages(errors.map(fieldErrorMessage));
}

export function aggregateMessages(messages: readonly string[]): string | undefined {
  const distinct = [...new Set(messages)];
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : distinct[0];
}

function renderValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      return marshalJson(value);
  }
}

function make(type: FieldErrorType, at: At, badValue: unknown, detail: string): FieldError {
  return { type, field: at.toString(), badValue, detail };
}

function atMost(maximum: number, one: string): string {
  return `${maximum} ${one}${maximum === 1 ? '' : 's'}`;
}

export const required = (at: At, detail = ''): FieldError => make('FieldValueRequired', at, '', detail);
export const invalidValue = (at: At, value: unknown, detail: string): FieldError =>
  make('FieldValueInvalid', at, value, detail);
export const duplicate = (at: At, value: unknown): FieldError => make('FieldValueDuplicate', at, value, '');
export const forbiddenField = (at: At, detail: string): FieldError => make('FieldValueForbidden', at, '', detail);
export const typeInvalid = (at: At, value: unknown, detail: string): FieldError =>
  make('FieldValueTypeInvalid', at, value, detail);
export const notFoundField = (at: At, value: unknown): FieldError => make('FieldValueNotFound', at, value, '');

/** The values are listed in the order given. */
export function notSupported(at: At, value: unknown, validValues: readonly string[]): FieldError {
  const detail = validValues.length === 0 ? '' : `supported values: ${validValues.map(quote).join(', ')}`;
  return make('FieldValueNotSupported', at, value, detail);
}

/** `maximum` counts UTF-8 bytes; negative: the message names no limit. The value is never shown. */
export function tooLong(at: At, _value: unknown, maximum: number): FieldError {
  const detail = maximum >= 0 ? `may not be more than ${atMost(maximum, 'byte')}` : 'value is too long';
  return make('FieldValueTooLong', at, '<value omitted>', detail);
}

export function tooShort(at: At, value: unknown, minimum: number): FieldError {
  const detail = minimum >= 0 ? `must be at least ${atMost(minimum, 'character')}` : 'value is too short';
  return make('FieldValueTooShort', at, value, detail);
}

export function tooMany(at: At, actual: number, maximum: number): FieldError {
  const detail = maximum >= 0 ? `must have at most ${atMost(maximum, 'item')}` : 'has too many items';
  return make('FieldValueTooMany', at, actual >= 0 ? actual : omitValue, detail);
}

export function internalFieldError(at: At, error: unknown): FieldError {
  const message = error instanceof Error ? error.message : String(error);
  return make('InternalError', at, message, message);
}
