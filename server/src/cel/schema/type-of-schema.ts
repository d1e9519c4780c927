/** The CEL type of a structural schema, with bounds on its size as a request of 3 MiB allows. References must be resolved. */
import type { Field, Type } from '../types/type.ts';
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP } from '../types/type.ts';
import { escapeName } from './escape.ts';
import type { ValidatedSchema } from './schema.ts';

export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
const MAX_TEXT = MAX_REQUEST_BYTES - 2;

const text: ValidatedSchema = { type: 'string' };
const metadata: ValidatedSchema = { type: 'object', properties: { name: text, generateName: text } };

/** What every object at the root of a resource has, whatever its schema says of it. */
function withTypeAndObjectMeta(schema: ValidatedSchema): ValidatedSchema {
  return { ...schema, properties: { ...schema.properties, kind: text, apiVersion: text, metadata } };
}

/** Undefined where the schema tells no type: such fields cannot be used in expressions. `name` becomes the objects' type name. */
export function typeOfSchema(schema: ValidatedSchema, isResourceRoot: boolean, name = 'object'): Type | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return {
      ...DYN,
      minSerializedSize: 1,
      maxElements: schema.maxLength === undefined ? MAX_TEXT : fourfold(schema.maxLength),
    };
  }
  const root = isResourceRoot ? withTypeAndObjectMeta(schema) : schema;
  switch (root.type) {
    case 'array':
      return listType(root, name);
    case 'object':
      return mapType(root, name) ?? objectOf(root, name);
    case 'string':
      return textType(root);
    case 'boolean':
      return { ...BOOL, minSerializedSize: 4, maxElements: 1 };
    case 'number':
      return { ...DOUBLE, minSerializedSize: 1, maxElements: 1 };
    case 'integer':
      return { ...INT, minSerializedSize: 1, maxElements: 1 };
    default:
      return undefined;
  }
}

const fourfold = (length: number): number => Math.max(length, 0) * 4;
const nested = (schema: ValidatedSchema, name: string): Type | undefined =>
  typeOfSchema(schema, schema['x-kubernetes-embedded-resource'] === true, name);

function listType(schema: ValidatedSchema, name: string): Type | undefined {
  const item = schema.items && nested(schema.items, `${name}.@idx`);
  if (item === undefined) return undefined;
  const most = Math.floor(MAX_TEXT / ((item.minSerializedSize ?? 0) + 1));
  const type: Type = {
    kind: 'list',
    name: 'list',
    params: [item],
    minSerializedSize: 2,
    maxElements: schema.maxItems === undefined ? most : Math.max(schema.maxItems, 0),
  };
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set') return { ...type, listType: 'set' };
  if (kind === 'map')
    return {
      ...type,
      listType: 'map',
      listMapKeys: (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => escapeName(key) ?? key),
    };
  return type;
}

function mapType(schema: ValidatedSchema, name: string): Type | undefined {
  if (typeof schema.additionalProperties !== 'object') return undefined;
  const value = nested(schema.additionalProperties, `${name}.@elem`);
  if (value === undefined) return undefined;
  const most = Math.floor(MAX_TEXT / ((value.minSerializedSize ?? 0) + 6));
  return {
    kind: 'map',
    name: 'map',
    params: [{ ...STRING, maxElements: MAX_TEXT }, value],
    minSerializedSize: 2,
    maxElements: schema.maxProperties === undefined ? most : Math.max(schema.maxProperties, 0),
  };
}

function objectOf(schema: ValidatedSchema, name: string): Type | undefined {
  if (typeof schema.additionalProperties === 'object') return undefined;
  const fields = new Map<string, Field>();
  let minSerializedSize = 2;
  for (const [jsonName, property] of Object.entries(schema.properties ?? {})) {
    const type = nested(property, `${name}.${jsonName}`);
    if (type === undefined) continue;
    const escaped = escapeName(jsonName);
    if (escaped !== undefined) fields.set(escaped, { jsonName, type });
    if (schema.required?.includes(jsonName) && property.default === undefined) {
      minSerializedSize += Buffer.byteLength(jsonName) + (type.minSerializedSize ?? 0) + 4;
    }
  }
  return { kind: 'object', name, params: [], fields, minSerializedSize, maxElements: MAX_TEXT };
}

function textType(schema: ValidatedSchema): Type {
  switch (schema.format ?? '') {
    case 'byte':
      return {
        ...BYTES,
        minSerializedSize: 2,
        maxElements: schema.maxLength === undefined ? MAX_TEXT : Math.max(schema.maxLength, 0),
      };
    case 'duration':
      return { ...DURATION, minSerializedSize: 3, maxElements: 32 };
    case 'date':
      return { ...TIMESTAMP, minSerializedSize: 12, maxElements: 12 };
    case 'date-time':
      return { ...TIMESTAMP, minSerializedSize: 21, maxElements: 32 };
  }
  const longest = Math.max(
    0,
    ...(schema.enum ?? []).map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)),
  );
  const most = schema.enum?.length ? longest : MAX_TEXT;
  return {
    ...STRING,
    minSerializedSize: 2,
    maxElements: schema.maxLength === undefined ? most : fourfold(schema.maxLength),
  };
}
