/** How the values of flags are read. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../duration.ts';

/** `previous`: what the flag was before on the same line. */
export type Parser = (text: string, previous?: never) => unknown;

export const text: Parser = (value) => value;

export const list = (text: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  ...text.split(',').filter((each) => each !== ''),
];

export const append = (text: string, previous: readonly string[] | undefined): string[] => [...(previous ?? []), text];

/** `KEY=VALUE`, in which there may be commas; or several, separated by commas, each in double quotes if it has some. */
export const pairs = (text: string, previous: readonly string[] | undefined): string[] => {
  const several = (text.match(/=/g)?.length ?? 0) > 1;
  const fields = several ? (text.match(/"(?:[^"]|"")*"|[^,"]+/g) ?? []) : [text];
  const given = fields.map((field) => field.replace(/^"|"$/g, '').replaceAll('""', '"'));
  const wrong = given.find((pair) => !pair.includes('='));
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong} must be formatted as key=value`);
  return [...(previous ?? []), ...given];
};

/** Upstream's `--flag`, `--flag=true` and `--flag=false`. */
export function boolean(text: string | boolean): boolean {
  if (typeof text === 'boolean') return text;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError('expected true or false');
}

export function integer(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('expected a number');
  return number;
}

/** A flag that may be given several times. */
export const joined = (text: string, previous: string | undefined): string =>
  previous === undefined || previous === '' ? text : `${previous},${text}`;

export function chance(text: string): number {
  const number = Number(text);
  if (!(number >= 0 && number <= 0.02)) throw new InvalidArgumentError('can not be less than 0 or greater than 0.02');
  return number;
}

export function milliseconds(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('expected a duration such as 1m0s');
  return duration;
}

export const seconds = (text: string): number => Math.round(milliseconds(text) / 1000);
