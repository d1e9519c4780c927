/** Structural schemas: the part of OpenAPI v3 that custom resources are described with, and what makes one structural. */
import {
  type FieldError,
  type FieldPath,
  fieldErrorMessage,
  forbiddenField,
  invalidValue,
  type JsonValue,
  required,
} from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { ValidationRule } from '../../cel/index.ts';
import { compilePattern } from './pattern.ts';

export interface Structural {
  type?: string;
  description?: string;
  title?: string;
  nullable?: boolean;
  default?: JsonValue;
  format?: string;
  properties?: Record<string, Structural>;
  items?: Structural;
  additionalProperties?: Structural | boolean;
  required?: string[];
  enum?: JsonValue[];
  maximum?: number;
  exclusiveMaximum?: boolean;
  minimum?: number;
  exclusiveMinimum?: boolean;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  maxItems?: number;
  minItems?: number;
  multipleOf?: number;
  maxProperties?: number;
  minProperties?: number;
  allOf?: Structural[];
  anyOf?: Structural[];
  oneOf?: Structural[];
  not?: Structural;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
}

type Level = 'root' | 'item' | 'field';

const placeOf: Record<Level, string> = {
  root: 'at the root',
  item: 'for specified array items',
  field: 'for specified object fields',
};

export function additionalSchema(schema: Structural): Structural | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** What keeps the schema from being structural, upstream's messages, sorted. */
export function validateStructural(at: FieldPath, schema: Structural): FieldError[] {
  const errors = [...invariants(schema, 'root', at), ...completeness(schema, schema, at, at)];
  return errors.sort((a, b) => (fieldErrorMessage(a) < fieldErrorMessage(b) ? -1 : 1));
}

