import type { FieldError, Path } from './field.ts';
import { checked, invalidValue, nonNegative } from './field.ts';
import { percent, portName, portNumber } from './names.ts';

export type IntOrString = number | string;

export function validatePort(value: IntOrString | undefined | null, at: Path): FieldError[] {
  if (typeof value === 'string') return checked(at, value, portName(value));
  return checked(at, value ?? 0, portNumber(value ?? 0));
}

export function validateIntOrPercent(value: IntOrString | undefined | null, at: Path): FieldError[] {
  if (typeof value === 'string') return checked(at, value, percent(value));
  return nonNegative(at, value);
}

export function validateNotAbove100Percent(value: IntOrString | undefined | null, at: Path): FieldError[] {
  return typeof value === 'string' && percent(value).length === 0 && intOrPercentValue(value) > 100
    ? [invalidValue(at, value, 'must not be greater than 100%')]
    : [];
}

/** The number before the percent sign, or the number; a text that is neither counts as none. */
export function intOrPercentValue(value: IntOrString | undefined | null): number {
  if (typeof value !== 'string') return value ?? 0;
  const number = /^([+-]?\d+)%?$/.exec(value)?.[1];
  return number === undefined ? 0 : Number(number);
}
