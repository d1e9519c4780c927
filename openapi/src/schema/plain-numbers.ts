/** Numbers that were kept as they were written (see codec's `asWritten`), as Go decodes what has no type of its own. */
import { parseInt64 } from '../meta/strconv.ts';
import { isObject, isRawNumber, rawNumber, setOwn } from './json-value.ts';

const wholeNumber = /^-?[0-9]+$/;

export const isWholeNumber = (written: string): boolean => wholeNumber.test(written);

/** What Go says of a number that no float64 holds. */
export const infiniteNumber = (written: string): string =>
  `json: cannot unmarshal number ${written} into Go value of type float64`;

/** An integer of 64 bits stays as it is, what else there is becomes a float; changed in place. Throws an Error where that is infinite. */
export function plainNumbers(value: unknown): unknown {
  if (isRawNumber(value)) return plainNumber(value.rawJSON) ?? value;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) if (typeof item === 'object') value[index] = plainNumbers(item);
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value))
      if (typeof member === 'object') setOwn(value, key, plainNumbers(member) as typeof member);
  }
  return value;
}

/** What is left in so many bits of an integer, as Go converts it; one beyond 64 bits is a float, of which the least is left. */
export function wrapped(written: number | string, bits: 32 | 64): unknown {
  const text = typeof written === 'number' ? BigInt(written).toString() : written;
  const whole = BigInt.asIntN(bits, parseInt64(text) ?? -(2n ** 63n));
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : rawNumber(whole);
}

/** Undefined for an integer of 64 bits. */
function plainNumber(written: string): number | undefined {
  if (parseInt64(written) !== undefined) return undefined;
  const number = Number(written);
  if (!Number.isFinite(number)) throw new Error(infiniteNumber(written));
  return number;
}