function invariants(schema: Structural, level: Level, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const type = schema.type ?? '';
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  if (type === 'array' && schema.items === undefined) errors.push(required(at.child('items'), 'must be specified'));
  if (schema.items !== undefined) errors.push(...invariants(schema.items, 'item', at.child('items')));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...invariants(property, 'field', at.child('properties').key(name)));
  if (schema.additionalProperties !== undefined) {
    const place = at.child('additionalProperties');
    if (level === 'root') errors.push(forbiddenField(place, 'must not be used at the root'));
    const additional = additionalSchema(schema);
    if (additional !== undefined) errors.push(...invariants(additional, 'field', place));
    if (embedded) errors.push(forbiddenField(place, 'must not be used if x-kubernetes-embedded-resource is set'));
  }
  const must = 'must be false if x-kubernetes-int-or-string is true';
  if (intOrString && preserves) errors.push(invalidValue(at.child('x-kubernetes-preserve-unknown-fields'), true, must));
  if (intOrString && embedded) errors.push(invalidValue(at.child('x-kubernetes-embedded-resource'), true, must));
  errors.push(...junctors(schema, level, at, isIntOrStringAnyOf(schema), isIntOrStringAnyOf(schema.allOf?.[0])));
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at.child('type'), detail) : invalidValue(at.child('type'), type, detail));
  } else if (type === '' && !intOrString && !preserves) {
    errors.push(required(at.child('type'), `must not be empty ${placeOf[level]}`));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalidValue(at.child('type'), type, 'must be object at the root'));
  if (level === 'root' || embedded) {
    for (const name of ['kind', 'apiVersion']) {
      const property = schema.properties?.[name];
      if (property !== undefined && property.type !== 'string')
        errors.push(
          invalidValue(at.child('properties').key(name).child('type'), property.type ?? '', 'must be string'),
        );
    }
    errors.push(...metadataInvariants(schema.properties?.metadata, level, at.child('properties').key('metadata')));
  }
  if (embedded && !preserves && Object.keys(schema.properties ?? {}).length === 0) {
    errors.push(
      required(
        at.child('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  }
  return errors;
}

function metadataInvariants(metadata: Structural | undefined, level: Level, at: FieldPath): FieldError[] {
  if (metadata === undefined) return [];
  const errors: FieldError[] = [];
  if (metadata.type !== 'object') errors.push(invalidValue(at.child('type'), metadata.type ?? '', 'must be object'));
  if (level !== 'root') return errors;
  const { type: _type, default: _default, description: _description, properties = {}, ...rest } = metadata;
  const onlyNames = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  if (!onlyNames || Object.keys(rest).length > 0 || _description !== undefined)
    errors.push(
      forbiddenField(
        at,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  return errors;
}

/** `anyOf: [{type: integer}, {type: string}]`, which int-or-string fields may have. */
function isIntOrStringAnyOf(schema: Structural | undefined): boolean {
  return schema?.anyOf?.length === 2 && deepEqual(schema.anyOf, [{ type: 'integer' }, { type: 'string' }]);
}

function junctors(schema: Structural, level: Level, at: FieldPath, skipAnyOf: boolean, skipFirst: boolean) {
  const errors: FieldError[] = [];
  if (!skipAnyOf)
    for (const [index, each] of (schema.anyOf ?? []).entries())
      errors.push(...nested(each, level, at.child('anyOf').index(index), false));
  for (const [index, each] of (schema.allOf ?? []).entries())
    errors.push(...nested(each, level, at.child('allOf').index(index), skipFirst && index === 0));
  for (const [index, each] of (schema.oneOf ?? []).entries())
    errors.push(...nested(each, level, at.child('oneOf').index(index), false));
  if (schema.not !== undefined) errors.push(...nested(schema.not, level, at.child('not'), false));
  if (schema.pattern) {
    const { error } = compilePattern(schema.pattern);
    if (error !== undefined)
      errors.push(
        invalidValue(at.child('pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${error}`),
      );
  }
  return errors;
}

/** Inside allOf, anyOf, oneOf and not there may be value validations only. */
function nested(schema: Structural, level: Level, at: FieldPath, skipAnyOf: boolean): FieldError[] {
  const errors = junctors(schema, level, at, skipAnyOf, false);
  if (schema.items !== undefined) errors.push(...nested(schema.items, level, at.child('items'), false));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...nested(property, 'field', at.child('properties').key(name), false));
  const forbid = (name: keyof Structural, set: boolean, what: string): void => {
    if (set) errors.push(forbiddenField(at.child(name), `must be ${what} to be structural`));
  };
  forbid('type', (schema.type ?? '') !== '', 'empty');
  forbid(
    'additionalProperties',
    schema.additionalProperties !== undefined && schema.additionalProperties !== false,
    'undefined',
  );
  forbid('default', schema.default !== undefined && schema.default !== null, 'undefined');
  forbid('title', (schema.title ?? '') !== '', 'empty');
  forbid('description', (schema.description ?? '') !== '', 'empty');
  forbid('nullable', schema.nullable === true, 'false');
  forbid('x-kubernetes-preserve-unknown-fields', schema['x-kubernetes-preserve-unknown-fields'] === true, 'false');
  forbid('x-kubernetes-embedded-resource', schema['x-kubernetes-embedded-resource'] === true, 'false');
  forbid('x-kubernetes-int-or-string', schema['x-kubernetes-int-or-string'] === true, 'false');
  forbid('x-kubernetes-list-map-keys', (schema['x-kubernetes-list-map-keys'] ?? []).length > 0, 'empty');
  forbid('x-kubernetes-list-type', schema['x-kubernetes-list-type'] !== undefined, 'undefined');
  forbid('x-kubernetes-map-type', schema['x-kubernetes-map-type'] !== undefined, 'undefined');
  forbid('x-kubernetes-validations', (schema['x-kubernetes-validations'] ?? []).length > 0, 'empty');
  if (schema.properties?.metadata !== undefined)
    errors.push(forbiddenField(at.child('properties').key('metadata'), 'must not be specified in a nested context'));
  return errors;
}

/** Whatever a junctor speaks of must be in the structural part too. */
function completeness(values: Structural, schema: Structural, schemaAt: FieldPath, valuesAt: FieldPath): FieldError[] {
  const parts: [Structural, FieldPath][] = [];
  if (values.not !== undefined) parts.push([values.not, valuesAt.child('not')]);
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const)
    for (const [index, each] of (values[junctor] ?? []).entries())
      parts.push([each, valuesAt.child(junctor).index(index)]);
  return parts.flatMap(([part, at]) => nestedCompleteness(part, schema, schemaAt, at));
}

function nestedCompleteness(
  values: Structural,
  schema: Structural | undefined,
  schemaAt: FieldPath,
  valuesAt: FieldPath,
): FieldError[] {
  if (schema === undefined) return [required(schemaAt, `because it is defined in ${valuesAt.toString()}`)];
  const errors = completeness(values, schema, schemaAt, valuesAt);
  if (values.items !== undefined)
    errors.push(...nestedCompleteness(values.items, schema.items, schemaAt.child('items'), valuesAt.child('items')));
  for (const [name, property] of Object.entries(values.properties ?? {}))
    errors.push(
      ...nestedCompleteness(
        property,
        schema.properties?.[name],
        schemaAt.child('properties').key(name),
        valuesAt.child('properties').key(name),
      ),
    );
  return errors;
}
