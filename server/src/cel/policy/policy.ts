/**
 * The expressions of ValidatingAdmissionPolicy, MutatingAdmissionPolicy and of matchConditions: compiled once, evaluated per
 * request. Variables are evaluated when first read, once, and what they cost is counted against whoever reads them.
 */
import type { JsonValue } from '@typernetes/openapi/meta';
import type { Environment, Program } from '../environment.ts';
import { compile, environment, evaluate, limits, withDecisions } from '../environment.ts';
import { usableMessage } from '../schema/validate.ts';
import type { Type } from '../types/type.ts';
import { DYN, objectType, STRING } from '../types/type.ts';
import { toJson } from '../values/json.ts';
import type { Value } from '../values/value.ts';
import { CelMap, EvaluationError } from '../values/value.ts';
import type { PolicyInput } from './variables.ts';
import { bindInput, declareVariables } from './variables.ts';

export interface NamedExpression {
  name: string;
  expression: string;
}
export interface Validation {
  expression: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
}
export interface AuditAnnotation {
  key: string;
  valueExpression: string;
}
export interface Mutation {
  patchType: 'ApplyConfiguration' | 'JSONPatch';
  expression: string;
}
export interface PolicySpec {
  matchConditions?: readonly NamedExpression[];
  variables?: readonly NamedExpression[];
  validations?: readonly Validation[];
  auditAnnotations?: readonly AuditAnnotation[];
  mutations?: readonly Mutation[];
}

type Slot = { program: Program; errors?: undefined } | { program?: undefined; errors: string };

export interface CompiledPolicy {
  readonly spec: PolicySpec;
  readonly matchConditions: readonly Slot[];
  readonly variables: ReadonlyMap<string, Slot>;
  readonly validations: readonly { condition: Slot; message?: Slot }[];
  readonly auditAnnotations: readonly Slot[];
  readonly mutations: readonly Slot[];
  /** Where expressions do not compile, by field: `validations[0].expression`. */
  readonly errors: ReadonlyMap<string, string>;
}

/** An object of any fields: mutations write `Object{spec: Object.spec{...}}`, whose schema only the apply knows. */
const open = (name: string): Type => ({ kind: 'dyn', name, params: [] });
const jsonPatch = objectType('JSONPatch', { op: STRING, path: STRING, from: STRING, value: DYN });

