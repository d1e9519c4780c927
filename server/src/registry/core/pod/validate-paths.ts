import type { FieldError, Path } from '../../validation/index.ts';
import { invalidValue } from '../../validation/index.ts';

export function validateNoBacksteps(target: string, at: Path): FieldError[] {
  return target.split('/').includes('..') ? [invalidValue(at, target, "must not contain '..'")] : [];
}

/** A path inside a volume. */
export function validateRelativePath(target: string, at: Path): FieldError[] {
  const errors = target.startsWith('/') ? [invalidValue(at, target, 'must be a relative path')] : [];
  return [...errors, ...validateNoBacksteps(target, at)];
}

/** A file that a projection writes; names that start with two dots are its own, for atomic swaps. */
export function validateProjectedPath(target: string, at: Path): FieldError[] {
  const errors = validateRelativePath(target, at);
  if (target.startsWith('..') && !target.startsWith('../'))
    errors.push(invalidValue(at, target, "must not start with '..'"));
  return errors;
}
