/** Times and bytes, which JSON carries as text. */
import { quote } from '../meta/quote.ts';
import { formatTime, parseTime } from '../meta/time.ts';

export class DecodeError extends Error {
  readonly conversion: string;

  constructor(message: string, conversion = message) {
    super(message);
    this.conversion = conversion;
  }
}

const wholeSeconds = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

export function time(text: string): string {
  const date = parseTime(text);
  if (date === undefined) throw new DecodeError(timeMessage(text, '2006-01-02T15:04:05Z07:00'));
  return wholeSeconds.test(text) ? text : formatTime(date);
}

export function microTime(text: string): string {
  const date = parseTime(text);
  const fraction = /\.(\d{6})(?:Z|[+-])/.exec(text)?.[1];
  if (date === undefined || fraction === undefined)
    throw new DecodeError(timeMessage(text, '2006-01-02T15:04:05.000000Z07:00'));
  return text.endsWith('Z') ? text : `${formatTime(date).slice(0, 19)}.${fraction}Z`;
}

const timeParts: readonly [pattern: RegExp, layout: string][] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}(?:\.\d+)?/, '05'],
  [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
];

/** Go names the part of the layout where parsing stopped. */
function timeMessage(text: string, layout: string): string {
  let rest = text;
  for (const [pattern, part] of timeParts) {
    const match = pattern.exec(rest);
    if (match === null)
      return `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(part)}`;
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `parsing time ${quote(text)}: extra text: ${quote(rest)}`;
  if (layout.includes('.')) {
    const zone = /(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/.exec(text)?.[0] ?? '';
    return `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(zone)} as ".000000"`;
  }
  return `parsing time ${quote(text)}: day out of range`;
}

export const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Line breaks are fine anywhere. */
export function illegalBase64At(text: string): number | undefined {
  if (text.length < 4096 ? base64.test(text) : isBase64(text)) return undefined;
  const clean = text.replace(/[\r\n]/g, '');
  if (isBase64(clean)) return undefined;
  const bad = /[^A-Za-z0-9+/=\r\n]/.exec(text)?.index;
  return bad ?? /=/.exec(text)?.index ?? clean.length - (clean.length % 4);
}

/** Without backtracking over megabytes. */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  return !/[^A-Za-z0-9+/]/.test(text.slice(0, end));
}
