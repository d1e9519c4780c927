/** JSON.parse plus what it lacks: Go's messages, duplicate keys, a depth limit, integers beyond 2^53. */
import { explainJson, maxDepth } from './json-scanner.ts';
import { CodecError, type FieldOccurrence } from './serializer.ts';

export interface ParsedJson {
  value: unknown;
  duplicateFields: string[];
  fields?: readonly FieldOccurrence[];
}

const quoteCode = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** Integers that may be beyond 2^53, and exponents that may be beyond what a number holds. */
const unusualNumbers = /[0-9]{16}|[[:,\s][-0-9.]+[eE]\+?[0-9]{3}/;

interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

/** Throws CodecError with the message Go's decoder gives. */
export function parseJson(bytes: Uint8Array | string, options: { strict?: boolean } = {}): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : decodeUtf8(bytes);
  const strict = options.strict === true;
  const survey = strict || text.length > 2 * maxDepth ? surveyOf(text) : undefined;
  if (survey !== undefined && survey.depth > maxDepth) explainJson(text);
  let value: unknown;
  try {
    value = unusualNumbers.test(text) ? parseUnusualNumbers(text) : JSON.parse(text);
  } catch (error) {
    if (error instanceof CodecError) throw error;
    explainJson(text);
    throw error instanceof SyntaxError ? new CodecError(error.message) : error;
  }
  if (!strict || survey === undefined || survey.keys === countKeys(value)) return { value, duplicateFields: [] };
  return { value, ...explainJson(text) };
}

function decodeUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Unsafe integers become raw JSON, which JSON.stringify writes back digit for digit. Go refuses what is infinite. */
function parseUnusualNumbers(text: string): unknown {
  const json = JSON as unknown as JsonWithSource;
  return json.parse(text, (_key, value, context) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value;
    if (/^-?[0-9]+$/.test(context.source)) return json.rawJSON(context.source);
    if (Number.isFinite(value)) return value;
    throw new CodecError(`json: cannot unmarshal number ${context.source} into Go value of type float64`);
  });
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
