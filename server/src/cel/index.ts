/** CEL as Kubernetes uses it: see docs/decisions/cel.md. */
export { estimateCost, UNBOUNDED } from './cost/estimate.ts';
export {
  type Bindings,
  type Compiled,
  compile,
  type Environment,
  environment,
  evaluate,
  limits,
  type Outcome,
  type Program,
  withDecisions,
} from './environment.ts';
export { AuthorizerValue, Decisions } from './library/authorizer.ts';
export { SemverValue } from './library/text.ts';
export * from './policy/policy.ts';
export { compilePolicySpec, type PolicyExpressions } from './policy/spec.ts';
export { typeIssues, typeOfKind } from './policy/type-check.ts';
export { bindInput, declareVariables, type PolicyInput, requestType } from './policy/variables.ts';
export * from './schema/compile-rules.ts';
export { escapeName, unescapeName } from './schema/escape.ts';
export { type RuleFieldPath, ruleFieldPath } from './schema/field-path.ts';
export type { ValidatedSchema, ValidationRule } from './schema/schema.ts';
export { typeOfSchema } from './schema/type-of-schema.ts';
export { type RuleOptions, type RuleResult, usableMessage, validateRules } from './schema/validate.ts';
export * from './types/type.ts';
export { fromJson, toJson } from './values/json.ts';
export * from './values/value.ts';
