/**
 * OpenAPI documents in the protobuf form that kubectl and client-go ask for: the messages of gnostic's openapiv2 and
 * openapiv3. A document is JSON in, bytes out; what the messages have no field for is left out.
 */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { FieldWriter } from './field-writer.ts';

/** Writes a value under a field number. */
type Field = (writer: FieldWriter, number: number, value: JsonValue) => void;
/** Fields by JSON name, in the order of their numbers. `x-` stands for all extensions, `*` for the entries of a map. */
type Message = Record<string, readonly [number, Field]>;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Field = (writer, number, value) => {
  if (typeof value === 'string') writer.string(number, value);
};
const flag: Field = (writer, number, value) => {
  if (value === true) writer.varint(number, 1n);
};
const integer: Field = (writer, number, value) => {
  if (typeof value === 'number') writer.varint(number, BigInt(Math.trunc(value)));
};
const double: Field = (writer, number, value) => {
  if (typeof value === 'number' && value !== 0) writer.double(number, value);
};

/** Values of any shape travel as YAML text, of which JSON is a part. */
const any: Field = (writer, number, value) => {
  writer.message(number, (inner) => inner.string(2, JSON.stringify(value)));
};

const repeated =
  (field: Field): Field =>
  (writer, number, value) => {
    for (const item of Array.isArray(value) ? value : []) field(writer, number, item);
  };

/** The message is looked up when it is needed: schemas contain schemas. */
const message =
  (find: () => Message): Field =>
  (writer, number, value) => {
    if (isObject(value)) writer.message(number, (inner) => writeFields(inner, find(), value));
  };

/** A message that holds one field, whatever the value is: `wrap(1, field)` is `{ 1: value }`. */
const wrap =
  (inside: number, field: Field): Field =>
  (writer, number, value) =>
    writer.message(number, (inner) => field(inner, inside, value));

/** A message that is a list of named values: `{ 1: [{ name: 1, value: 2 }] }`. */
const map = (field: Field): Field => wrap(1, entries(field));

const entries =
  (field: Field): Field =>
  (writer, number, value) => {
    for (const [name, item] of Object.entries(isObject(value) ? value : {})) {
      writer.message(number, (inner) => {
        inner.string(1, name);
        field(inner, 2, item);
      });
    }
  };

/** A oneof of two forms; which one, the value tells. */
const either =
  (isSecond: (value: JsonValue) => boolean, first: Field, second: Field): Field =>
  (writer, number, value) =>
    writer.message(number, (inner) => (isSecond(value) ? second(inner, 2, value) : first(inner, 1, value)));

const isReference = (value: JsonValue): boolean => isObject(value) && typeof value['$ref'] === 'string';
const boolean: Field = (writer, number, value) => writer.varint(number, value === true ? 1n : 0n);
const isBoolean = (value: JsonValue): boolean => typeof value === 'boolean';

function writeFields(writer: FieldWriter, fields: Message, value: JsonObject): void {
  for (const [key, [number, field]] of Object.entries(fields)) {
    if (key === 'x-') entries(any)(writer, number, extensionsOf(value));
    else if (key === '*') entries(field)(writer, number, withoutExtensions(value));
    else if (value[key] !== undefined) field(writer, number, value[key]);
  }
}

const extensionsOf = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key.startsWith('x-')));
const withoutExtensions = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')));

const info2: Message = { title: [1, text], version: [2, text], description: [3, text] };
const info3: Message = { title: [1, text], description: [2, text], version: [6, text] };
const stringArray: Field = wrap(1, repeated(text));

/** Numbers that the schema messages of both versions count alike, from the first one's number on. */
const limits = (first: number): Message =>
  Object.fromEntries(
    (
      [
        ['multipleOf', double],
        ['maximum', double],
        ['exclusiveMaximum', flag],
        ['minimum', double],
        ['exclusiveMinimum', flag],
        ['maxLength', integer],
        ['minLength', integer],
        ['pattern', text],
        ['maxItems', integer],
        ['minItems', integer],
        ['uniqueItems', flag],
        ['maxProperties', integer],
        ['minProperties', integer],
        ['required', repeated(text)],
        ['enum', repeated(any)],
      ] as const
    ).map(([key, field], index) => [key, [first + index, field]]),
  );

