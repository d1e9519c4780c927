import { isDeepStrictEqual } from 'node:util';
import { distilSchema, type Place } from './distil-definitions.ts';
import { byKey } from './distil-protobuf.ts';
import type {
  Json,
  JsonMap,
  SpecContent,
  SpecOperation,
  SpecParameter,
  SpecPath,
  SpecRootDocument,
  SpecSchema,
  SpecShape,
} from './spec.ts';
import type { OperationDocument, PathDocument, Upstream } from './upstream.ts';

export interface DistilledPaths {
  /** By the path of the OpenAPI v3 document. */
  documents: Map<string, SpecRootDocument>;
  shapes: Record<string, SpecShape>;
  parameters: Record<string, SpecParameter>;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/**
 * Paths and operations of the v3 documents joined with what only the v2 document says (names of shared parameters, order of
 * media types). What operations have in common is a shape, named after the action; equal shapes are stored once.
 */
export function distilPaths(upstream: Upstream, places: readonly Place[]): DistilledPaths {
  const parameters = new ParameterTable(upstream.openApiV2.parameters);
  const shapes = new ShapeTable();
  const documents = new Map<string, SpecRootDocument>();
  const published = [...upstream.openApiV3].map(([place, { paths }]) => [place, paths] as const);
  for (const [place, paths] of [...published, ...unsavedPaths(upstream)].sort(byKey)) {
    const home = places.find((one) => one.place === place);
    const distilled: SpecRootDocument = { paths: {} };
    for (const [name, v3] of Object.entries(paths).sort(byKey)) {
      const v2 = upstream.openApiV2.paths[name];
      if (v2 === undefined) throw new Error(`${name} is missing in the OpenAPI v2 document`);
      distilled.paths[name] = distilPath(v3, v2, home, distilled);
    }
    documents.set(place, distilled);
  }
  return { documents, shapes: shapes.sorted(), parameters: parameters.sorted() };

  function distilPath(
    v3: PathDocument,
    v2: PathDocument,
    home: Place | undefined,
    document: SpecRootDocument,
  ): SpecPath {
    const distilled: SpecPath = {};
    if (v3.parameters !== undefined) distilled.parameters = parameters.keys(v3.parameters, v2.parameters ?? []);
    for (const method of methods) {
      const operation = v3[method] as OperationDocument | undefined;
      if (operation === undefined) continue;
      const [tag, ...others] = operation.tags ?? [];
      if (others.length > 0 || (document.tag !== undefined && document.tag !== tag))
        throw new Error(`tags of ${operation.operationId}`);
      if (tag !== undefined) document.tag = tag;
      distilled[method] = distilOperation(method, operation, v2[method] as OperationDocument, home);
    }
    return distilled;
  }

  function distilOperation(
    method: string,
    v3: OperationDocument,
    v2: OperationDocument,
    home: Place | undefined,
  ): SpecOperation {
    if (v3.operationId !== v2.operationId) throw new Error(`${v3.operationId} is ${v2.operationId} in OpenAPI v2`);
    const schemas: string[] = [];
    const content = (
      one: { content?: Record<string, { schema: SpecSchema }> },
      types: readonly string[],
    ): SpecContent | null => {
      if (one.content === undefined) return null;
      const variants = Object.values(one.content).map(({ schema }) => distilSchema(schema));
      const [schema] = variants;
      if (schema === undefined || !variants.every((variant) => isDeepStrictEqual(variant, schema))) {
        throw new Error(`${v3.operationId}: schemas differ between media types`);
      }
      if (!isDeepStrictEqual(Object.keys(one.content).sort(), [...types].sort())) {
        throw new Error(`${v3.operationId}: media types differ between OpenAPI v2 and v3`);
      }
      if (schema.$ref === undefined) return schema;
      if (!schemas.includes(schema.$ref)) schemas.push(schema.$ref);
      return schemas.indexOf(schema.$ref);
    };
    const shape: SpecShape = { responses: {}, consumes: v2.consumes ?? [], schemes: v2.schemes ?? [] };
    if (v2.produces !== undefined) shape.produces = v2.produces;
    if (v3['x-kubernetes-action'] !== undefined) shape.action = v3['x-kubernetes-action'];
    if (v3.deprecated !== undefined) shape.deprecated = v3.deprecated;
    const query = (v2.parameters ?? []).filter((one) => !parameters.isBody(one));
    if (v3.parameters !== undefined) shape.parameters = parameters.keys(v3.parameters, query);
    if (v3.requestBody !== undefined) {
      const schema = content(v3.requestBody, shape.consumes);
      const shared = parameters.sharedBody(v2.parameters ?? []);
      const required = v3.requestBody.required ?? false;
      if (schema !== null) shape.request = { required, schema, ...(shared === undefined ? {} : { shared }) };
    }
    for (const [code, response] of Object.entries(v3.responses).sort(byKey)) {
      shape.responses[code] = content(response, shape.produces ?? []);
    }
    const kind = v3['x-kubernetes-group-version-kind'];
    return {
      id: v3.operationId,
      shape: shapes.add(v3['x-kubernetes-action'] ?? method, shape),
      ...(kind === undefined ? {} : { kind: kind.kind }),
      ...(kind === undefined || kind.group === home?.group ? {} : { group: kind.group }),
      ...(kind === undefined || kind.version === home?.version ? {} : { version: kind.version }),
      ...(schemas.length === 0 ? {} : { schemas }),
    };
  }
}

/** A v3 document whose file name starts with a dot gets lost when documents are saved: the v2 document has its paths. */
function unsavedPaths(upstream: Upstream): [string, Record<string, PathDocument>][] {
  const saved = new Set([...upstream.openApiV3.values()].flatMap(({ paths }) => Object.keys(paths)));
  return Object.entries(upstream.openApiV2.paths)
    .filter(([name]) => !saved.has(name))
    .map(([name, path]) => [name.replace(/^\/|\/$/g, ''), { [name]: simpleV3(path) }]);
}

/** The v3 form of a v2 path that takes neither parameters nor bodies. */
function simpleV3(v2: PathDocument): PathDocument {
  const converted: PathDocument = {};
  for (const method of methods) {
    const operation = v2[method] as
      | (OperationDocument & { responses: Record<string, { schema?: SpecSchema }> })
      | undefined;
    if (operation === undefined) continue;
    if (operation.parameters !== undefined || v2.parameters !== undefined)
      throw new Error(`${operation.operationId} has parameters`);
    const responses: OperationDocument['responses'] = {};
    for (const [code, { schema }] of Object.entries(operation.responses)) {
      const types = schema === undefined ? [] : (operation.produces ?? []);
      responses[code] =
        schema === undefined ? {} : { content: Object.fromEntries(types.map((type) => [type, { schema }])) };
    }
    converted[method] = { ...operation, responses };
  }
  return converted;
}

class ShapeTable {
  readonly #names = new Map<string, string>();
  readonly #shapes: Record<string, SpecShape> = {};

