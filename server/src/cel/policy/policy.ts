/**
 * The expressions of ValidatingAdmissionPolicy, MutatingAdmissionPolicy and of matchConditions: compiled once, evaluated per
 * request. Variables are evaluated when first read, once, and what they cost is counted against whoever reads them.
 */
import { aggregateMessages, type JsonValue } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import type { Environment, Outcome, Program } from '../environment.ts';
import { compile, environment, evaluate, limits, withDecisions } from '../environment.ts';
import { usableMessage } from '../schema/validate.ts';
import type { Type } from '../types/type.ts';
import { DYN, objectType, STRING } from '../types/type.ts';
import { toJson } from '../values/json.ts';
import type { Value } from '../values/value.ts';
import { CelList, CelMap, EvaluationError } from '../values/value.ts';
import type { PolicyInput } from './variables.ts';
import { bindInput, declareVariables, VariablesType } from './variables.ts';

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
const open = (name: string): Type => ({ kind: 'object', name, params: [] });
const jsonPatch = objectType('JSONPatch', { op: STRING, path: STRING, from: STRING, value: DYN });

export function compilePolicy(spec: PolicySpec, options: { hasParams: boolean }): CompiledPolicy {
  const errors = new Map<string, string>();
  /** The type must be exactly one of `types`: what is dynamic is none of them. */
  const slot = (field: string, source: string, env: Environment, types: readonly string[]): Slot => {
    let result = asSlot(compile(source, env));
    const type = result.program && typeText(result.program.type);
    if (type !== undefined && !types.includes(type)) {
      const wanted = types.length === 1 ? types[0] : `one of [${types.join(' ')}]`;
      result = { errors: `must evaluate to ${wanted} but got ${type}` };
    }
    if (result.errors !== undefined) errors.set(field, result.errors);
    return result;
  };
  const declared = declareVariables({ hasParams: options.hasParams, hasAuthorizer: true });
  const conditions = environment(declareVariables({ hasParams: options.hasParams, hasAuthorizer: true }));
  const matchConditions = (spec.matchConditions ?? []).map((each, i) =>
    slot(`matchConditions[${i}].expression`, each.expression, conditions, ['bool']),
  );
  const known = new VariablesType();
  const variables = new Map<string, Slot>();
  for (const [i, { name, expression }] of (spec.variables ?? []).entries()) {
    const compiled = asSlot(compile(expression, environment({ ...declared, variables: known.type })));
    if (compiled.errors !== undefined) errors.set(`variables[${i}].expression`, compiled.errors);
    variables.set(name, compiled);
    known.add(name, compiled.program?.type ?? DYN);
  }
  const withVariables = variables.size === 0 ? declared : { ...declared, variables: known.type };
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
    slot(`auditAnnotations[${i}].valueExpression`, each.valueExpression, env, ['string', 'null_type']),
  );
  const mutations = (spec.mutations ?? []).map((each, i) => {
    const names = [...each.expression.matchAll(/\bObject(?:\.[A-Za-z_]\w*)*(?=\s*\{)/g)].map(
      ([name]) => [name, open(name)] as const,
    );
    const structs = { ...Object.fromEntries(names), JSONPatch: jsonPatch };
    const type = each.patchType === 'JSONPatch' ? 'list(JSONPatch)' : 'Object';
    return slot(`mutations[${i}].expression`, each.expression, environment(withVariables, structs), [type]);
  });
  return { spec, matchConditions, variables, validations, auditAnnotations, mutations, errors };
}

function asSlot(compiled: ReturnType<typeof compile>): Slot {
  return compiled.program === undefined
    ? { errors: `compilation failed: ${compiled.errors}` }
    : { program: compiled.program };
}

const typeNames: Partial<Record<Type['kind'], string>> = {
  null: 'null_type',
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
};