const schema2 = message(() => schema2Fields);
const schema2Fields: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  ...limits(6),
  additionalProperties: [21, either(isBoolean, schema2, boolean)],
  type: [22, (writer, number, value) => stringArray(writer, number, Array.isArray(value) ? value : [value])],
  items: [
    23,
    (writer, number, value) => wrap(1, repeated(schema2))(writer, number, Array.isArray(value) ? value : [value]),
  ],
  allOf: [24, repeated(schema2)],
  properties: [25, map(schema2)],
  discriminator: [26, text],
  readOnly: [27, flag],
  example: [30, any],
  'x-': [31, any],
};

const parameterPlace: Message = { required: [1, flag], in: [2, text], description: [3, text], name: [4, text] };
const queryParameter2: Message = {
  ...parameterPlace,
  type: [6, text],
  format: [7, text],
  uniqueItems: [20, flag],
  'x-': [23, any],
};
const pathParameter2: Message = {
  ...parameterPlace,
  type: [5, text],
  format: [6, text],
  uniqueItems: [19, flag],
  'x-': [22, any],
};
const bodyParameter2: Message = {
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, schema2],
  'x-': [6, any],
};

const parameter2: Field = (writer, number, value) => {
  if (!isObject(value)) return;
  writer.message(number, (inner) => {
    if (value['in'] === 'body') return message(() => bodyParameter2)(inner, 1, value);
    const isPath = value['in'] === 'path';
    inner.message(2, (place) =>
      message(() => (isPath ? pathParameter2 : queryParameter2))(place, isPath ? 4 : 3, value),
    );
  });
};
const reference: Field = message(() => ({ $ref: [1, text] }));
const parameterItem2 = either(isReference, parameter2, reference);

const response2: Message = {
  description: [1, text],
  schema: [2, wrap(1, schema2)],
  'x-': [5, any],
};
const operation2: Message = {
  tags: [1, repeated(text)],
  summary: [2, text],
  description: [3, text],
  operationId: [5, text],
  produces: [6, repeated(text)],
  consumes: [7, repeated(text)],
  parameters: [8, repeated(parameterItem2)],
  responses: [
    9,
    message(() => ({
      '*': [
        1,
        either(
          isReference,
          message(() => response2),
          reference,
        ),
      ],
      'x-': [2, any],
    })),
  ],
  schemes: [10, repeated(text)],
  deprecated: [11, flag],
  security: [12, repeated(map(stringArray))],
  'x-': [13, any],
};
const method2 = message(() => operation2);
const pathItem2: Message = {
  get: [2, method2],
  put: [3, method2],
  post: [4, method2],
  delete: [5, method2],
  options: [6, method2],
  head: [7, method2],
  patch: [8, method2],
  parameters: [9, repeated(parameterItem2)],
  'x-': [10, any],
};
const apiKey2: Message = { type: [1, text], name: [2, text], in: [3, text], description: [4, text], 'x-': [5, any] };
const document2: Message = {
  swagger: [1, text],
  info: [2, message(() => info2)],
  host: [3, text],
  basePath: [4, text],
  schemes: [5, repeated(text)],
  consumes: [6, repeated(text)],
  produces: [7, repeated(text)],
  paths: [8, message(() => ({ 'x-': [1, any], '*': [2, message(() => pathItem2)] }))],
  definitions: [9, map(schema2)],
  parameters: [10, map(parameter2)],
  security: [12, repeated(map(stringArray))],
  securityDefinitions: [
    13,
    map(
      wrap(
        2,
        message(() => apiKey2),
      ),
    ),
  ],
  'x-': [16, any],
};

