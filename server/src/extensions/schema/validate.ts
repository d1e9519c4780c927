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
import { deepEqual, isObject } from '@typernetes/openapi/schema';
import { type Before, beforeOf, isUnchanged, itemBefore, memberBefore } from './before.ts';
import { isKnownFormat, matchesFormat } from './formats.ts';
import { goNumberOf, isWhole, numberComplaints } from './numbers.ts';
import { compilePattern } from './pattern.ts';
import { ownProperty } from './prune.ts';
import { Result } from './result.ts';
import { additionalSchema, type Structural } from './structural.ts';

/** Of whole objects, these are not told from what they were: clients see them at other versions. */
const typeMeta = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * `root` stands before all paths (`status`); messages name places below it. Whatever is as it was in `old` may stay
 * (ratcheting).
 */
export function validateValue(value: unknown, schema: Structural, root = '', old?: unknown): FieldError[] {
  return new Validation(root).validate(value, schema, '', beforeOf(old, schema)).errors;
}

/** A default, at its place in a schema. */
export function validateDefault(value: unknown, schema: Structural, root: string): FieldError[] {
  return new Validation(root, true).validate(value, schema, '').errors;
}

class Validation {
  readonly #root: string;
  /** Upstream asks nothing of the type of a default that may be an integer or a string. */
  readonly #isDefault: boolean;

  constructor(root: string, isDefault = false) {
    this.#root = root;
    this.#isDefault = isDefault;
  }