/** As cel-go writes a type by itself, which is not as its checker does in messages. */
function typeText(type: Type): string {
  const name = typeNames[type.kind] ?? type.name;
  return type.params.length === 0 ? name : `${name}(${type.params.map(typeText).join(', ')})`;
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
    const named = `composited variable ${JSON.stringify(key)} fails to`;
    if (slot.program === undefined) throw new EvaluationError(`${named} compile: ${slot.errors}`);
    const outcome = this.session.spend(slot.program);
    if (outcome.error !== undefined) throw new EvaluationError(`${named} evaluate: ${outcome.error.message}`);
    this.known.set(key, outcome.value);
    return outcome.value;
  }
}

type Result = { value: Value; error?: undefined } | { value?: undefined; error: string };

/** Nothing further is evaluated; whatever came before does not count. */
class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** One request against one policy and binding; every expression spends from the same budget. */
class Session {
  remaining: number;
  private readonly bindings: Record<string, Value>;

  constructor(input: PolicyInput, variables: ReadonlyMap<string, Slot>, budget: number) {
    this.remaining = budget;
    this.bindings = { ...bindInput(input), variables: new LazyVariables(variables, this) };
  }

  evaluate(slot: Slot): Result {
    if (slot.program === undefined) return { error: `compilation error: ${slot.errors}` };
    const outcome = this.spend(slot.program);
    if (outcome.error === undefined) return { value: outcome.value };
    return { error: `expression '${slot.program.source}' resulted in error: ${outcome.error.message}` };
  }

