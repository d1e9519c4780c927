/** Texts as Go's strconv reads them. */

const trueTexts: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseTexts: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);
const decimal = /^[+-]?[0-9]+$/;

/** As ParseBool; undefined for what it refuses. */
export function parseBool(text: string): boolean | undefined {
  if (trueTexts.has(text)) return true;
  return falseTexts.has(text) ? false : undefined;
}

/** As ParseInt of a decimal with 64 bits; undefined for what it refuses. */
export function parseInt64(text: string): bigint | undefined {
  if (!decimal.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** What ParseInt says of a text that `parseInt64` does not take. */
export function parseInt64Problem(text: string): string {
  const what = decimal.test(text) ? 'value out of range' : 'invalid syntax';
  return `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${what}`;
}
