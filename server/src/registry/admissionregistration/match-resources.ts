/** matchConstraints of policies, matchResources of their bindings. */
import type { MatchResources } from '@typernetes/openapi/types/admissionregistration/v1';
import type { FieldError, Path } from '../validation/index.ts';
import { optionalOneOf, required, validateLabelSelector } from '../validation/index.ts';
import { validateNamedRule } from './rules.ts';

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

export function validateMatchResources(match: MatchResources | undefined, at: Path): FieldError[] {
  if (match === undefined) return [];
  const errors = optionalOneOf(at.child('matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']);
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[name] === undefined) errors.push(required(at.child(name)));
    else errors.push(...validateLabelSelector(match[name], at.child(name)));
  }
  for (const name of ['resourceRules', 'excludeResourceRules'] as const)
    for (const [index, rule] of (match[name] ?? []).entries())
      errors.push(...validateNamedRule(rule, at.child(name).index(index)));
  return errors;
}