  spend(program: Program): Outcome {
    const outcome = evaluate(program, this.bindings);
    if (outcome.cost > this.remaining) throw new OutOfBudget();
    this.remaining -= outcome.cost;
    return outcome;
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

/** `errors`: how many conditions could not be evaluated. */
export type MatchResult = { errors: number } & (
  | { matches: true }
  | { matches: false; failedCondition: string }
  | { matches: undefined; error: string }
);

/** A condition that is false decides; an error counts only where none is. `failurePolicy` is for the caller. */
export async function evaluateMatchConditions(policy: CompiledPolicy, input: PolicyInput): Promise<MatchResult> {
  const session = new Session(input, new Map(), limits.matchConditionsBudget);
  const errors: string[] = [];
  let failedCondition: string | undefined;
  try {
    for (const [index, slot] of policy.matchConditions.entries()) {
      const result = await session.run(slot);
      if (result.value === false) failedCondition ??= policy.spec.matchConditions?.[index]?.name ?? '';
      if (result.error !== undefined) errors.push(result.error);
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return { matches: undefined, error: error.message, errors: errors.length };
    throw error;
  }
  const count = { errors: errors.length };
  if (failedCondition !== undefined) return { matches: false, failedCondition, ...count };
  const error = aggregateMessages(errors);
  return error === undefined ? { matches: true, ...count } : { matches: undefined, error, ...count };
}

/** `seconds`: what its expression took. */
export type ValidationDecision =
  | { action: 'admit' }
  | { action: 'deny'; message: string; reason: string; seconds: number }
  /** The expression failed: failurePolicy decides. */
  | { action: 'error'; message: string; seconds: number };

export interface ValidationResult {
  decisions: ValidationDecision[];
  auditAnnotations: { key: string; value?: string; error?: string }[];
}

/** Annotations are paid for from a budget of their own. */
export async function evaluateValidations(policy: CompiledPolicy, input: PolicyInput): Promise<ValidationResult> {
  try {
    const decisions = await decide(policy, new Session(input, policy.variables, limits.runtimeBudget));
    const auditAnnotations = await annotate(policy, new Session(input, policy.variables, limits.runtimeBudget));
    return { decisions, auditAnnotations };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { decisions: [{ action: 'error', message: error.message, seconds: 0 }], auditAnnotations: [] };
  }
}

async function decide(policy: CompiledPolicy, session: Session): Promise<ValidationDecision[]> {
  const results: (Result & { seconds: number })[] = [];
  let last = performance.now();
  for (const { condition } of policy.validations) {
    const result = await session.run(condition);
    const now = performance.now();
    results.push({ ...result, seconds: (now - last) / 1000 });
    last = now;
  }
  const decisions: ValidationDecision[] = [];
  for (const [index, result] of results.entries()) {
    const { seconds } = result;
    const validation = policy.spec.validations?.[index] as Validation;
    if (result.error !== undefined) decisions.push({ action: 'error', message: result.error, seconds });
    else if (result.value === true) decisions.push({ action: 'admit' });
    else {
      const message = policy.validations[index]?.message;
      const evaluated = message === undefined ? undefined : usableMessage(await messageOf(message, session));
      const text = evaluated ?? (validation.message?.trim() || `failed expression: ${validation.expression.trim()}`);
      decisions.push({ action: 'deny', message: text, reason: validation.reason ?? 'Invalid', seconds });
    }
  }
  return decisions;
}

async function messageOf(slot: Slot, session: Session): Promise<Value | undefined> {
  try {
    return (await session.run(slot)).value;
  } catch (error) {
    if (error instanceof OutOfBudget) error.message = `failed messageExpression: ${error.message}`;
    throw error;
  }
}

async function annotate(policy: CompiledPolicy, session: Session): Promise<ValidationResult['auditAnnotations']> {
  const auditAnnotations: ValidationResult['auditAnnotations'] = [];
  for (const [index, slot] of policy.auditAnnotations.entries()) {
    const annotation = policy.spec.auditAnnotations?.[index] as AuditAnnotation;
    const result = await session.run(slot);
    if (result.error !== undefined) {
      auditAnnotations.push({ key: annotation.key, error: result.error });
    } else if (typeof result.value === 'string' && result.value.trim() !== '') {
      auditAnnotations.push({ key: annotation.key, value: result.value.trim() });
    }
  }
  return auditAnnotations;
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
  // Where an expression does not compile, it is not said that it was to be evaluated.
  if (slot.program === undefined) return { error: slot.errors };
  try {
    const result = await new Session(input, policy.variables, limits.runtimeBudget).run(slot);
    if (result.error !== undefined) return { error: result.error };
    const mismatches = wrongNames(result.value);
    if (mismatches.length > 0) return { error: `type mismatch: ${mismatches.join('\n')}` };
    const patch = toJson(result.value);
    return { patch: Array.isArray(patch) ? patch.map(wholeOperation) : patch };
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof OutOfBudget) return { error: error.message };
    throw error;
  }
}

/** What an operation leaves out is empty, not absent. */
function wholeOperation(operation: JsonValue): JsonValue {
  return isObject(operation) ? { op: '', path: '', ...operation } : operation;
}

/** `Object.spec{…}` must stand where an object's spec stands. Of JSON patches the values are looked at. */
function wrongNames(value: Value, place?: string): string[] {
  if (value instanceof CelList) return Array.from(value).flatMap((each) => wrongNames(each, place));
  if (!(value instanceof CelMap)) return [];
  const { typeName } = value;
  const isPatch = typeName === 'JSONPatch';
  const here = place ?? (isPatch ? undefined : 'Object');
  const errors: string[] = [];
  if (typeName !== undefined && !isPatch && here !== undefined && typeName !== here && place !== undefined) {
    errors.push(
      `unexpected type name ${JSON.stringify(typeName)}, expected ${JSON.stringify(here)}, which matches field name path from root Object type`,
    );
  }
  for (const key of value.keys()) {
    const below = value.get(key);
    if (below === undefined) continue;
    if (isPatch) errors.push(...wrongNames(below, rootOf(below)));
    else errors.push(...wrongNames(below, typeName === undefined ? here : `${here}.${key as string}`));
  }
  return errors;
}

/** A patch's value is an object of whatever place its path leads to: only what is within it can be told. */
function rootOf(value: Value): string | undefined {
  return value instanceof CelMap ? value.typeName : undefined;
}
