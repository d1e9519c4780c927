/** CEL over the question: a webhook is asked only about what all of its conditions are true of. */
import type { JsonValue } from '@typernetes/openapi/meta';
import type { SubjectAccessReviewSpec } from '@typernetes/openapi/types/authorization/v1';
import {
  BOOL,
  compile,
  environment,
  evaluate,
  fromJson,
  limits,
  listOf,
  mapOf,
  objectType,
  type Program,
  STRING,
} from '../../cel/index.ts';

const requirement = objectType('kubernetes.SelectorRequirement', {
  key: STRING,
  operator: STRING,
  values: listOf(STRING),
});
const selector = objectType('kubernetes.SelectorAttributes', {
  requirements: listOf(requirement),
  rawSelector: STRING,
});
const requestType = objectType('kubernetes.SubjectAccessReviewSpec', {
  resourceAttributes: objectType('kubernetes.ResourceAttributes', {
    namespace: STRING,
    verb: STRING,
    group: STRING,
    version: STRING,
    resource: STRING,
    subresource: STRING,
    name: STRING,
    fieldSelector: selector,
    labelSelector: selector,
  }),
  nonResourceAttributes: objectType('kubernetes.NonResourceAttributes', { path: STRING, verb: STRING }),
  user: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
  uid: STRING,
});
const questions = environment({ request: requestType });

/** The compiled condition, or what is wrong with it. */
export function compileMatchCondition(source: string): Program | string {
  const compiled = compile(source, questions);
  if (compiled.errors !== undefined) return `compilation failed: ${compiled.errors}`;
  return compiled.program.type.kind === BOOL.kind ? compiled.program : 'must evaluate to bool';
}

/** False if any is false, whatever fails besides; throws if one fails and none is false. */
export function matches(conditions: readonly Program[], spec: SubjectAccessReviewSpec): boolean {
  const value = everyString(spec);
  const bindings = { request: fromJson(value, requestType) };
  let budget: number = limits.matchConditionsBudget;
  const errors: string[] = [];
  for (const program of conditions) {
    const outcome = evaluate(program, bindings, Math.min(budget, limits.perCall));
    budget -= outcome.cost;
    if (outcome.error !== undefined)
      errors.push(`expression '${program.source}' resulted in error: ${outcome.error.message}`);
    else if (outcome.value !== true) return false;
  }
  if (errors.length > 0) throw new Error(errors.join(', '));
  return true;
}

/** Conditions may read every attribute of a question, set or not. */
function everyString({ resourceAttributes, ...rest }: SubjectAccessReviewSpec): JsonValue {
  const empty = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };
  const resource = resourceAttributes === undefined ? {} : { resourceAttributes: { ...empty, ...resourceAttributes } };
  return { extra: {}, uid: '', ...rest, ...resource } as unknown as JsonValue;
}
