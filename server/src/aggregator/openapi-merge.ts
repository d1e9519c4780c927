/** Work on OpenAPI documents of other servers, as pure functions: choosing paths, joining, version 2 to version 3. */
import type { JsonObject, JsonValue } from '@typernetes/openapi/meta';
import { deepEqual, isObject } from '@typernetes/openapi/schema';

const definitionRoot = '#/definitions/';

/** Every `$ref` replaced by what `rename` makes of it. */
function mapReferences(value: JsonValue, rename: (reference: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((each) => mapReferences(each, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string' ? rename(member) : mapReferences(member, rename),
    ]),
  );
}

function referencesIn(value: JsonValue): string[] {
  const found: string[] = [];
  mapReferences(value, (reference) => {
    if (reference.startsWith(definitionRoot)) found.push(reference.slice(definitionRoot.length));
    return reference;
  });
  return found;
}

/** The paths below `prefix`, and the definitions that they need. */
export function filteredByPath(document: JsonObject, prefix: string): { paths: JsonObject; definitions: JsonObject } {
  const paths = Object.fromEntries(
    Object.entries((document['paths'] ?? {}) as JsonObject).filter(([path]) => path.startsWith(prefix)),
  );
  const all = (document['definitions'] ?? {}) as JsonObject;
  const parameters = (document['parameters'] ?? {}) as JsonObject;
  const inlined = inlineParameters(paths, parameters) as JsonObject;
  const reached = new Set(referencesIn(inlined));
  for (const name of reached) for (const next of referencesIn(all[name] ?? null)) reached.add(next);
  const definitions = Object.fromEntries(Object.entries(all).filter(([name]) => reached.has(name)));
  return { paths: inlined, definitions };
}

/** Shared parameters (`#/parameters/…`) stand where they are used: their names mean nothing in another document. */
function inlineParameters(value: JsonValue, parameters: JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((each) => inlineParameters(each, parameters));
  if (!isObject(value)) return value;
  const { $ref } = value;
  if (typeof $ref === 'string' && $ref.startsWith('#/parameters/'))
    return parameters[$ref.slice('#/parameters/'.length)] ?? value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inlineParameters(member, parameters)]));
}

/** Adds to `base`, which it changes. Paths that are there stay; a definition of a known name that differs is renamed. */
export function mergeOpenApiV2(base: JsonObject, added: { paths: JsonObject; definitions: JsonObject }): void {
  const paths = (base['paths'] ??= {}) as JsonObject;
  const definitions = (base['definitions'] ??= {}) as JsonObject;
  const renamed = new Map<string, string>();
  for (const [name, definition] of Object.entries(added.definitions)) {
    if (definitions[name] === undefined || deepEqual(definitions[name], definition)) continue;
    let number = 2;
    while (definitions[`${name}_v${number}`] !== undefined) number += 1;
    renamed.set(name, `${name}_v${number}`);
  }
  const rename = (reference: string): string => {
    const name = reference.startsWith(definitionRoot) ? reference.slice(definitionRoot.length) : undefined;
    const to = name === undefined ? undefined : renamed.get(name);
    return to === undefined ? reference : `${definitionRoot}${to}`;
  };
  for (const [name, definition] of Object.entries(added.definitions))
    definitions[renamed.get(name) ?? name] = mapReferences(definition, rename);
  for (const [path, item] of Object.entries(added.paths)) paths[path] ??= mapReferences(item, rename);
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** The document of one group version in version 3, from a server that has version 2 only. */
export function convertToV3(
  document: JsonObject,
  { paths, definitions }: ReturnType<typeof filteredByPath>,
): JsonObject {
  const toV3 = (value: JsonValue): JsonValue =>
    mapReferences(value, (reference) => reference.replace(definitionRoot, '#/components/schemas/'));
  const items = Object.entries(paths).map(([path, item]) => [path, pathItem(toV3(item) as JsonObject)] as const);
  return {
    openapi: '3.0.0',
    info: document['info'] ?? {},
    paths: Object.fromEntries(items),
    components: { schemas: toV3(definitions) },
  };
}

function pathItem(item: JsonObject): JsonObject {
  const parameters = (item['parameters'] ?? []) as JsonObject[];
  return {
    ...(parameters.length === 0
      ? {}
      : { parameters: parameters.filter((each) => each['in'] !== 'body').map(parameter) }),
    ...Object.fromEntries(
      methods.flatMap((method) => {
        const operation = item[method];
        return isObject(operation) ? [[method, convertOperation(operation as JsonObject)]] : [];
      }),
    ),
  };
}

function convertOperation(operation: JsonObject): JsonObject {
  const { parameters = [], consumes = [], produces = [], responses = {}, schemes: _, ...rest } = operation;
  const given = parameters as JsonObject[];
  const body = given.find((each) => each['in'] === 'body');
  const others = given.filter((each) => each['in'] !== 'body').map(parameter);
  const types = (list: JsonValue): string[] => ((list as string[]).length > 0 ? (list as string[]) : ['*/*']);
  const content = (list: JsonValue, schema: JsonValue): JsonObject =>
    Object.fromEntries(types(list).map((type) => [type, { schema }]));
  return {
    ...rest,
    ...(others.length === 0 ? {} : { parameters: others }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            ...(body['description'] === undefined ? {} : { description: body['description'] }),
            content: content(consumes, body['schema'] ?? {}),
            ...(body['required'] === true ? { required: true } : {}),
          },
        }),
    responses: Object.fromEntries(
      Object.entries(responses as JsonObject).map(([code, response]) => {
        const { schema, ...described } = response as JsonObject;
        return [code, { ...described, ...(schema === undefined ? {} : { content: content(produces, schema) }) }];
      }),
    ),
  };
}

function parameter(given: JsonObject): JsonObject {
  const { name, in: place, description, required, ...schema } = given;
  return {
    ...(name === undefined ? {} : { name }),
    ...(place === undefined ? {} : { in: place }),
    ...(description === undefined ? {} : { description }),
    ...(required === undefined ? {} : { required }),
    schema,
  };
}