export function compilePolicy(spec: PolicySpec, options: { hasParams: boolean }): CompiledPolicy {
  const errors = new Map<string, string>();
  const slot = (field: string, source: string, env: Environment, kinds: readonly Type['kind'][]): Slot => {
    const compiled = compile(source, env);
    const { kind } = compiled.program?.type ?? DYN;
    const fits = compiled.errors !== undefined || kind === 'dyn' || kinds.includes(kind);
    const result: Slot = fits ? asSlot(compiled) : { errors: `must evaluate to ${kinds.join(' or ')}` };
    if (result.errors !== undefined) errors.set(field, result.errors);
    return result;
  };
  const declared = declareVariables({ hasParams: options.hasParams, hasAuthorizer: true });
  const conditions = environment(declareVariables({ hasParams: options.hasParams, hasAuthorizer: true }));
  const matchConditions = (spec.matchConditions ?? []).map((each, i) =>
    slot(`matchConditions[${i}].expression`, each.expression, conditions, ['bool']),
  );
  const types: Record<string, Type> = {};
  const variables = new Map<string, Slot>();
  for (const [i, { name, expression }] of (spec.variables ?? []).entries()) {
    const known = environment({ ...declared, variables: objectType('kubernetes.variables', types) });
    const compiled = asSlot(compile(expression, known));
    if (compiled.errors !== undefined) errors.set(`variables[${i}].expression`, compiled.errors);
    variables.set(name, compiled);
    types[name] = compiled.program?.type ?? DYN;
  }
  const withVariables = { ...declared, variables: objectType('kubernetes.variables', types) };
  const env = environment(withVariables);
  const { authorizer: _, 'authorizer.requestResource': __, ...unauthorized } = withVariables as Record<string, Type>;
  const messages = environment(unauthorized);
  const validations = (spec.validations ?? []).map((each, i) => ({
    condition: slot(`validations[${i}].expression`, each.expression, env, ['bool']),
    ...(each.messageExpression && {
      message: slot(`validations[${i}].messageExpression`, each.messageExpression, messages, ['string']),
    }),
  }));
  const auditAnnotations = (spec.auditAnnotations ?? []).map((each, i) =>
    slot(`auditAnnotations[${i}].valueExpression`, each.valueExpression, env, ['string', 'null']),
  );
  const mutations = (spec.mutations ?? []).map((each, i) => {
    const names = [...each.expression.matchAll(/\bObject(?:\.[A-Za-z_]\w*)*(?=\s*\{)/g)].map(
      ([name]) => [name, open(name)] as const,
    );
    const structs = { ...Object.fromEntries(names), JSONPatch: jsonPatch };
    const kinds: Type['kind'][] = each.patchType === 'JSONPatch' ? ['list'] : ['object', 'map'];
    return slot(`mutations[${i}].expression`, each.expression, environment(withVariables, structs), kinds);
  });
  return { spec, matchConditions, variables, validations, auditAnnotations, mutations, errors };
}

function asSlot(compiled: ReturnType<typeof compile>): Slot {
  return compiled.program === undefined ? { errors: compiled.errors } : { program: compiled.program };
}

class LazyVariables extends CelMap {
  private readonly slots: ReadonlyMap<string, Slot>;
  private readonly known = new Map<string, Value>();
  private readonly session: Session;

  constructor(slots: ReadonlyMap<string, Slot>, session: Session) {
    super();
    this.slots = slots;
    this.session = session;
  }

  get size(): number {
    return this.slots.size;
  }

  keys(): Value[] {
    return [...this.slots.keys()];
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const slot = this.slots.get(key);
    if (slot === undefined) return undefined;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const outcome = this.session.evaluate(slot);
    if (outcome.error !== undefined)
      throw new EvaluationError(`composited variable ${JSON.stringify(key)} fails to evaluate: ${outcome.error}`);
    this.known.set(key, outcome.value);
    return outcome.value;
  }
}

type Result = { value: Value; error?: undefined } | { value?: undefined; error: string };

/** One request against one policy and binding; every expression spends from the same budget. */
class Session {
  remaining: number;
  private readonly bindings: Record<string, Value>;

  constructor(input: PolicyInput, variables: ReadonlyMap<string, Slot>, budget: number) {
    this.remaining = budget;
    this.bindings = { ...bindInput(input), variables: new LazyVariables(variables, this) };
  }

  evaluate(slot: Slot): Result {
    if (slot.program === undefined) return { error: `compilation error: compilation failed: ${slot.errors}` };
    const outcome = evaluate(slot.program, this.bindings);
    if (outcome.cost > this.remaining) {
      return { error: 'validation failed due to running out of cost budget, no further validation rules will be run' };
    }
    this.remaining -= outcome.cost;
    if (outcome.error === undefined) return { value: outcome.value };
    return { error: outcome.error.message };
  }

  /** Attempts that wait for a decision spend nothing. */
  async run(slot: Slot): Promise<Result> {
    const before = this.remaining;
    return withDecisions(() => {
      this.remaining = before;
      return this.evaluate(slot);
    });
  }
}

export type MatchResult =
  | { matches: true }
  | { matches: false; failedCondition: string }
  | { matches: undefined; error: string };

/** A condition that is false decides; an error counts only where none is. `failurePolicy` is for the caller. */
export async function evaluateMatchConditions(policy: CompiledPolicy, input: PolicyInput): Promise<MatchResult> {
  const session = new Session(input, new Map(), limits.matchConditionsBudget);
  const errors: string[] = [];
  for (const [index, slot] of policy.matchConditions.entries()) {
    const result = await session.run(slot);
    const name = policy.spec.matchConditions?.[index]?.name ?? '';
    if (result.value === false) return { matches: false, failedCondition: name };
    if (result.error !== undefined) errors.push(result.error);
    else if (result.value !== true) errors.push('match condition did not evaluate to a bool');
  }
  return errors.length === 0 ? { matches: true } : { matches: undefined, error: errors.join(', ') };
}

export type ValidationDecision =
  | { action: 'admit' }
  | { action: 'deny'; message: string; reason: string }
  /** The expression failed: failurePolicy decides. */
  | { action: 'error'; message: string };

export interface ValidationResult {
  decisions: ValidationDecision[];
  auditAnnotations: { key: string; value?: string; error?: string }[];
}

export async function evaluateValidations(policy: CompiledPolicy, input: PolicyInput): Promise<ValidationResult> {
  const session = new Session(input, policy.variables, limits.runtimeBudget);
  const decisions: ValidationDecision[] = [];
  for (const [index, { condition, message }] of policy.validations.entries()) {
    const validation = policy.spec.validations?.[index] as Validation;
    const result = await session.run(condition);
    const expression = validation.expression.trim();
    if (result.error !== undefined) {
      decisions.push({
        action: 'error',
        message: `expression '${validation.expression}' resulted in error: ${result.error}`,
      });
    } else if (result.value === true) decisions.push({ action: 'admit' });
    else {
      const evaluated = message === undefined ? undefined : usableMessage((await session.run(message)).value);
      const text = evaluated ?? (validation.message?.trim() || `failed expression: ${expression}`);
      decisions.push({ action: 'deny', message: text, reason: validation.reason ?? 'Invalid' });
    }
  }
  const auditAnnotations: ValidationResult['auditAnnotations'] = [];
  for (const [index, slot] of policy.auditAnnotations.entries()) {
    const annotation = policy.spec.auditAnnotations?.[index] as AuditAnnotation;
    const result = await session.run(slot);
    if (result.error !== undefined) {
      auditAnnotations.push({
        key: annotation.key,
        error: `valueExpression '${annotation.valueExpression}' resulted in error: ${result.error}`,
      });
    } else if (typeof result.value === 'string' && result.value.trim() !== '') {
      auditAnnotations.push({ key: annotation.key, value: result.value.trim() });
    }
  }
  return { decisions, auditAnnotations };
}

export type MutationResult = { patch: JsonValue; error?: undefined } | { patch?: undefined; error: string };

/**
 * One mutation against the object as it is now: the applied configuration (to be merged by server-side apply) or the JSON patch.
 * Applying it is the caller's, who calls again with the new object for the next mutation.
 */
export async function evaluateMutation(
  policy: CompiledPolicy,
  index: number,
  input: PolicyInput,
): Promise<MutationResult> {
  const slot = policy.mutations[index];
  if (slot === undefined) throw new RangeError(`no mutation ${index}`);
  const result = await new Session(input, policy.variables, limits.runtimeBudget).run(slot);
  if (result.error !== undefined) return { error: result.error };
  try {
    return { patch: toJson(result.value) };
  } catch (error) {
    if (error instanceof EvaluationError) return { error: error.message };
    throw error;
  }
}
