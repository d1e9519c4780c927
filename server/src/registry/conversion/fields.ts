/** Parts of objects of which a conversion knows some names. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';

export type Fields = Record<string, unknown>;

export const isFields: (value: unknown) => value is Fields = isObject;

/** The object at the path, if there is one. */
export function at(object: Fields | undefined, ...names: readonly string[]): Fields | undefined {
  let found = object;
  for (const name of names) found = isFields(found?.[name]) ? found[name] : undefined;
  return found;
}

export const listOf = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

/** Go tells a field that is left out from one that is given, but for the zeros of plain strings and numbers. */
export const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== 0;

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Of these fields what is given; lists of nothing are not. */
export const pick = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(
    names.filter((name) => isGiven(fields[name]) && !isEmpty(fields[name])).map((name) => [name, fields[name]]),
  );

export const relabelled = (object: KubernetesObject, apiVersion: string): KubernetesObject => ({
  ...object,
  apiVersion,
});
