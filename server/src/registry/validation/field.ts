import type { FieldError, FieldPath } from '@typernetes/openapi/meta';
import { invalidValue, notSupported, required } from '@typernetes/openapi/meta';

export {
  duplicate,
  type FieldError,
  forbiddenField,
  internalFieldError,
  invalidValue,
  notFoundField,
  notSupported,
  path,
  required,
  tooLong,
  tooMany,
} from '@typernetes/openapi/meta';

/** A place in an object, as error messages name it: `spec.ports[0].name`, `data[key]`. */
export type Path = FieldPath;

/** One Invalid error per message of a name check. */
export function checked(at: Path, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalidValue(at, value, message));
}

/** Required if empty or absent, else NotSupported if none of `supported`. */
export function oneOf(at: Path, value: string | undefined | null, supported: readonly string[]): FieldError[] {
  if (!value) return [required(at, '')];
  return optionalOneOf(at, value, supported);
}

/** Decoding has taken out the empty strings that mean absence: one that is still there was meant. */
export function optionalOneOf(at: Path, value: string | undefined | null, supported: readonly string[]): FieldError[] {
  if (value === undefined || value === null || supported.includes(value)) return [];
  return [notSupported(at, value, supported)];
}

export const NOT_NEGATIVE = 'must be greater than or equal to 0';
export const IMMUTABLE = 'field is immutable';

export function nonNegative(at: Path, value: number | undefined | null): FieldError[] {
  return value != null && value < 0 ? [invalidValue(at, value, NOT_NEGATIVE)] : [];
}

/** Each of the named integers of a status (or spec) must not be negative. */
export function nonNegativeFields(at: Path, object: object | undefined | null, names: readonly string[]): FieldError[] {
  if (object === undefined || object === null) return [];
  return names.flatMap((name) => {
    const value = (object as Readonly<Record<string, unknown>>)[name];
    return nonNegative(at.child(name), value as number | undefined);
  });
}

/** A counter that only grows. */
export function notDecremented(at: Path, value: number | undefined, old: number | undefined): FieldError[] {
  if (old == null || (value != null && value >= old)) return [];
  return [invalidValue(at, value ?? 0, 'cannot be decremented')];
}
