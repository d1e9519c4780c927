/**
 * Amounts of resources (apimachinery's resource.Quantity): exact decimals with a preferred notation, never finer than
 * nano. Immutable. The text given is kept where upstream keeps it, else printed in canonical form: no fraction, the
 * largest suffix that loses nothing.
 */

export type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI';

export class QuantityError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuantityError';
  }
}

const formatMessage = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixMessage = "unable to parse quantity's suffix";
/** Digits behind the number's own need something between: where both could take them, failing takes quadratic time. */
const grammar = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)?)$/;
const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const nano = -9;
const maxInt64 = 2n ** 63n - 1n;
/** Exponents and texts of digits beyond this are refused: numbers that long would only burn time and memory. */
const maxExponent = 4096;
/** Decimal digits of an amount that surely fits 64 bits; upstream's fast path, which decides what text is kept. */
const maxInt64Digits = 18;

/** amount = unscaled × 10^scale, with -9 ≤ scale. */
export class Quantity {
  readonly format: QuantityFormat;
  readonly #unscaled: bigint;
  readonly #scale: number;
  #text: string | undefined;

  constructor(unscaled: bigint, scale: number, format: QuantityFormat, text?: string) {
    this.#unscaled = unscaled;
    this.#scale = scale;
    this.format = format;
    this.#text = text;
  }

