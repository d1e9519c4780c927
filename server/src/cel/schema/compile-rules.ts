/** Compiles `x-kubernetes-validations`, once per schema: one Validator per node that has rules on or below it. */

import { UNBOUNDED } from '../cost/estimate.ts';
import type { Program } from '../environment.ts';
import { compile, environment, limits } from '../environment.ts';
import type { Type } from '../types/type.ts';
import { optionalOf } from '../types/type.ts';
import { escapeName } from './escape.ts';
import { ruleFieldPath } from './field-path.ts';
import type { ValidatedSchema, ValidationRule } from './schema.ts';
import { MAX_REQUEST_BYTES, typeOfSchema } from './type-of-schema.ts';

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Program;
  readonly error?: string;
  readonly message?: Program;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
  /** From the node to the field that errors are reported at, as in `.spec.name`. */
  readonly fieldPath: string;
}

export interface Validator {
  readonly schema: ValidatedSchema;
  readonly type: Type;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, Validator>;
  readonly items?: Validator;
  readonly additionalProperties?: Validator;
  readonly allOf: readonly Validator[];
}

/** Undefined where there are no rules. */
export function compileValidator(schema: ValidatedSchema, isResourceRoot = true): Validator | undefined {
  if (!hasRules(schema)) return undefined;
  const type = typeOfSchema(schema, isResourceRoot, 'selfType');
  return type && validator(schema, schema, type);
}

function hasRules(schema: ValidatedSchema): boolean {
  if ((schema['x-kubernetes-validations']?.length ?? 0) > 0) return true;
  const { items, additionalProperties: values } = schema;
  if (items !== undefined && hasRules(items)) return true;
  if (typeof values === 'object' && hasRules(values)) return true;
  return Object.values(schema.properties ?? {}).some(hasRules) || (schema.allOf ?? []).some(hasRules);
}

/** `rules` has the rules, `node` the structure: they differ inside of allOf. */
function validator(rules: ValidatedSchema, node: ValidatedSchema, type: Type): Validator | undefined {
  const compiled = (rules['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, node, type));
  const properties = new Map<string, Validator>();
  for (const [name, property] of Object.entries(rules.properties ?? {})) {
    const below = node.properties?.[name];
    if (below === undefined) continue;
    const escaped = escapeName(name);
    const embedded = below['x-kubernetes-embedded-resource'] === true;
    const fieldType =
      escaped === undefined ? typeOfSchema(below, embedded, 'selfType') : type.fields?.get(escaped)?.type;
    const child = fieldType && validator(property, below, fieldType);
    if (child !== undefined) properties.set(name, child);
  }
  const element = type.kind === 'list' ? type.params[0] : type.kind === 'map' ? type.params[1] : undefined;
  const items = rules.items && node.items && element && validator(rules.items, node.items, element);
  const values =
    typeof rules.additionalProperties === 'object' && typeof node.additionalProperties === 'object' && element
      ? validator(rules.additionalProperties, node.additionalProperties, element)
      : undefined;
  const allOf = (rules.allOf ?? []).map((each) => validator(each, node, type)).filter((each) => each !== undefined);
  if (compiled.length === 0 && properties.size === 0 && !items && !values && allOf.length === 0) return undefined;
  return {
    schema: node,
    type,
    rules: compiled,
    properties,
    allOf,
    ...(items && { items }),
    ...(values && { additionalProperties: values }),
  };
}

export function compileRule(rule: ValidationRule, schema: ValidatedSchema, type: Type): CompiledRule {
  const none = { rule, usesOldSelf: false, fieldPath: '' };
  if (rule.rule.trim() === '') return none;
  const env = environment({ self: type, oldSelf: rule.optionalOldSelf === true ? optionalOf(type) : type });
  const { program, errors } = compile(rule.rule, env);
  if (errors !== undefined) return { ...none, error: `compilation failed: ${errors}` };
  if (program.type.kind !== 'bool') return { ...none, error: 'cel expression must evaluate to a bool' };
  const found = rule.fieldPath ? ruleFieldPath(rule.fieldPath, schema) : undefined;
  const base = { rule, program, usesOldSelf: program.references.has('oldSelf'), fieldPath: found?.path ?? '' };
  if (!rule.messageExpression) return base;
  const message = compile(rule.messageExpression, env);
  if (message.errors !== undefined)
    return { ...base, messageError: `messageExpression compilation failed: ${message.errors}` };
  if (message.program.type.kind !== 'string')
    return { ...base, messageError: 'messageExpression must evaluate to a string' };
  return { ...base, message: message.program };
}

/** The cost of one rule, per object: its estimate times how often its node can be there. */
export function ruleCost(estimate: number, cardinality: number): number {
  return Math.min(estimate * cardinality, UNBOUNDED);
}

/** How many values of a type fit one request. */
export function maxCardinality(type: Type): number {
  return Math.floor(MAX_REQUEST_BYTES / ((type.minSerializedSize ?? 0) + 1));
}

/** Upstream's text for an estimate over its limit; undefined where it is within. */
export function costExceeded(cost: number, limit: number = limits.perExpression): string | undefined {
  if (cost <= limit) return undefined;
  const times = cost / limit;
  return times > 100 ? 'more than 100x' : `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
}
