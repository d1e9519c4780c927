/** `x-kubernetes-validations` of a definition: what may be written, whether it compiles, and what it may cost. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  internalFieldError,
  invalidValue,
  notSupported,
  required,
} from '@typernetes/openapi/meta';
import {
  compileRule,
  costExceeded,
  escapeName,
  limits,
  maxCardinality,
  ruleCost,
  ruleFieldPath,
  type Type,
  typeOfSchema,
  type ValidationRule,
} from '../cel/index.ts';
import type { Structural } from './schema/index.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const maxNamed = 4;

/** The estimated cost of all rules of a schema, and the rules that it comes from. */
class TotalCost {
  #total = 0;
  #mostExpensive: { at: FieldPath; cost: number }[] = [];

  add(at: FieldPath, cost: number): void {
    this.#total += cost;
    if (cost < limits.perCustomResourceDefinition / 100) return;
    this.#mostExpensive = [...this.#mostExpensive, { at, cost }].sort((a, b) => b.cost - a.cost).slice(0, maxNamed);
  }

  errors(schemaAt: FieldPath): FieldError[] {
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    const message = tooExpensive(what, this.#total, limits.perCustomResourceDefinition);
    if (message === undefined) return [];
    const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    return [...this.#mostExpensive.map(({ at }) => forbiddenField(at, contributed)), forbiddenField(schemaAt, message)];
  }
}

function tooExpensive(what: string, cost: number, limit: number): string | undefined {
  const factor = costExceeded(cost, limit);
  if (factor === undefined) return undefined;
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${factor} (${advice})`;
}

/** A place in the schema as rules see it: its type, and how often an object can have it (undefined: nobody knows). */
export class RuleScope {
  readonly totals: TotalCost;
  readonly #schema: Structural;
  readonly #cardinality: number | undefined;
  readonly #makeType: () => Type | undefined;
  #type: { made: Type | undefined } | undefined;

  private constructor(
    schema: Structural,
    totals: TotalCost,
    cardinality: number | undefined,
    makeType: () => Type | undefined,
  ) {
    this.#schema = schema;
    this.totals = totals;
    this.#cardinality = cardinality;
    this.#makeType = makeType;
  }

  static root(schema: Structural): RuleScope {
    return new RuleScope(schema, new TotalCost(), 1, () => typeOfSchema(schema, true, 'selfType'));
  }

  get type(): Type | undefined {
    return (this.#type ??= { made: this.#makeType() }).made;
  }

  property(name: string, schema: Structural): RuleScope {
    const escaped = escapeName(name);
    return this.#child(schema, (type) => (escaped === undefined ? undefined : type.fields?.get(escaped)?.type));
  }

  items(schema: Structural): RuleScope {
    return this.#child(schema, (type) => (type.kind === 'list' ? type.params[0] : undefined));
  }

  values(schema: Structural): RuleScope {
    return this.#child(schema, (type) => (type.kind === 'map' ? type.params[1] : undefined));
  }

  /** The parent's type has the child's; that of a whole subtree is made once. */
  #child(schema: Structural, within: (type: Type) => Type | undefined): RuleScope {
    const most = maxElements(this.#schema);
    const cardinality = this.#cardinality === undefined || most === undefined ? undefined : this.#cardinality * most;
    return new RuleScope(schema, this.totals, cardinality, () => {
      const known = this.type === undefined ? undefined : within(this.type);
      return known ?? typeOfSchema(schema, schema['x-kubernetes-embedded-resource'] === true, 'selfType');
    });
  }

  cost(type: Type, estimate: number): number {
    return ruleCost(estimate, this.#cardinality ?? maxCardinality(type));
  }
}

function maxElements(schema: Structural): number | undefined {
  const atLeastNone = (bound: number | undefined): number | undefined =>
    bound === undefined ? undefined : Math.max(bound, 0);
  if (schema.type === 'array') return atLeastNone(schema.maxItems);
  if (schema.type === 'object' && schema.additionalProperties !== undefined) return atLeastNone(schema.maxProperties);
  return 1;
}

const hasLineBreaks = (text: string): boolean => /[\n\r]/.test(text);

/** What is wrong with rules before anyone compiles them. */
export function ruleShapeErrors(schema: Structural, at: FieldPath): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((given, index) => {
    const place = at.child('x-kubernetes-validations').index(index);
    const {
      rule = '',
      message = '',
      messageExpression = '',
      reason,
      fieldPath = '',
    } = given as Partial<ValidationRule>;
    const errors: FieldError[] = [];
    const messageAt = place.child('message');
    if (rule.trim() === '') errors.push(required(place.child('rule'), 'rule is not specified'));
    else if (message !== '' && message.trim() === '')
      errors.push(invalidValue(messageAt, message, 'must be non-empty if specified'));
    else if (hasLineBreaks(message.trim()))
      errors.push(invalidValue(messageAt, message, 'must not contain line breaks'));
    else if (hasLineBreaks(rule.trim()) && message.trim() === '')
      errors.push(required(messageAt, 'message must be specified if rule contains line breaks'));
    if (messageExpression !== '' && messageExpression.trim() === '')
      errors.push(required(place.child('messageExpression'), 'messageExpression must be non-empty if specified'));
    if (reason !== undefined && !reasons.includes(reason))
      errors.push(notSupported(place.child('reason'), reason, reasons));
    const wrongPath = (detail: string): void =>
      void errors.push(invalidValue(place.child('fieldPath'), fieldPath, detail));
    if (fieldPath !== '') {
      if (fieldPath.trim() === '') wrongPath('must be non-empty if specified');
      if (hasLineBreaks(fieldPath)) wrongPath('must not contain line breaks');
      if (ruleFieldPath(fieldPath, schema).error !== undefined) wrongPath('must be a valid path');
    }
    return errors;
  });
}

export interface RuleLimits {
  /** The outermost part of the schema whose old and new values cannot be told to belong together. */
  uncorrelatable: FieldPath | undefined;
  /** A version whose schema stays as it was is not measured again. */
  ignoreCost: boolean;
}

/** What compiling the rules of one schema says. The schema must be free of other errors. */
export function ruleErrors(schema: Structural, at: FieldPath, scope: RuleScope, given: RuleLimits): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const { type } = scope;
  const list = at.child('x-kubernetes-validations');
  if (type === undefined)
    return [
      internalFieldError(
        list,
        'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
      ),
    ];
  return rules.flatMap((rule, index) => {
    const place = list.index(index);
    const compiled = compileRule(rule, schema, type);
    const errors: FieldError[] = [];
    const measure = (what: string, field: string, cost: number): void => {
      const expensive = given.ignoreCost ? undefined : tooExpensive(what, cost, limits.perExpression);
      if (expensive !== undefined) errors.push(forbiddenField(place.child(field), expensive));
      scope.totals.add(place.child(field), cost);
    };
    measure('estimated rule cost', 'rule', scope.cost(type, compiled.program?.cost.max ?? 0));
    if (compiled.error !== undefined) errors.push(invalidValue(place.child('rule'), shown(rule), compiled.error));
    if (compiled.messageError !== undefined)
      errors.push(invalidValue(place.child('messageExpression'), shown(rule), compiled.messageError));
    else if (compiled.message !== undefined)
      measure('estimated messageExpression cost', 'messageExpression', compiled.message.cost.max);
    if (compiled.usesOldSelf) {
      const { uncorrelatable } = given;
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable?.toString()}`;
      if (uncorrelatable !== undefined) errors.push(invalidValue(place.child('rule'), rule.rule, detail));
    } else if (rule.optionalOldSelf !== undefined) {
      const detail = 'may not be set if oldSelf is not used in rule';
      errors.push(invalidValue(place.child('optionalOldSelf'), rule.optionalOldSelf, detail));
    }
    return errors;
  });
}

/** As upstream shows a rule: its own name for each field, and all of them. */
function shown(rule: ValidationRule): object {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}