const schema3 = either(
  isReference,
  message(() => schema3Fields),
  reference,
);
const default3: Field = (writer, number, value) => {
  if (typeof value === 'number') writer.message(number, (inner) => inner.double(1, value));
  else if (typeof value === 'boolean') writer.message(number, (inner) => boolean(inner, 2, value));
  else if (typeof value === 'string') writer.message(number, (inner) => inner.string(3, value, true));
};
const schema3Fields: Message = {
  nullable: [1, flag],
  readOnly: [3, flag],
  writeOnly: [4, flag],
  example: [7, any],
  deprecated: [8, flag],
  title: [9, text],
  ...limits(10),
  type: [25, text],
  allOf: [26, repeated(schema3)],
  oneOf: [27, repeated(schema3)],
  anyOf: [28, repeated(schema3)],
  not: [29, message(() => schema3Fields)],
  items: [30, wrap(1, schema3)],
  properties: [31, map(schema3)],
  additionalProperties: [32, either(isBoolean, schema3, boolean)],
  default: [33, default3],
  description: [34, text],
  format: [35, text],
  'x-': [36, any],
};

const mediaTypes3 = map(message(() => ({ schema: [1, schema3], 'x-': [5, any] })));
const parameter3: Message = {
  name: [1, text],
  in: [2, text],
  description: [3, text],
  required: [4, flag],
  deprecated: [5, flag],
  allowEmptyValue: [6, flag],
  style: [7, text],
  explode: [8, flag],
  allowReserved: [9, flag],
  schema: [10, schema3],
  'x-': [14, any],
};
const parameters3 = repeated(
  either(
    isReference,
    message(() => parameter3),
    reference,
  ),
);
const body3: Message = { description: [1, text], content: [2, mediaTypes3], required: [3, flag], 'x-': [4, any] };
const response3: Message = { description: [1, text], content: [3, mediaTypes3], 'x-': [5, any] };
const responseItem3 = either(
  isReference,
  message(() => response3),
  reference,
);
const responses3: Field = (writer, number, value) => {
  if (!isObject(value)) return;
  const { default: byDefault, ...codes } = value;
  writer.message(number, (inner) => {
    if (byDefault !== undefined) responseItem3(inner, 1, byDefault);
    entries(responseItem3)(inner, 2, withoutExtensions(codes));
    entries(any)(inner, 3, extensionsOf(codes));
  });
};
const operation3: Message = {
  tags: [1, repeated(text)],
  summary: [2, text],
  description: [3, text],
  operationId: [5, text],
  parameters: [6, parameters3],
  requestBody: [
    7,
    either(
      isReference,
      message(() => body3),
      reference,
    ),
  ],
  responses: [8, responses3],
  deprecated: [10, flag],
  security: [11, repeated(map(stringArray))],
  'x-': [13, any],
};
const method3 = message(() => operation3);
const pathItem3: Message = {
  $ref: [1, text],
  summary: [2, text],
  description: [3, text],
  get: [4, method3],
  put: [5, method3],
  post: [6, method3],
  delete: [7, method3],
  options: [8, method3],
  head: [9, method3],
  patch: [10, method3],
  trace: [11, method3],
  parameters: [13, parameters3],
  'x-': [14, any],
};
const securityScheme3: Message = {
  type: [1, text],
  description: [2, text],
  name: [3, text],
  in: [4, text],
  scheme: [5, text],
  bearerFormat: [6, text],
  openIdConnectUrl: [8, text],
  'x-': [9, any],
};
const components3: Message = {
  schemas: [1, map(schema3)],
  securitySchemes: [
    7,
    map(
      either(
        isReference,
        message(() => securityScheme3),
        reference,
      ),
    ),
  ],
  'x-': [10, any],
};
const document3: Message = {
  openapi: [1, text],
  info: [2, message(() => info3)],
  paths: [4, message(() => ({ '*': [1, message(() => pathItem3)], 'x-': [2, any] }))],
  components: [5, message(() => components3)],
  security: [6, repeated(map(stringArray))],
  'x-': [9, any],
};

function encode(fields: Message, document: JsonObject): Buffer {
  const writer = new FieldWriter();
  writeFields(writer, fields, document);
  return writer.finish();
}

/** `application/com.github.proto-openapi.spec.v2.v1.0+protobuf` */
export const encodeOpenApiV2 = (document: JsonObject): Buffer => encode(document2, document);

/** `application/com.github.proto-openapi.spec.v3.v1.0+protobuf` */
export const encodeOpenApiV3 = (document: JsonObject): Buffer => encode(document3, document);
