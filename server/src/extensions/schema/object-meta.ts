/** metadata of custom resources, and of resources embedded in them, is ObjectMeta whatever their schema says. */
import { schemaByName } from '@typernetes/openapi/catalogue';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  type KubernetesObject,
  required,
  validateObjectMeta,
} from '@typernetes/openapi/meta';
import { checkTypes, deepCopy, isObject, type Schema } from '@typernetes/openapi/schema';
import { pathSegmentErrors } from '../../registry/generic/before-create.ts';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

const objectMeta: Schema = { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

/** Gives metadata the form of ObjectMeta; returns the unknown fields it dropped. Throws on wrong types. */
export function coerceMetadata(object: KubernetesObject, at = 'metadata'): string[] {
  if (object.metadata === undefined || object.metadata === null) {
    delete object.metadata;
    return [];
  }
  const { error, unknownFields } = checkTypes(object.metadata, objectMeta, schemaByName);
  if (error !== undefined)
    throw new Error(at === 'metadata' ? error : `${at}: Invalid value: ${JSON.stringify(object.metadata)}: ${error}`);
  return unknownFields.map((name) => `${at}.${name}`);
}

/** Coerces the metadata of every embedded resource; what is no metadata at all is dropped if `dropInvalid`. */
export function coerceObject(value: unknown, schema: Structural | undefined, dropInvalid: boolean, at = ''): string[] {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => coerceObject(item, schema.items, dropInvalid, `${at}[${index}]`));
  if (!isObject(value)) return [];
  const unknown: string[] = [];
  if (at !== '' && schema['x-kubernetes-embedded-resource'] === true && value.metadata !== undefined) {
    try {
      unknown.push(...coerceMetadata(value as KubernetesObject, `${at}.metadata`));
    } catch (error) {
      if (!dropInvalid) throw error;
      delete value.metadata;
    }
  }
  for (const [name, member] of Object.entries(value)) {
    const below = ownProperty(schema, name) ?? additionalSchema(schema);
    unknown.push(...coerceObject(member, below, dropInvalid, at === '' ? name : `${at}.${name}`));
  }
  return unknown;
}

/** Embedded resources are whole objects: apiVersion, kind and valid metadata. */
export function validateEmbedded(value: unknown, schema: Structural | undefined, at: FieldPath): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => validateEmbedded(item, schema.items, at.index(index)));
  if (!isObject(value)) return [];
  const errors: FieldError[] = [];
  if (at.toString() !== '' && schema['x-kubernetes-embedded-resource'] === true) {
    for (const name of ['apiVersion', 'kind']) {
      const text = value[name];
      if (text === undefined) errors.push(required(at.child(name), ''));
      else if (typeof text !== 'string') errors.push(invalidValue(at.child(name), text, 'must be a string'));
      else if (text === '') errors.push(invalidValue(at.child(name), text, 'must not be empty'));
    }
    if (isObject(value.metadata)) {
      const metadata = deepCopy(value.metadata) as NonNullable<KubernetesObject['metadata']>;
      metadata.name ||= 'fake-name';
      const namespaced = (metadata.namespace ?? '') !== '';
      errors.push(
        ...validateObjectMeta(metadata, { namespaced, nameFn: pathSegmentErrors, path: at.child('metadata') }),
      );
    }
  }
  for (const [name, member] of Object.entries(value))
    errors.push(...validateEmbedded(member, ownProperty(schema, name) ?? additionalSchema(schema), at.child(name)));
  return errors;
}
