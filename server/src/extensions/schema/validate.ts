/** Validates a custom resource against its schema: kube-openapi's checks, in its order and words. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  type JsonValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '@typernetes/openapi/meta';
import { deepEqual, isObject, isRawNumber } from '@typernetes/openapi/schema';
import { matchesFormat } from './formats.ts';
import { compilePattern } from './pattern.ts';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

/** An error, and how far the value went well: anyOf and oneOf report the alternative that fitted best. */
class Result {
  readonly errors: FieldError[] = [];
  matches = 0;

  merge(other: Result): void {
    this.errors.push(...other.errors);
    this.matches += other.matches;
  }
}

/**
 * `root` stands before all paths (`status`); messages name places below it. Whatever is as it was in `old` may stay
 * (ratcheting).
 */
export function validateValue(value: unknown, schema: Structural, root = '', old?: unknown): FieldError[] {
  return new Validation(root).validate(value, schema, '', old).errors;
}

class Validation {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #at(place: string): FieldPath {
    const name = place.replace(/^\./, '');
    if (name === '') return new FieldPath(this.#root === '' ? '<nil>' : this.#root);
    return new FieldPath(this.#root === '' ? name : `${this.#root}.${name}`);
  }

  validate(value: unknown, schema: Structural, place: string, old?: unknown): Result {
    const result = new Result();
    if (old !== undefined && deepEqual(value, old, { strict: true })) return result;
    this.#type(value, schema, place, result);
    if (value !== null) {
      this.#junctors(value, schema, place, result, old);
      if (typeof value === 'string') this.#string(value, schema, place, result);
      else if (typeof value === 'number') this.#number(value, schema, place, result);
      else if (Array.isArray(value)) this.#list(value, schema, place, result, old);
    }
    if (schema.enum !== undefined && !schema.enum.some((allowed) => deepEqual(allowed, value, { strict: true }))) {
      const names = schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed)));
      result.errors.push(notSupported(this.#at(place), value, names));
    }
    if (isObject(value)) this.#object(value, schema, place, result, old);
    return result;
  }

