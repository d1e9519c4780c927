/** JSON.parse plus what it lacks: Go's messages, duplicate keys, a depth limit, integers beyond 2^53, no half characters. */
import { rawNumber } from '../schema/json-value.ts';
import { infiniteNumber, isWholeNumber } from '../schema/plain-numbers.ts';
import { explainJson, maxDepth } from './json-scanner.ts';
import { CodecError, type DecodeOptions, type FieldOccurrence } from './serializer.ts';
import { decodeUtf8, withoutLoneSurrogates } from './utf8.ts';

export interface ParsedJson {
  value: unknown;
  duplicateFields: string[];
  fields?: readonly FieldOccurrence[];
  /** There are RawNumbers for numbers that JavaScript does not hold or that are not written as integers. */
  asWritten?: true;
}

const quoteCode = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** Integers that may be beyond 2^53, and exponents that may be beyond what a number holds. */
const unusualNumbers = /[0-9](?:[0-9]{15}|[eE]\+?[0-9]{3})/;
/** The same, and all that may have a point or an exponent. */
const unusualOrFloat = /[0-9](?:[0-9]{15}|[.eE][-+]?[0-9]*(?:[eE][-+]?[0-9]+)?\s*[,\]}])/;

interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

/** Throws CodecError with the message Go's decoder gives. */
export function parseJson(bytes: Uint8Array | string, options: DecodeOptions = {}): ParsedJson {
  const text = withoutLoneSurrogates(typeof bytes === 'string' ? bytes : decodeUtf8(bytes));
  const strict = options.strict === true;
  const survey = strict || text.length > 2 * maxDepth ? surveyOf(text) : undefined;
  if (survey !== undefined && survey.depth > maxDepth) explainJson(text);
  let parsed: Pick<ParsedJson, 'value' | 'asWritten'>;
  try {
    parsed = parseNumbers(text, options.asWritten === true);
  } catch (error) {
    if (error instanceof CodecError) throw error;
    explainJson(text);
    throw error instanceof SyntaxError ? new CodecError(error.message) : error;
  }
  if (!strict || survey === undefined || survey.keys === countKeys(parsed.value)) {
    return { ...parsed, duplicateFields: [] };
  }
  return { ...parsed, ...explainJson(text) };
}

/** Unsafe integers become RawNumbers, which JSON.stringify writes back digit for digit. Go refuses what is infinite. */
function parseNumbers(text: string, asWritten: boolean): Pick<ParsedJson, 'value' | 'asWritten'> {
  const unusual = asWritten ? unusualOrFloat : unusualNumbers;
  if (!unusual.test(text)) return { value: JSON.parse(text) };
  const json = JSON as unknown as JsonWithSource;
  let kept = false;
  const value = json.parse(text, (_key, number, context) => {
    const { source } = context;
    if (typeof number !== 'number' || source === undefined) return number;
    const whole = isWholeNumber(source);
    if (whole && Number.isSafeInteger(number)) return number;
    if (asWritten) kept = true;
    else if (!whole && Number.isFinite(number)) return number;
    else if (!whole) throw new CodecError(infiniteNumber(source));
    return rawNumber(source);
  });
  return kept ? { value, asWritten: true } : { value };
}

/** Keys and nesting of a text, right if the text is well-formed; without building anything. */
function surveyOf(text: string): { keys: number; depth: number } {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === colon) {
      keys++;
    } else if (code === quoteCode) {
      at = endOfString(text, at);
    }
  }
  return { keys, depth: deepest };
}

function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return at;
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) {
    let count = 0;
    for (const item of value) if (typeof item === 'object') count += countKeys(item);
    return count;
  }
  if (Object.getPrototypeOf(value) === null) return 0;
  let count = 0;
  for (const key of Object.keys(value)) {
    count++;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') count += countKeys(member);
  }
  return count;
}
