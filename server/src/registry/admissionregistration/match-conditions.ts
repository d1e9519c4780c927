/** matchConditions of webhooks and policies. */
import type { MatchCondition } from '@typernetes/openapi/types/admissionregistration/v1';
import type { FieldError, Path } from '../validation/index.ts';
import { checked, duplicate, invalidValue, qualifiedName, required, tooMany } from '../validation/index.ts';

const maximum = 64;

/** `compileErrors` are those of compiling the whole policy or webhook, by field. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[] = [],
  compileErrors: ReadonlyMap<string, string>,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  if (conditions.length > maximum) errors.push(tooMany(at, conditions.length, maximum));
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const here = at.index(index);
    const failure = compileErrors.get(`matchConditions[${index}].expression`);
    if (expression.trim() === '') errors.push(required(here.child('expression')));
    else if (failure !== undefined) errors.push(invalidValue(here.child('expression'), expression.trim(), failure));
    if (name === '') {
      errors.push(required(here.child('name')));
      continue;
    }
    errors.push(...checked(here.child('name'), name, qualifiedName(name)));
    if (names.has(name)) errors.push(duplicate(here.child('name'), name));
    names.add(name);
  }
  return errors;
}