  static fromNumber(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value), 0, format);
  }

  static fromMilli(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value), -3, format);
  }

  isZero(): boolean {
    return this.#unscaled === 0n;
  }

  sign(): -1 | 0 | 1 {
    return this.#unscaled === 0n ? 0 : this.#unscaled > 0n ? 1 : -1;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    const [left, right] = align(this, other);
    return left === right ? 0 : left < right ? -1 : 1;
  }

  equals(other: Quantity): boolean {
    return this.compare(other) === 0;
  }

  /** The sum in this one's notation; a zero takes over the other's. */
  add(other: Quantity): Quantity {
    const [left, right, scale] = align(this, other);
    return new Quantity(left + right, scale, this.isZero() ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    const [left, right, scale] = align(this, other);
    return new Quantity(left - right, scale, this.isZero() ? other.format : this.format);
  }

  multiply(factor: number | bigint): Quantity {
    return new Quantity(this.#unscaled * BigInt(factor), this.#scale, this.format);
  }

  negate(): Quantity {
    return new Quantity(-this.#unscaled, this.#scale, this.format);
  }

  /** In units of 10^scale, rounded away from zero. */
  scaledBigInt(scale: number): bigint {
    return rescale(this.#unscaled, this.#scale, scale);
  }

  /** Whole units, rounded away from zero. Exact up to 2^53; `scaledBigInt(0)` always is. */
  value(): number {
    return Number(this.scaledBigInt(0));
  }

  /** Thousandths, rounded away from zero. */
  milliValue(): number {
    return Number(this.scaledBigInt(-3));
  }

  toNumber(): number {
    return Number(`${this.#unscaled}e${this.#scale}`);
  }

  toString(): string {
    this.#text ??= this.canonical();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  /** Equal amounts in the same notation have the same canonical text. */
  canonical(): string {
    if (this.#unscaled === 0n) return '0';
    if (this.format === 'BinarySI') {
      const whole = rescale(this.#unscaled, this.#scale, 0);
      const exact = align(this, new Quantity(whole, 0, 'BinarySI'));
      if ((whole >= 1024n || whole <= -1024n) && exact[0] === exact[1]) return binaryText(whole);
    }
    let [mantissa, exponent] = withoutFactors(this.#unscaled, this.#scale);
    while (exponent % 3 !== 0) {
      mantissa *= 10n;
      exponent--;
    }
    const suffix = this.format === 'DecimalExponent' ? undefined : decimalSuffixes.get(exponent);
    return `${mantissa}${suffix ?? (exponent === 0 ? '' : `e${exponent}`)}`;
  }

  static parts(quantity: Quantity): [unscaled: bigint, scale: number] {
    return [quantity.#unscaled, quantity.#scale];
  }
}

function align(left: Quantity, right: Quantity): [bigint, bigint, number] {
  const [leftUnscaled, leftScale] = Quantity.parts(left);
  const [rightUnscaled, rightScale] = Quantity.parts(right);
  if (leftScale === rightScale) return [leftUnscaled, rightUnscaled, leftScale];
  const scale = Math.min(leftScale, rightScale);
  return [leftUnscaled * 10n ** BigInt(leftScale - scale), rightUnscaled * 10n ** BigInt(rightScale - scale), scale];
}

/** Rounds away from zero where digits are lost. */
function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (from >= to) return unscaled * 10n ** BigInt(from - to);
  const divisor = 10n ** BigInt(to - from);
  const quotient = unscaled / divisor;
  const remainder = unscaled % divisor;
  if (remainder === 0n) return quotient;
  return remainder > 0n ? quotient + 1n : quotient - 1n;
}

/** Of what is not zero. Through its text, as dividing by ten again and again takes quadratic time. */
function withoutFactors(unscaled: bigint, scale: number): [bigint, number] {
  const digits = unscaled.toString();
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return [BigInt(digits.slice(0, end)), scale + digits.length - end];
}

function binaryText(whole: bigint): string {
  let mantissa = whole;
  let times = 0;
  while (times < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    times++;
  }
  return `${mantissa}${binarySuffixes[times] ?? ''}`;
}

interface Suffix {
  format: QuantityFormat;
  exponent: number;
}

function interpretSuffix(suffix: string): Suffix {
  if (Object.hasOwn(decimalExponents, suffix)) return { format: 'DecimalSI', exponent: decimalExponents[suffix] ?? 0 };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { format: 'BinarySI', exponent: binary * 10 };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > maxExponent) throw new QuantityError(suffixMessage);
  return { format: 'DecimalExponent', exponent: Number(exponent) };
}

/** The same few amounts come again and again. Quantities never change, so they can be shared. */
const parsed = new Map<string, Quantity>();
const maxParsed = 1024;
const maxParsedLength = 32;

/** Throws QuantityError with upstream's message. Spaces are not trimmed (JSON decoding does that before). */
export function parseQuantity(text: string): Quantity {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const quantity = parse(text);
  if (text.length <= maxParsedLength) {
    if (parsed.size >= maxParsed) parsed.clear();
    parsed.set(text, quantity);
  }
  return quantity;
}

function parse(text: string): Quantity {
  if (text === '0') return new Quantity(0n, 0, 'DecimalSI', text);
  const match = text === '' ? null : grammar.exec(text);
  if (match === null) throw new QuantityError(formatMessage);
  const [, sign = '', digits = '', fraction = '', suffix = ''] = match;
  const whole = digits.replace(/^0+/, '') || '0';
  if (whole.length + fraction.length > maxExponent) throw new QuantityError(formatMessage);
  const { format, exponent } = interpretSuffix(suffix);
  const shifted = whole + fraction;
  const unscaled = sign === '-' ? -BigInt(shifted) : BigInt(shifted);
  const keep = keepsText({ whole, fraction, format, exponent, shifted }) ? text : undefined;
  if (format !== 'BinarySI') return bounded(unscaled, exponent - fraction.length, format, keep);
  return bounded(unscaled * 2n ** BigInt(exponent), -fraction.length, format, keep);
}

function bounded(unscaled: bigint, scale: number, format: QuantityFormat, text: string | undefined): Quantity {
  let amount = unscaled;
  let at = scale;
  if (at < nano) {
    amount = rescale(amount, at, nano);
    at = nano;
  }
  if (format !== 'BinarySI') return new Quantity(amount, at, format, text);
  const one = 10n ** BigInt(-at);
  const magnitude = amount < 0n ? -amount : amount;
  if (magnitude > maxInt64 * one) return new Quantity(amount < 0n ? -maxInt64 : maxInt64, 0, format);
  const fractional = magnitude < one && magnitude > 0n;
  return new Quantity(amount, at, fractional ? 'DecimalSI' : format, text);
}

/** Whether upstream keeps the text as written: it does where the number is small and already in canonical form. */
function keepsText(parts: {
  whole: string;
  fraction: string;
  format: QuantityFormat;
  exponent: number;
  shifted: string;
}): boolean {
  const { whole, fraction, format, exponent, shifted } = parts;
  if (format === 'BinarySI') {
    const precision = 15 - whole.length - Math.trunc(Math.fround((exponent * 3) / 10)) - 1;
    return fraction === '' && precision >= 0 && BigInt(shifted) % 8n !== 0n;
  }
  const scale = exponent - fraction.length;
  return (
    whole.length + fraction.length <= maxInt64Digits &&
    scale >= nano &&
    scale % 3 === 0 &&
    !shifted.endsWith('000') &&
    !shifted.startsWith('0')
  );
}
