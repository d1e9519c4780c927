/** When a Job has succeeded before all of its indexes have. */
import type { JobSpec, SuccessPolicyRule } from '@typernetes/openapi/types/batch/v1';
import {
  type FieldError,
  invalidValue,
  nonNegative,
  type Path,
  required,
  tooLong,
  tooMany,
} from '../../validation/index.ts';
import { countIndexes, indexesMessage } from './indexes.ts';

const maxRules = 20;
const maxIndexesBytes = 64 * 1024;

/** Of an indexed Job. */
export function validateSuccessPolicy({ successPolicy, completions }: JobSpec, at: Path): FieldError[] {
  if (successPolicy == null || completions == null) return [];
  const rules = successPolicy.rules ?? [];
  const here = at.child('rules');
  const errors: FieldError[] = [];
  if (rules.length === 0)
    errors.push(required(here, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > maxRules) errors.push(tooMany(here, rules.length, maxRules));
  return [...errors, ...rules.flatMap((rule, index) => validateRule(rule, completions, here.index(index)))];
}

function validateRule({ succeededCount, succeededIndexes }: SuccessPolicyRule, completions: number, at: Path) {
  const errors: FieldError[] = [];
  if (succeededCount == null && succeededIndexes == null)
    errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
  let named = 0;
  if (succeededIndexes != null) {
    const here = at.child('succeededIndexes');
    if (Buffer.byteLength(succeededIndexes) > maxIndexesBytes) errors.push(tooLong(here, '', maxIndexesBytes));
    const wrong = indexesMessage(succeededIndexes, completions);
    if (wrong === undefined) named = countIndexes(succeededIndexes);
    else errors.push(invalidValue(here, succeededIndexes, `error parsing succeededIndexes: ${wrong}`));
  }
  if (succeededCount == null) return errors;
  const here = at.child('succeededCount');
  errors.push(...nonNegative(here, succeededCount));
  const atMost = (limit: number, what: string): void => {
    if (succeededCount > limit)
      errors.push(invalidValue(here, succeededCount, `must be less than or equal to ${limit} (the number of ${what})`));
  };
  atMost(completions, 'specified completions');
  if (succeededIndexes != null) atMost(named, 'indexes in the specified succeededIndexes field');
  return errors;
}
