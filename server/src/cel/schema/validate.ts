/**
 * Validates an object by the rules of its schema: upstream's order, budget, messages and ratcheting. Pure: what to do with the
 * warnings (errors that ratcheting turned) is the caller's.
 */
import type { FieldError, JsonValue } from '@typernetes/openapi/meta';
import { duplicate, FieldPath, forbiddenField, invalidValue, omitValue, required } from '@typernetes/openapi/meta';
import type { Bindings } from '../environment.ts';
import { evaluate, limits } from '../environment.ts';
import { equal } from '../values/equality.ts';
import { fromJson } from '../values/json.ts';
import { Optional } from '../values/value.ts';
import type { CompiledRule, Validator } from './compile-rules.ts';

type Json = JsonValue | undefined;

export interface RuleResult {
  errors: FieldError[];
  /** What unchanged values failed: they may stay as they are. */
  warnings: FieldError[];
  /** Negative when spent: no further rules were run. */
  remainingBudget: number;
}

export interface RuleOptions {
  path?: FieldPath;
  budget?: number;
  /** Off for create, and where old values are known not to correspond. */
  ratcheting?: boolean;
}

/** `old` is the object before an update, or undefined on create. */
export function validateRules(
  validator: Validator,
  value: JsonValue,
  old?: JsonValue,
  options: RuleOptions = {},
): RuleResult {
  const run = new Run(options.budget ?? limits.runtimeBudget, options.ratcheting ?? true);
  run.start(validator, options.path ?? new FieldPath(''), value, old);
  return { errors: run.errors, warnings: run.warnings, remainingBudget: run.remaining };
}

const same = (a: Json, b: Json): boolean =>
  a === b || (a !== undefined && b !== undefined && equal(fromJson(a), fromJson(b)));
const isObject = (value: Json): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (object: Json, key: string): Json =>
  isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;

class Run {
  readonly errors: FieldError[] = [];
  readonly warnings: FieldError[] = [];
  remaining: number;
  private readonly ratcheting: boolean;
  /** Off inside of allOf. */
  private correlates = true;

  constructor(budget: number, ratcheting: boolean) {
    this.remaining = budget;
    this.ratcheting = ratcheting;
  }

  start(validator: Validator, path: FieldPath, value: JsonValue, old: Json): void {
    this.node(validator, path, value, old, this.kept(value, old, false), false);
  }

  /** `unchanged`: this value is the same as before, so that what is wrong with it is not new; `within`: the one around it. */
  node(validator: Validator, path: FieldPath, value: Json, old: Json, unchanged: boolean, within: boolean): void {
    if (value === undefined || value === null || this.remaining < 0) return;
    this.rules(validator, path, value, old ?? undefined, unchanged);
    // What allOf says of a value, and of all below it, may stay only if the value around it does.
    for (const each of validator.allOf) this.inAllOf(() => this.node(each, path, value, old, within, within));
    if (Array.isArray(value)) this.items(validator, path, value, old, unchanged);
    else if (isObject(value)) this.fields(validator, path, value, old, unchanged);
  }

  private inAllOf(run: () => void): void {
    const before = this.correlates;
    this.correlates = false;
    run();
    this.correlates = before;
  }

  private kept(value: Json, old: Json, unchanged: boolean): boolean {
    return unchanged || (this.ratcheting && this.correlates && old !== undefined && same(value, old));
  }

  private fields(
    validator: Validator,
    path: FieldPath,
    value: { [key: string]: JsonValue },
    old: Json,
    unchanged: boolean,
  ): void {
    const { additionalProperties, properties } = validator;
    const atRoot = path.toString() === '';
    for (const [key, below] of Object.entries(value)) {
      const before = own(old, key);
      const child = properties.get(key);
      if (additionalProperties === undefined && child === undefined) continue;
      // Old and new are shown in one version: whether these changed cannot be seen.
      const kept = !(atRoot && (key === 'apiVersion' || key === 'kind')) && this.kept(below, before, unchanged);
      if (additionalProperties !== undefined)
        this.node(additionalProperties, path.key(key), below, before, kept, unchanged);
      if (child !== undefined) this.node(child, path.child(key), below, before, kept, unchanged);
    }
  }