  add(base: string, shape: SpecShape): string {
    const content = JSON.stringify(shape);
    const known = this.#names.get(content);
    if (known !== undefined) return known;
    let name = base;
    for (let next = 2; name in this.#shapes; next++) name = `${base}.${next}`;
    this.#names.set(content, name);
    this.#shapes[name] = shape;
    return name;
  }

  sorted(): Record<string, SpecShape> {
    return Object.fromEntries(Object.entries(this.#shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

class ParameterTable {
  readonly #shared: Record<string, JsonMap>;
  readonly #parameters = new Map<string, SpecParameter>();

  constructor(shared: Record<string, JsonMap>) {
    this.#shared = shared;
  }

  isBody(v2: JsonMap): boolean {
    return this.#resolve(v2).value['in'] === 'body';
  }

  /** Name under which the body of an operation is shared. */
  sharedBody(v2: readonly JsonMap[]): string | undefined {
    return v2.filter((one) => this.isBody(one)).map((one) => this.#resolve(one).key)[0];
  }

  /** Keys of a list of parameters; both documents list them in the same order. */
  keys(v3: readonly JsonMap[], v2: readonly JsonMap[]): string[] {
    if (v3.length !== v2.length) throw new Error(`parameters differ: ${JSON.stringify([v3, v2])}`);
    return v3.map((one, index) => {
      const { key, value } = this.#resolve(v2[index] ?? {});
      const schema = one['schema'] as JsonMap;
      const parameter = {
        in: one['in'],
        name: one['name'],
        ...schema,
        ...(one['required'] === undefined ? {} : { required: one['required'] }),
      };
      const { description: _, ...rest } = value;
      if (!isDeepStrictEqual(sorted(parameter), sorted(rest))) {
        throw new Error(`parameter differs between OpenAPI v2 and v3: ${JSON.stringify([parameter, rest])}`);
      }
      return this.#add(key ?? (one['name'] as string), parameter as unknown as SpecParameter);
    });
  }

  sorted(): Record<string, SpecParameter> {
    return Object.fromEntries([...this.#parameters].sort(byKey));
  }

  #resolve(v2: JsonMap): { key?: string; value: JsonMap } {
    const ref: Json | undefined = v2['$ref'];
    if (typeof ref !== 'string') return { value: v2 };
    const key = ref.slice(ref.lastIndexOf('/') + 1);
    const value = this.#shared[key];
    if (value === undefined) throw new Error(`no parameter ${ref}`);
    return { key, value };
  }

  #add(base: string, parameter: SpecParameter): string {
    for (let next = 1; ; next++) {
      const key = next === 1 ? base : `${base}.${next}`;
      const known = this.#parameters.get(key);
      if (known === undefined) this.#parameters.set(key, parameter);
      if (known === undefined || isDeepStrictEqual(known, parameter)) return key;
    }
  }
}

const sorted = (value: JsonMap | object): object => Object.fromEntries(Object.entries(value).sort(byKey));