  #at(place: string): FieldPath {
    const name = place.replace(/^\./, '');
    if (name === '') return new FieldPath(this.#root === '' ? '<nil>' : this.#root);
    return new FieldPath(this.#root === '' ? name : `${this.#root}.${name}`);
  }

  /** A sentence that is of no field in particular. */
  #sentence(text: string): FieldError {
    return invalidValue(this.#root === '' ? '<nil>' : this.#root, '', text);
  }

  validate(value: unknown, schema: Structural, place: string, before?: Before): Result {
    if (before !== undefined && isUnchanged(value, before)) return new Result();
    return this.#checks(value, schema, place, before);
  }

  #checks(value: unknown, schema: Structural, place: string, before: Before | undefined): Result {
    const result = new Result();
    const number = goNumberOf(value) !== undefined;
    this.#type(value, schema, place, result);
    if (value !== null) {
      this.#junctors(value, schema, place, result, before);
      if (typeof value === 'string') this.#string(value, schema, place, result);
      else if (number) this.#number(value, schema, place, result);
      else if (Array.isArray(value)) this.#list(value, schema, place, result, before);
      // The check of enums, and the whole.
      result.matches += 2;
    }
    if (schema.enum !== undefined && schema.enum.length > 0 && !isAmong(value, schema.enum)) {
      const names = schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed)));
      result.add(notSupported(this.#at(place), value, names));
    }
    if (isObject(value)) this.#object(value, schema, place, result, before);
    return result;
  }

  #type(value: unknown, schema: Structural, place: string, result: Result): void {
    const types = this.#typesOf(schema);
    const { format: given = '' } = schema;
    const format = isKnownFormat(types.length === 1 ? types[0]! : '', given) ? given : '';
    if (value === null) {
      if (types.length === 0 || schema.nullable === true) result.matches += 1;
      else result.add(this.#typeError(place, types.join(','), 'null'));
      return;
    }
    if (types.length === 0 && format === '') return;
    result.matches += 1;
    const found = typeOf(value);
    const number = goNumberOf(value);
    const fits =
      types.includes(found) ||
      (found === 'integer' && types.includes('number')) ||
      (number?.isInteger === false && isWhole(number.value) && types.includes('integer'));
    const isText = typeof value === 'string' || Array.isArray(value);
    const form = number === undefined ? '' : number.isInteger ? 'int64' : 'float64';
    if (format !== '' && !isText && !fits && form !== format) result.add(this.#typeError(place, format, form));
    // Formats of texts speak for themselves.
    else if (format !== '' && isText && !types.includes('number') && !types.includes('integer')) result.matches += 1;
    else if (!fits) result.add(this.#typeError(place, types.join(','), found));
    else result.matches += 1;
  }

  #typesOf(schema: Structural): string[] {
    if (schema['x-kubernetes-int-or-string'] === true) return this.#isDefault ? [] : ['integer', 'string'];
    return schema.type ? [schema.type] : [];
  }

  #typeError(place: string, wanted: string, found: string): FieldError {
    return typeInvalid(this.#at(place), found, `${place} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
  }

  #junctors(value: unknown, schema: Structural, place: string, result: Result, before: Before | undefined): void {
    result.matches += 2;
    const say = (message: string): void => result.add(this.#sentence(message));
    const name = JSON.stringify(place);
    const { anyOf, oneOf, allOf, not } = schema;
    const tried = (each: Structural): Result => this.#checks(value, each, place, before);
    const isValid = (each: Result): boolean => each.isValid;
    if (anyOf !== undefined && anyOf.length > 0) {
      const results: Result[] = [];
      for (const each of anyOf) {
        results.push(tried(each));
        if (isValid(results.at(-1)!)) break;
      }
      const valid = results.find(isValid);
      if (valid === undefined) say(`${name} must validate at least one schema (anyOf)`);
      result.merge(valid ?? best(results));
    }
    if (oneOf !== undefined && oneOf.length > 0) {
      const results = oneOf.map(tried);
      const valid = results.filter(isValid);
      if (valid.length === 1) result.merge(valid[0]);
      else {
        const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
        say(`${name} must validate one and only one schema (oneOf). ${found}`);
        if (valid.length === 0) result.merge(best(results));
      }
    }
    if (allOf !== undefined && allOf.length > 0) {
      const results = allOf.map(tried);
      for (const each of results) result.merge(each);
      const valid = results.filter(isValid).length;
      if (valid !== allOf.length)
        say(`${name} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (not !== undefined && isValid(tried(not))) say(`${name} must not validate the schema (not)`);
  }

  #string(value: string, schema: Structural, place: string, result: Result): void {
    result.matches += 1;
    const wrong = this.#textError(value, schema, place);
    if (wrong !== undefined) result.add(wrong);
    const { type = '', format = '' } = schema;
    const isEither = schema['x-kubernetes-int-or-string'] === true;
    if (format === '' || !isKnownFormat(isEither ? '' : type, format)) return;
    result.matches += 1;
    if (!matchesFormat(value, format)) result.add(this.#typeError(place, format, value));
  }

  #textError(value: string, schema: Structural, place: string): FieldError | undefined {
    const at = this.#at(place);
    const length = schema.minLength === undefined && schema.maxLength === undefined ? 0 : Array.from(value).length;
    if (schema.maxLength !== undefined && length > schema.maxLength) return tooLong(at, value, schema.maxLength);
    if (schema.minLength !== undefined && length < schema.minLength)
      return invalidValue(at, value, `${place} in body should be at least ${schema.minLength} chars long`);
    const { test } = schema.pattern ? compilePattern(schema.pattern) : {};
    if (test === undefined || test(value)) return undefined;
    return invalidValue(at, value, `${place} in body should match '${schema.pattern}'`);
  }

  #number(value: unknown, schema: Structural, place: string, result: Result): void {
    result.matches += 2;
    for (const complaint of numberComplaints(value, schema, place))
      result.add(
        'sentence' in complaint
          ? this.#sentence(complaint.sentence)
          : invalidValue(this.#at(place), complaint.value, complaint.detail),
      );
  }

  #list(
    value: readonly unknown[],
    schema: Structural,
    place: string,
    result: Result,
    before: Before | undefined,
  ): void {
    result.matches += 2;
    if (schema.items !== undefined)
      for (const [index, item] of value.entries())
        result.merge(this.validate(item, schema.items, `${place}[${index}]`, itemBefore(item, before)));
    const { minItems, maxItems } = schema;
    if (minItems !== undefined && value.length < minItems)
      result.add(
        invalidValue(this.#at(place), value.length, `${place} in body should have at least ${minItems} items`),
      );
    if (maxItems !== undefined && value.length > maxItems) result.add(tooMany(this.#at(place), value.length, maxItems));
  }

  #object(
    value: Record<string, JsonValue>,
    schema: Structural,
    place: string,
    result: Result,
    before: Before | undefined,
  ): void {
    result.matches += 1;
    const { minProperties, maxProperties } = schema;
    const size = Object.keys(value).length;
    if (minProperties !== undefined && size < minProperties)
      result.add(
        invalidValue(this.#at(place), size, `${place} in body should have at least ${minProperties} properties`),
      );
    if (maxProperties !== undefined && size > maxProperties) result.add(tooMany(this.#at(place), size, maxProperties));
    const additional = additionalSchema(schema);
    for (const [name, member] of Object.entries(value)) {
      const property = ownProperty(schema, name);
      const member0 = place === '' && typeMeta.has(name) ? undefined : memberBefore(name, before);
      if (property !== undefined)
        result.merge(this.validate(member, property, place === '' ? name : `${place}.${name}`, member0));
      else if (additional !== undefined) result.merge(this.validate(member, additional, `${place}.${name}`, member0));
      else if (schema.additionalProperties === false)
        result.add(invalidValue(this.#at(place), name, `${place}.${name} in body is a forbidden property`));
    }
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(value, name)) result.add(required(this.#at(`${place}.${name}`)));
  }
}

/** Null is never among the values, even where the list has it; compared with an integer, a fraction is cut to one. */
const isAmong = (value: unknown, allowed: readonly JsonValue[]): boolean =>
  value !== null &&
  allowed.some((each) => {
    const isCut = typeof value === 'number' && Number.isSafeInteger(each);
    return deepEqual(each, isCut ? Math.trunc(value) : value, { strict: true });
  });

function best(results: readonly Result[]): Result {
  return results.reduce((left, right) => (right.matches > left.matches ? right : left));
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  const number = goNumberOf(value);
  if (number !== undefined) return number.isInteger ? 'integer' : 'number';
  return typeof value;
}
