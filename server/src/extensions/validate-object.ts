/** Objects of one version against its definition: schema, embedded resources, lists, scale, rules. */
import {
  type FieldError,
  fieldErrorMessage,
  invalidValue,
  type JsonValue,
  type KubernetesObject,
  path,
  quote,
} from '@typernetes/openapi/meta';
import { compileValidator, type Validator, validateRules } from '../cel/index.ts';
import { qualifiedName } from '../registry/validation/index.ts';
import type { Version } from './definition.ts';
import type { RuleMetrics } from './metrics.ts';
import { validateScaleSpec, validateScaleStatus } from './scale.ts';
import { type Structural, validateEmbedded, validateListTypes, validateValue } from './schema/index.ts';

export type Fields = KubernetesObject & Record<string, unknown>;

/** Errors of these types may make rules fail in ways that nobody could make sense of. */
const blocking = new Set<FieldError['type']>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Told of what unchanged values fail: they may stay as they are. */
type Warn = ((message: string) => void) | undefined;

export class ObjectValidator {
  readonly #version: Version;
  readonly #schema: Structural | undefined;
  readonly #metrics: RuleMetrics | undefined;
  /** Made when the first object comes: a definition may have many versions that nobody writes. */
  #rules: { validator: Validator | undefined } | undefined;

  constructor(version: Version, metrics?: RuleMetrics) {
    this.#version = version;
    this.#metrics = metrics;
    this.#schema = version.schema?.openAPIV3Schema;
  }

  validate(object: Fields): FieldError[] {
    return this.#whole(object, undefined, undefined);
  }

  validateUpdate(object: Fields, old: Fields, warn: Warn): FieldError[] {
    return this.#whole(object, old, warn);
  }

  #whole(object: Fields, old: Fields | undefined, warn: Warn): FieldError[] {
    const schema = this.#schema;
    const scale = this.#version.subresources?.scale;
    const errors = [
      ...(schema === undefined ? [] : validateValue(object, schema, '', old)),
      ...(scale === undefined ? [] : [...validateScaleSpec(scale, object), ...validateScaleStatus(scale, object)]),
    ];
    if (schema === undefined) return errors;
    return this.#withRules(
      [...errors, ...validateEmbedded(object, schema, path()), ...lists(schema, object, old)],
      object,
      old,
      warn,
    );
  }

  validateStatus(object: Fields, old: Fields, warn: Warn): FieldError[] {
    const schema = this.#schema;
    const scale = this.#version.subresources?.scale;
    const statusSchema = schema?.properties?.status;
    const errors = [
      ...(statusSchema === undefined || object.status === undefined
        ? []
        : validateValue(object.status, statusSchema, 'status', old.status)),
      ...(scale === undefined ? [] : validateScaleStatus(scale, object)),
    ];
    return schema === undefined
      ? errors
      : this.#withRules([...errors, ...lists(schema, object, old)], object, old, warn);
  }

  #withRules(errors: FieldError[], object: Fields, old: Fields | undefined, warn: Warn): FieldError[] {
    const compile = () => this.#schema && compileValidator(this.#schema);
    this.#rules ??= { validator: this.#metrics === undefined ? compile() : this.#metrics.compiled(compile) };
    const { validator } = this.#rules;
    if (validator === undefined) return errors;
    if (errors.some(({ type }) => blocking.has(type))) {
      const message =
        'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
      return [...errors, invalidValue('<nil>', null, message)];
    }
    const evaluate = () => validateRules(validator, object as JsonValue, old as JsonValue | undefined);
    const result = this.#metrics?.evaluated(evaluate) ?? evaluate();
    for (const warning of result.warnings) warn?.(fieldErrorMessage(warning));
    return [...errors, ...result.errors];
  }
}

/** Lists that were not unique before may stay so. */
function lists(schema: Structural, object: Fields, old: Fields | undefined): FieldError[] {
  const errors = validateListTypes(object, schema);
  if (errors.length > 0 && old !== undefined && validateListTypes(old, schema).length > 0) return [];
  return errors;
}

/** Of the finalizers that are new, which have names that others may want. */
export function finalizerWarnings(object: KubernetesObject, old?: Readonly<KubernetesObject>): string[] {
  const before = new Set(old?.metadata?.finalizers);
  const added = [...new Set(object.metadata?.finalizers)].filter((name) => !before.has(name));
  return added.sort().flatMap((finalizer) => {
    const start = `metadata.finalizers: ${quote(finalizer)}`;
    const warnings = qualifiedName(finalizer).map((message) => `${start}: ${message}`);
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return warnings;
    const path = finalizer.includes('.') ? ' including a path (/)' : '';
    const advice = `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;
    return [...warnings, `${start}: ${advice}`];
  });
}
