/**
 * Compiles expressions of policies once more, with `object` and `params` of the types that their schemas give: what is
 * wrong then is worth a warning. Nothing is evaluated.
 */
import { compile, environment } from '../environment.ts';
import type { ValidatedSchema } from '../schema/schema.ts';
import { typeOfSchema } from '../schema/type-of-schema.ts';
import type { Type } from '../types/type.ts';
import { DYN } from '../types/type.ts';
import type { NamedExpression } from './policy.ts';
import { declareVariables, VariablesType } from './variables.ts';

export interface CheckedTypes {
  object: Type;
  /** Undefined: the policy has no parameters. */
  params: Type | undefined;
}

/** The issues as cel-go writes them; undefined where there are none. */
export function typeIssues(
  expression: string,
  variables: readonly NamedExpression[],
  { object, params }: CheckedTypes,
): string | undefined {
  const { 'authorizer.requestResource': _, ...declared } = declareVariables({
    hasParams: params !== undefined,
    hasAuthorizer: true,
  });
  const base = { ...declared, object, oldObject: object, ...(params === undefined ? {} : { params }) };
  const known = new VariablesType();
  for (const { name, expression: source } of variables)
    known.add(name, compile(source, environment({ ...base, variables: known.type })).program?.type ?? DYN);
  return compile(expression, environment({ ...base, variables: known.type })).errors;
}

/** The type of a kind's objects; dyn where the schema tells none. References must be resolved. */
export function typeOfKind(schema: ValidatedSchema, name: string): Type {
  const { properties = {} } = schema;
  const isComplete =
    properties.kind?.type === 'string' &&
    properties.apiVersion?.type === 'string' &&
    properties.metadata?.properties !== undefined;
  return typeOfSchema(schema, !isComplete, name) ?? DYN;
}
