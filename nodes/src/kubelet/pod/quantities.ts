/** Quantities as numbers; what does not parse counts as nothing (the API server has validated it). */
import { parseQuantity, type Quantity, QuantityError } from '@typernetes/openapi/meta';

function parsed(quantity: string | number | undefined): Quantity | undefined {
  if (quantity === undefined) return undefined;
  try {
    return parseQuantity(String(quantity));
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

/** Whole units, rounded up. */
export const quantityValue = (quantity: string | number | undefined): number => parsed(quantity)?.value() ?? 0;

/** Thousandths, rounded up. */
export const milliValue = (quantity: string | number | undefined): number => parsed(quantity)?.milliValue() ?? 0;