  #type(value: unknown, schema: Structural, place: string, result: Result): void {
    const types =
      schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type ? [schema.type] : [];
    const found = typeOf(value);
    const fits =
      types.length === 0 ||
      types.includes(found) ||
      (found === 'null' && schema.nullable === true) ||
      (found === 'integer' && types.includes('number'));
    if (fits) {
      result.matches += 1;
      return;
    }
    const { format } = schema;
    if (format && typeof value !== 'string' && !Array.isArray(value)) {
      const form = goFormat(value);
      result.errors.push(typeInvalid(this.#at(place), form, `${place} in body must be of type ${format}: "${form}"`));
      return;
    }
    result.errors.push(
      typeInvalid(this.#at(place), found, `${place} in body must be of type ${types.join(',')}: "${found}"`),
    );
  }

  #junctors(value: unknown, schema: Structural, place: string, result: Result, old: unknown): void {
    const say = (message: string): void =>
      void result.errors.push(invalidValue(this.#root === '' ? '<nil>' : this.#root, '', message));
    const name = JSON.stringify(place);
    const { anyOf, oneOf, allOf, not } = schema;
    if (anyOf !== undefined && anyOf.length > 0) {
      const results = anyOf.map((each) => this.validate(value, each, place));
      if (!results.some((each) => each.errors.length === 0)) {
        say(`${name} must validate at least one schema (anyOf)`);
        result.merge(best(results));
      }
    }
    if (oneOf !== undefined && oneOf.length > 0) {
      const results = oneOf.map((each) => this.validate(value, each, place));
      const valid = results.filter((each) => each.errors.length === 0).length;
      if (valid !== 1) {
        const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
        say(`${name} must validate one and only one schema (oneOf). ${found}`);
        if (valid === 0) result.merge(best(results));
      }
    }
    if (allOf !== undefined && allOf.length > 0) {
      const results = allOf.map((each) => this.validate(value, each, place, old));
      for (const each of results) result.merge(each);
      const valid = results.filter((each) => each.errors.length === 0).length;
      if (valid !== allOf.length)
        say(`${name} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (not !== undefined && this.validate(value, not, place).errors.length === 0)
      say(`${name} must not validate the schema (not)`);
  }

  #string(value: string, schema: Structural, place: string, result: Result): void {
    const at = this.#at(place);
    const length = schema.minLength === undefined && schema.maxLength === undefined ? 0 : Array.from(value).length;
    if (schema.maxLength !== undefined && length > schema.maxLength) {
      result.errors.push(tooLong(at, value, schema.maxLength));
      return;
    }
    if (schema.minLength !== undefined && length < schema.minLength) {
      const detail = `${place} in body should be at least ${schema.minLength} chars long`;
      result.errors.push(invalidValue(at, value, detail));
      return;
    }
    if (schema.pattern) {
      const { test } = compilePattern(schema.pattern);
      if (test !== undefined && !test(value)) {
        result.errors.push(invalidValue(at, value, `${place} in body should match '${schema.pattern}'`));
        return;
      }
    }
    result.matches += 1;
    const forStrings = schema.type === undefined || schema.type === '' || schema.type === 'string';
    if (schema.format && forStrings && !matchesFormat(value, schema.format))
      result.errors.push(
        typeInvalid(at, value, `${place} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
      );
  }

  #number(value: number, schema: Structural, place: string, result: Result): void {
    const say = (detail: string): void =>
      void result.errors.push(invalidValue(this.#at(place), value, `${place} in body ${detail}`));
    const { multipleOf, maximum, minimum } = schema;
    if (multipleOf !== undefined && !isMultiple(value, multipleOf))
      say(`should be a multiple of ${goNumber(multipleOf)}`);
    if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum))
      say(`should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${goNumber(maximum)}`);
    if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum))
      say(`should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${goNumber(minimum)}`);
    const range = schema.type === 'integer' ? ranges[schema.format ?? ''] : undefined;
    if (range !== undefined && !(Number.isInteger(value) && value >= range[0] && value <= range[1]))
      result.errors.push(
        invalidValue(
          this.#root === '' ? '<nil>' : this.#root,
          '',
          `Checked value must be of type integer with format ${schema.format} in ${place}`,
        ),
      );
    result.matches += 1;
  }

  #list(value: readonly unknown[], schema: Structural, place: string, result: Result, old: unknown): void {
    if (schema.items !== undefined)
      for (const [index, item] of value.entries())
        result.merge(this.validate(item, schema.items, `${place}[${index}]`, correlated(item, old, schema)));
    const { minItems, maxItems } = schema;
    if (minItems !== undefined && value.length < minItems)
      result.errors.push(
        invalidValue(this.#at(place), value.length, `${place} in body should have at least ${minItems} items`),
      );
    if (maxItems !== undefined && value.length > maxItems)
      result.errors.push(tooMany(this.#at(place), value.length, maxItems));
    result.matches += 1;
  }

  #object(value: Record<string, JsonValue>, schema: Structural, place: string, result: Result, old: unknown): void {
    const { minProperties, maxProperties } = schema;
    const size = Object.keys(value).length;
    if (minProperties !== undefined && size < minProperties)
      result.errors.push(
        invalidValue(this.#at(place), size, `${place} in body should have at least ${minProperties} properties`),
      );
    if (maxProperties !== undefined && size > maxProperties)
      result.errors.push(tooMany(this.#at(place), size, maxProperties));
    const additional = additionalSchema(schema);
    const before = (name: string): unknown => (isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined);
    for (const [name, member] of Object.entries(value)) {
      const property = ownProperty(schema, name);
      if (property !== undefined)
        result.merge(this.validate(member, property, place === '' ? name : `${place}.${name}`, before(name)));
      else if (additional !== undefined)
        result.merge(this.validate(member, additional, `${place}.${name}`, before(name)));
      else if (schema.additionalProperties === false)
        result.errors.push(invalidValue(this.#at(place), '', `${place}.${name} in body is a forbidden property`));
    }
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(value, name)) result.errors.push(required(this.#at(`${place}.${name}`)));
    result.matches += 1;
  }
}

/** Only items of list maps can be told apart, by their keys. */
function correlated(item: unknown, old: unknown, schema: Structural): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (old as unknown[]).find((each) => isObject(each) && keys.every((key) => deepEqual(each[key], item[key])));
}

function best(results: readonly Result[]): Result {
  return results.reduce((left, right) => (right.matches > left.matches ? right : left));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isRawNumber(value)) return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** What upstream calls the form that a decoded number has. */
function goFormat(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return isRawNumber(value) ? 'int64' : '';
}

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

/** As Go prints a float with %v. */
function goNumber(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e21 || Math.abs(value) < 1e-4))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}
