/** How Go's fmt prints JSON values: upstream puts them into the messages of validation errors. */
import type { JsonValue } from '../../meta/object.ts';
import { quote } from '../../meta/quote.ts';
import { isRawNumber } from '../json-value.ts';
import { compareText } from './value.ts';

/** `%T` */
export function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'float64';
  if (Array.isArray(value)) return '[]interface {}';
  return isRawNumber(value) ? 'int64' : 'map[string]interface {}';
}

/** `%v` */
export function goValue(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (isRawNumber(value)) return value.rawJSON;
  const keys = Object.keys(value).sort(compareText);
  return `map[${keys.map((key) => `${key}:${goValue(value[key] as JsonValue)}`).join(' ')}]`;
}

/** `%#v` */
export function goSyntax(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (isRawNumber(value)) return value.rawJSON;
  const nested = (member: JsonValue): string => goSyntax(member);
  if (Array.isArray(value)) return `[]interface {}{${value.map(nested).join(', ')}}`;
  const keys = Object.keys(value).sort(compareText);
  return `map[string]interface {}{${keys.map((key) => `${quote(key)}:${nested(value[key] as JsonValue)}`).join(', ')}}`;
}