  private items(
    validator: Validator,
    path: FieldPath,
    value: readonly JsonValue[],
    old: Json,
    unchanged: boolean,
  ): void {
    if (validator.items === undefined) return;
    const keys = validator.schema['x-kubernetes-list-map-keys'];
    const isMap = validator.schema['x-kubernetes-list-type'] === 'map' && keys !== undefined;
    const identity = (item: JsonValue): string => JSON.stringify((keys ?? []).map((key) => own(item, key) ?? null));
    const before = new Map(isMap && Array.isArray(old) ? old.map((item) => [identity(item), item]) : []);
    for (const [index, item] of value.entries()) {
      const correlated = isMap ? before.get(identity(item)) : undefined;
      this.node(
        validator.items,
        path.index(index),
        item,
        correlated,
        this.kept(item, correlated, unchanged),
        unchanged,
      );
    }
  }

  private rules(validator: Validator, path: FieldPath, value: JsonValue, old: Json, unchanged: boolean): void {
    if (validator.rules.length === 0) return;
    const type = validator.schema.type ?? '';
    const here = path.toString() === '' ? new FieldPath('<nil>') : path;
    const stop = (detail: string, remaining = -1): void => {
      this.errors.push(invalidValue(here, type, detail));
      this.remaining = remaining;
    };
    const exhausted = 'validation failed due to running out of cost budget, no further validation rules will be run';
    if (this.remaining <= 0) return stop(exhausted);
    const self = fromJson(value, validator.type);
    const oldSelf = old === undefined ? undefined : fromJson(old, validator.type);
    const plain: Bindings = { self, oldSelf };
    const optional: Bindings = { self, oldSelf: new Optional(oldSelf) };
    for (const compiled of validator.rules) {
      const { rule, program } = compiled;
      if (compiled.error !== undefined) stop(`rule compile error: ${compiled.error}`, this.remaining);
      if (program === undefined) continue;
      if (compiled.usesOldSelf && oldSelf === undefined && rule.optionalOldSelf !== true) continue;
      const bindings = rule.optionalOldSelf === true ? optional : plain;
      const outcome = evaluate(program, bindings);
      if (outcome.cost > this.remaining) return stop(exhausted);
      this.remaining -= outcome.cost;
      if (outcome.error !== undefined) {
        const { message, code } = outcome.error;
        if (code === 'costLimit') {
          return stop(
            `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown(compiled)}`,
          );
        }
        const mismatch = message.startsWith('no such overload');
        const detail = mismatch
          ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown(compiled)}`
          : `${message} evaluating rule: ${shown(compiled)}`;
        stop(detail, this.remaining);
        continue;
      }
      if (outcome.value === true) continue;
      const at = compiled.fieldPath === '' ? here : path.child(compiled.fieldPath);
      // Upstream shows messages the plain old value, even where the rule has an optional one.
      const message = this.message(compiled, plain);
      const failed =
        message.failure === undefined
          ? failure(at, value, message.text, rule.reason)
          : invalidValue(at, type, message.failure);
      (unchanged && !compiled.usesOldSelf ? this.warnings : this.errors).push(failed);
      if (message.failure !== undefined) {
        this.remaining = -1;
        return;
      }
    }
  }

  private message({ rule, message }: CompiledRule, bindings: Bindings): { text: string; failure?: string } {
    const text = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
    if (message === undefined) return { text };
    const outcome = evaluate(message, bindings);
    if (outcome.cost > this.remaining) {
      return {
        text,
        failure:
          'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      };
    }
    if (outcome.error?.code === 'costLimit') {
      const failure_ = `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`;
      return { text, failure: failure_ };
    }
    this.remaining -= outcome.cost;
    return { text: usableMessage(outcome.value) ?? text };
  }
}

/** A message that may be shown: one line, not empty, not too long. */
export function usableMessage(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.includes('\n') || Buffer.byteLength(text) > limits.messageBytes ? undefined : text;
}

function shown({ rule }: CompiledRule): string {
  return (rule.message || rule.rule).trim();
}

function failure(at: FieldPath, value: JsonValue, detail: string, reason: string | undefined): FieldError {
  const bad = typeof value === 'object' ? omitValue : value;
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(at, detail);
    case 'FieldValueRequired':
      return required(at, detail);
    case 'FieldValueDuplicate':
      return duplicate(at, bad);
    default:
      return invalidValue(at, bad, detail);
  }
}
