/** Quantities as CEL values. */
import type { Quantity } from '@typernetes/openapi/meta';
import { Quantity as Amount, parseQuantity } from '@typernetes/openapi/meta';
import { EvaluationError, OpaqueValue } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';

export class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  static parse(text: string): QuantityValue {
    try {
      return new QuantityValue(parseQuantity(text));
    } catch (error) {
      throw new EvaluationError(error instanceof Error ? error.message : String(error));
    }
  }

  /** The amount as an int, where it is one. */
  get integer(): bigint | undefined {
    const whole = this.quantity.scaledBigInt(0);
    return BigInt.asIntN(64, whole) === whole && new Amount(whole, 0, 'DecimalSI').equals(this.quantity)
      ? whole
      : undefined;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && other.quantity.equals(this.quantity);
  }
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

const ofInt = (value: bigint): Quantity => Amount.fromNumber(value);

export const quantity: Library = [
  define('quantity(string): Quantity', (text: string) => QuantityValue.parse(text)),
  define('isQuantity(string): bool', isQuantity),
  define('sign(Quantity): int', (value: QuantityValue) => BigInt(value.quantity.sign())),
  define('Quantity::isInteger(): bool', (value: QuantityValue) => value.integer !== undefined),
  define('Quantity::asInteger(): int', (value: QuantityValue) => {
    if (value.integer === undefined) throw new EvaluationError('cannot convert value to integer');
    return value.integer;
  }),
  define('Quantity::asApproximateFloat(): double', (value: QuantityValue) => value.quantity.toNumber()),
  define(
    'Quantity::isGreaterThan(Quantity): bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) > 0,
  ),
  define(
    'Quantity::isLessThan(Quantity): bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) < 0,
  ),
  define('Quantity::compareTo(Quantity): int', (a: QuantityValue, b: QuantityValue) =>
    BigInt(a.quantity.compare(b.quantity)),
  ),
  define(
    'Quantity::add(Quantity): Quantity',
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.quantity.add(b.quantity)),
  ),
  define('Quantity::add(int): Quantity', (a: QuantityValue, b: bigint) => new QuantityValue(a.quantity.add(ofInt(b)))),
  define(
    'Quantity::sub(Quantity): Quantity',
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.quantity.sub(b.quantity)),
  ),
  define('Quantity::sub(int): Quantity', (a: QuantityValue, b: bigint) => new QuantityValue(a.quantity.sub(ofInt(b)))),
];
