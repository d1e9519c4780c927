/** metadata of custom resources, and of resources embedded in them, is ObjectMeta whatever their schema says. */
import { schemaByName } from '@typernetes/openapi/catalogue';
import {
  dns1035Label,
  type FieldError,
  type FieldPath,
  fieldErrorMessage,
  invalidValue,
  type JsonObject,
  type KubernetesObject,
  parseApiVersion,
  path,
  required,
  validateObjectMeta,
} from '@typernetes/openapi/meta';
import { checkTypes, deepCopy, isObject, type Schema } from '@typernetes/openapi/schema';
import { pathSegmentErrors } from '../../registry/generic/before-create.ts';
import { asGoMap } from './go-map.ts';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

const objectMeta: Schema = { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

/** Gives metadata the form of ObjectMeta; returns the unknown fields it dropped. Throws on wrong types. */
export function coerceMetadata(object: KubernetesObject): string[] {
  if (object.metadata === undefined || object.metadata === null) {
    delete object.metadata;
    return [];
  }
  const { error, unknownFields } = checkTypes(object.metadata, objectMeta, schemaByName);
  if (error !== undefined) throw new Error(error);
  return unknownFields.map((name) => `metadata.${name}`);
}

/**
 * Gives every embedded resource metadata of the right form; returns the unknown fields that it dropped. What has a
 * wrong type is dropped too if `dropInvalid`, and else thrown as a {@link MisshapenError}.
 */
export function coerceObject(value: unknown, schema: Structural | undefined, dropInvalid: boolean): string[] {
  const coercion = new Coercion(dropInvalid);
  coercion.visit(value, schema, path(), true);
  return coercion.unknown;
}

/** As {@link coerceObject}, of a part at that place; it may be a resource itself. */
export function coercePart(value: unknown, schema: Structural | undefined, at: FieldPath): FieldError | undefined {
  try {
    new Coercion(false).visit(value, schema, at, false);
  } catch (error) {
    if (error instanceof MisshapenError) return error.error;
    throw error;
  }
  return undefined;
}

export class MisshapenError extends Error {
  readonly error: FieldError;

  constructor(error: FieldError) {
    super(fieldErrorMessage(error));
    this.error = error;
  }
}

class Coercion {
  readonly unknown: string[] = [];
  readonly #dropInvalid: boolean;

  constructor(dropInvalid: boolean) {
    this.#dropInvalid = dropInvalid;
  }

  visit(value: unknown, schema: Structural | undefined, at: FieldPath, isRoot: boolean): void {
    if (schema === undefined) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.visit(item, schema.items, at.index(index), false);
      return;
    }
    if (!isObject(value)) return;
    for (const [name, member] of Object.entries(value)) {
      if (!isRoot && schema['x-kubernetes-embedded-resource'] === true) this.#embedded(value, name, at.child(name));
      const property = ownProperty(schema, name);
      if (property !== undefined) this.visit(member, property, at.child(name), false);
      else this.visit(member, additionalSchema(schema), at.key(name), false);
    }
  }

  #embedded(resource: JsonObject, name: string, at: FieldPath): void {
    const value = resource[name];
    if (name === 'apiVersion' || name === 'kind') {
      if (typeof value === 'string') return;
      if (!this.#dropInvalid) throw new MisshapenError(invalidValue(at, asGoMap(value), 'must be a string'));
      delete resource[name];
    }
    if (name !== 'metadata') return;
    const given = asGoMap(value);
    const { error, unknownFields } = checkTypes(value, objectMeta, schemaByName);
    if (error === undefined) {
      if (value === null) delete resource.metadata;
      this.unknown.push(...unknownFields.map((field) => `${at.toString()}.${field}`));
    } else if (!this.#dropInvalid) throw new MisshapenError(invalidValue(at, given, error));
    else if (isObject(value))
      for (const [field, member] of Object.entries(value))
        if (checkTypes({ [field]: deepCopy(member) }, objectMeta, schemaByName).error !== undefined)
          delete value[field];
  }
}

/** Embedded resources are whole objects: apiVersion, kind and valid metadata. The root is looked at elsewhere. */
export function validateEmbedded(
  value: unknown,
  schema: Structural | undefined,
  at: FieldPath,
  isRoot = at.toString() === '',
): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => validateEmbedded(item, schema.items, at.index(index), false));
  if (!isObject(value)) return [];
  const errors =
    !isRoot && schema['x-kubernetes-embedded-resource'] === true ? resourceErrors(value as JsonObject, at) : [];
  for (const [name, member] of Object.entries(value)) {
    const property = ownProperty(schema, name);
    errors.push(
      ...(property === undefined
        ? validateEmbedded(member, additionalSchema(schema), at.key(name), false)
        : validateEmbedded(member, property, at.child(name), false)),
    );
  }
  return errors;
}

/** What keeps a value from being a resource. */
export function resourceErrors(value: JsonObject, at: FieldPath): FieldError[] {
  const { apiVersion, kind, metadata } = value;
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) if (value[name] === undefined) errors.push(required(at.child(name), ''));
  if (apiVersion !== undefined) errors.push(...textErrors(apiVersion, at.child('apiVersion'), versionErrors));
  if (kind !== undefined) errors.push(...textErrors(kind, at.child('kind'), kindErrors));
  if (!isObject(metadata)) return errors;
  const meta = deepCopy(metadata) as NonNullable<KubernetesObject['metadata']>;
  meta.name ||= 'fakename';
  const namespaced = (meta.namespace ?? '') !== '';
  return [
    ...errors,
    ...validateObjectMeta(meta, { namespaced, nameFn: pathSegmentErrors, path: at.child('metadata') }),
  ];
}

function textErrors(text: unknown, at: FieldPath, check: (text: string) => string[]): FieldError[] {
  if (typeof text !== 'string') return [invalidValue(at, asGoMap(text), 'must be a string')];
  if (text === '') return [invalidValue(at, text, 'must not be empty')];
  return check(text).map((detail) => invalidValue(at, text, detail));
}

function versionErrors(text: string): string[] {
  try {
    parseApiVersion(text);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function kindErrors(text: string): string[] {
  const errors = dns1035Label(text.toLowerCase());
  return errors.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${errors.join(',')}`];
}
