/** Numbers as Go decodes them, and what schemas ask of them, as kube-openapi asks it. */
import { isRawNumber } from '@typernetes/openapi/schema';
import type { Structural } from './structural.ts';

interface GoNumber {
  value: number;
  /** int64; float64 otherwise. */
  isInteger: boolean;
}

const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/** Undefined for what is no number. */
export function goNumberOf(value: unknown): GoNumber | undefined {
  if (typeof value === 'number') return { value, isInteger: Number.isSafeInteger(value) };
  if (!isRawNumber(value)) return undefined;
  const whole = BigInt(value.rawJSON);
  return { value: Number(whole), isInteger: whole >= least && whole <= most };
}

/** Whether a float64 is as good as a whole number. */
export function isWhole(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const rounded = Math.round(value);
  if (value === rounded) return true;
  return rounded !== 0 && Math.abs(value - rounded) < 1e-9 * Math.abs(rounded);
}

/** What a schema finds wrong with a number: of the value itself, or a sentence without any place. */
export type Complaint = { value: number; detail: string } | { sentence: string };

export function* numberComplaints(value: unknown, schema: Structural, place: string): Generator<Complaint> {
  const number = goNumberOf(value);
  if (number === undefined) return;
  const form = formOf(schema);
  const outside = (checked: number, what: string): Complaint[] =>
    fitsForm(checked, form) ? [] : [{ sentence: `${what} value must be of ${form.name} in ${place}` }];
  const { multipleOf, maximum, minimum } = schema;
  yield* outside(number.value, 'Checked');
  if (multipleOf !== undefined) {
    const wrong = outside(multipleOf, 'MultipleOf');
    yield* wrong;
    yield* multiple(number.value, number.isInteger && wrong.length === 0, multipleOf, place);
  }
  if (minimum !== undefined) {
    const wrong = outside(minimum, 'Minimum boundary');
    yield* wrong;
    const bound = number.isInteger && wrong.length === 0 ? asInt64(minimum) : minimum;
    const exclusive = schema.exclusiveMinimum === true;
    if (exclusive ? number.value <= bound : number.value < bound)
      yield complaint(number.value, place, `should be greater than ${exclusive ? '' : 'or equal to '}${shown(bound)}`);
  }
  if (maximum !== undefined) {
    const wrong = outside(maximum, 'Maximum boundary');
    yield* wrong;
    const bound = number.isInteger && wrong.length === 0 ? asInt64(maximum) : maximum;
    const exclusive = schema.exclusiveMaximum === true;
    if (exclusive ? number.value >= bound : number.value > bound)
      yield complaint(number.value, place, `should be less than ${exclusive ? '' : 'or equal to '}${shown(bound)}`);
  }
}

const complaint = (value: number, place: string, detail: string): Complaint => ({
  value,
  detail: `${place} in body ${detail}`,
});

function* multiple(value: number, native: boolean, multipleOf: number, place: string): Generator<Complaint> {
  const factor = native ? asInt64(multipleOf) : multipleOf;
  if (factor <= 0) {
    yield { value: factor, detail: `factor MultipleOf declared for ${place} must be positive: ${shown(factor)}` };
    return;
  }
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  const fits = native ? value % factor === 0 : isWhole(times);
  if (!fits) yield complaint(value, place, `should be a multiple of ${shown(factor)}`);
}

interface Form {
  name: string;
  range: 'int64' | 'int32' | 'float' | undefined;
}

/** Schemas of one type only say how large a number may be. */
function formOf({ type, format = '', 'x-kubernetes-int-or-string': either }: Structural): Form {
  if (either === true) return { name: '', range: undefined };
  if (type === 'number') {
    if (format === 'float') return { name: 'type number with format float', range: 'float' };
    return { name: 'type number', range: undefined };
  }
  if (type !== 'integer') return { name: '', range: undefined };
  if (format === 'int32') return { name: 'type integer with format int32', range: 'int32' };
  const named = format === 'int64' ? 'with format int64' : '(default format)';
  return { name: `type integer ${named}`, range: 'int64' };
}

function fitsForm(value: number, { range }: Form): boolean {
  if (range === undefined) return true;
  if (range === 'float') return Number.isFinite(Math.fround(value));
  if (!Number.isInteger(value)) return false;
  return range === 'int32' ? value >= -(2 ** 31) && value < 2 ** 31 : value >= -(2 ** 63) && value <= 2 ** 63;
}

/** Go's conversion: fractions are cut, and what is too large becomes the smallest there is. */
function asInt64(value: number): number {
  const whole = Math.trunc(value);
  return whole >= 2 ** 63 || whole < -(2 ** 63) ? -(2 ** 63) : whole + 0;
}

/** As Go prints a float with %v. */
function shown(value: number): string {
  if (value === -(2 ** 63)) return String(least);
  if (value !== 0 && (Math.abs(value) >= 1e21 || Math.abs(value) < 1e-4))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}
