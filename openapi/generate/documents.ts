/**
 * The OpenAPI documents that a server publishes, in upstream's form: one v3 document per group version and per root path,
 * and one v2 document of everything.
 */
import { type Descriptions, fieldKey } from './descriptions.ts';
import type {
  Json,
  JsonMap,
  Spec,
  SpecContent,
  SpecOperation,
  SpecPath,
  SpecRootDocument,
  SpecSchema,
  SpecShape,
} from './spec.ts';

const gvkKey = 'x-kubernetes-group-version-kind';
const methods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'];
const statusTexts: Record<string, string> = { '200': 'OK', '201': 'Created', '202': 'Accepted', '401': 'Unauthorized' };

/** References that upstream does not describe: in v3 they stand alone, where a description makes them an `allOf`. */
const undescribed = new Set([
  ...['additionalItems', 'additionalProperties', 'example', 'externalDocs', 'items', 'not'].map(
    (field) => `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps.${field}`,
  ),
  'io.k8s.api.networking.v1.IngressRule.http',
]);

export interface DocumentSource {
  /** Path of the v3 document: "api/v1", "apis/apps/v1", "version", … */
  place: string;
  group: string;
  version: string;
  tag: string | undefined;
  paths: Record<string, SpecPath>;
}

type Version = 2 | 3;

export class DocumentBuilder {
  readonly sources: DocumentSource[];
  readonly #spec: Spec;
  readonly #descriptions: Descriptions;
  readonly #definitions = new Map<string, SpecSchema>();

  constructor(spec: Spec, descriptions: Descriptions) {
    this.#spec = spec;
    this.#descriptions = descriptions;
    for (const part of [spec.machinery, ...spec.groupVersions.map((file) => file.definitions)]) {
      for (const [name, schema] of Object.entries(part)) this.#definitions.set(name, schema);
    }
    const root = ([place, { tag, paths }]: [string, SpecRootDocument]): DocumentSource => ({
      place,
      group: place.startsWith('apis/') ? place.slice('apis/'.length) : '',
      version: '',
      tag,
      paths,
    });
    const groupVersions = spec.groupVersions.map(
      ({ group, version, tag, paths }): DocumentSource => ({
        place: group === '' ? `api/${version}` : `apis/${group}/${version}`,
        group,
        version,
        tag,
        paths,
      }),
    );
    this.sources = [...Object.entries(spec.roots).map(root), ...groupVersions];
  }

  /** The document of /openapi/v3/PLACE. */
  v3(source: DocumentSource): JsonMap {
    const used = new Set<string>();
    const paths = this.#paths(source, 3, used, new Set());
    const schemas = Object.fromEntries(this.#reachable(used).map((name) => [name, this.#definition(name, 3, source)]));
    return {
      openapi: '3.0.0',
      info: this.#spec.index.info,
      paths,
      components: {
        ...(used.size > 0 ? { schemas } : {}),
        securitySchemes: this.#securitySchemes(),
      },
    };
  }

  /** The document of /openapi/v2 for a choice of sources. */
  v2(sources: readonly DocumentSource[]): JsonMap {
    const used = new Set<string>();
    const parameters = new Set<string>();
    const paths = Object.assign({}, ...sources.map((source) => this.#paths(source, 2, used, parameters))) as JsonMap;
    const shared = [...parameters].sort().map((key): [string, JsonMap] => {
      const body = Object.values(this.#spec.shapes).find((shape) => shape.request?.shared === key);
      return [key, body === undefined ? this.#parameter(key, 2) : this.#sharedBody(key)];
    });
    return {
      swagger: '2.0',
      info: this.#spec.index.info,
      paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
      definitions: Object.fromEntries(this.#reachable(used).map((name) => [name, this.#definition(name, 2)])),
      parameters: Object.fromEntries(shared),
      securityDefinitions: this.#securitySchemes(),
      security: [{ BearerToken: [] }],
    };
  }

  #securitySchemes(): JsonMap {
    const { BearerToken, ...others } = this.#spec.index.securitySchemes;
    return { BearerToken: { description: 'Bearer Token authentication', ...(BearerToken as JsonMap) }, ...others };
  }

  #paths(source: DocumentSource, version: Version, used: Set<string>, parameters: Set<string>): JsonMap {
    return Object.fromEntries(
      Object.entries(source.paths).map(([name, item]) => {
        const path: JsonMap = {};
        for (const method of methods) {
          const operation = item[method] as SpecOperation | undefined;
          if (operation === undefined) continue;
          for (const schema of operation.schemas ?? []) used.add(schema);
          path[method] = this.#operation(operation, source, version, parameters);
        }
        if (item.parameters !== undefined) path['parameters'] = this.#parameters(item.parameters, version, parameters);
        return [name, path];
      }),
    );
  }

  #operation(operation: SpecOperation, source: DocumentSource, version: Version, shared: Set<string>): JsonMap {
    const shape = this.#spec.shapes[operation.shape];
    if (shape === undefined) throw new Error(`${operation.id}: no shape ${operation.shape}`);
    const kind = operation.kind === undefined ? undefined : gvk(operation, operation.kind, source);
    return {
      ...(source.tag === undefined ? {} : { tags: [source.tag] }),
      operationId: operation.id,
      ...(version === 2 ? this.#exchangeV2(operation, shape, shared) : this.#exchangeV3(operation, shape)),
      ...(shape.deprecated === undefined ? {} : { deprecated: shape.deprecated }),
      ...(shape.action === undefined ? {} : { 'x-kubernetes-action': shape.action }),
      ...(kind === undefined ? {} : { [gvkKey]: kind }),
    };
  }

  #exchangeV3(operation: SpecOperation, shape: SpecShape): JsonMap {
    const content = (one: SpecContent, types: readonly string[]): JsonMap => ({
      content: Object.fromEntries(
        [...types].sort().map((type) => [type, { schema: this.#content(one, operation, 3) }]),
      ),
    });
    const { request, parameters, responses } = shape;
    return {
      ...(parameters === undefined ? {} : { parameters: this.#parameters(parameters, 3, new Set()) }),
      ...(request === undefined
        ? {}
        : {
            requestBody: {
              ...content(request.schema, shape.consumes),
              ...(request.required ? { required: true } : {}),
            },
          }),
      responses: mapValues(responses, (one, code) => ({
        description: statusTexts[code] ?? '',
        ...(one === null ? {} : content(one, shape.produces ?? [])),
      })),
    };
  }

  #exchangeV2(operation: SpecOperation, shape: SpecShape, shared: Set<string>): JsonMap {
    const { request, responses } = shape;
    const query = this.#parameters(shape.parameters ?? [], 2, shared);
    const body = request === undefined ? [] : [this.#body(request, operation, shared)];
    const parameters = [...body, ...query];
    return {
      ...(shape.consumes.length === 0 ? {} : { consumes: shape.consumes }),
      ...(shape.produces === undefined ? {} : { produces: shape.produces }),
      schemes: shape.schemes,
      ...(parameters.length === 0 ? {} : { parameters }),
      responses: mapValues(responses, (one, code) => ({
        description: statusTexts[code] ?? '',
        ...(one === null ? {} : { schema: this.#content(one, operation, 2) }),
      })),
    };
  }

  #body(request: NonNullable<SpecShape['request']>, operation: SpecOperation, shared: Set<string>): JsonMap {
    if (request.shared !== undefined) {
      shared.add(request.shared);
      return { $ref: `#/parameters/${request.shared}` };
    }
    const schema = this.#content(request.schema, operation, 2);
    return { name: 'body', in: 'body', ...(request.required ? { required: true } : {}), schema };
  }

  /** A shared body is of the same kind wherever it is used. */
  #sharedBody(key: string): JsonMap {
    for (const { paths } of this.sources) {
      for (const item of Object.values(paths)) {
        for (const method of methods) {
          const operation = item[method] as SpecOperation | undefined;
          const request = operation && this.#spec.shapes[operation.shape]?.request;
          if (operation === undefined || request?.shared !== key) continue;
          return this.#body({ required: request.required, schema: request.schema }, operation, new Set());
        }
      }
    }
    throw new Error(`no operation has the body ${key}`);
  }

  #parameters(keys: readonly string[], version: Version, shared: Set<string>): Json[] {
    return keys.map((key) => {
      if (version === 3 || !isSharedKey(key)) return this.#parameter(key, version);
      shared.add(key);
      return { $ref: `#/parameters/${key}` };
    });
  }

  #parameter(key: string, version: Version): JsonMap {
    const parameter = this.#spec.parameters[key];
    if (parameter === undefined) throw new Error(`no parameter ${key}`);
    const { in: place, name, required, ...schema } = parameter;
    const own = { name, in: place, ...(required === undefined ? {} : { required }) };
    if (version === 3) return { ...own, schema };
    // Only here: the v2 document names each parameter once, the v3 documents would repeat the text in every operation.
    const description = this.#descriptions.parameter(name);
    return { ...(description ? { description } : {}), ...own, ...schema };
  }

  #content(content: SpecContent, operation: SpecOperation, version: Version): JsonMap {
    if (typeof content !== 'number') return content as JsonMap;
    const name = operation.schemas?.[content];
    if (name === undefined) throw new Error(`${operation.id} has no schema ${content}`);
    return { $ref: reference(name, version) };
  }

  /** The named definitions and all that they refer to, sorted. */
  #reachable(names: Iterable<string>): string[] {
    const reached = new Set(names);
    for (const name of reached) {
      for (const next of references(this.#definitions.get(name) ?? {})) reached.add(next);
    }
    return [...reached].sort();
  }

  #definition(name: string, version: Version, source?: DocumentSource): JsonMap {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new Error(`no definition ${name}`);
    const { [gvkKey]: kinds, ...schema } = definition;
    const description = this.#descriptions.of(name);
    const own = kinds === undefined ? undefined : kindsIn(kinds as JsonMap[], source);
    return {
      ...(description?.text ? { description: description.text } : {}),
      ...this.#schema(schema, version, { name, describe: (field) => description?.fields.get(fieldKey(field)) }),
      ...(own === undefined ? {} : { [gvkKey]: own }),
    };
  }

  #schema(schema: SpecSchema, version: Version, { name, describe }: Described = {}): JsonMap {
    const { $ref, properties, items, additionalProperties, oneOf, default: byDefault, ...rest } = schema;
    const converted = { ...rest } as JsonMap;
    // OpenAPI v2 has neither: a value of several types is a string there, and upstream leaves defaults out.
    if (oneOf !== undefined) Object.assign(converted, version === 3 ? { oneOf } : { type: 'string' });
    if (byDefault !== undefined && version === 3) converted['default'] = byDefault;
    if ($ref !== undefined) converted['$ref'] = reference($ref, version);
    if (items !== undefined) converted['items'] = this.#schema(items, version);
    if (typeof additionalProperties === 'object')
      converted['additionalProperties'] = this.#schema(additionalProperties, version);
    if (properties !== undefined) {
      converted['properties'] = mapValues(properties, (property, field) => {
        const description = undescribed.has(`${name}.${field}`)
          ? undefined
          : (describe?.(field) ?? this.#fallback(property));
        const described = { ...(description ? { description } : {}), ...this.#schema(property, version) };
        return version === 3 ? withAllOf(described) : described;
      });
    }
    return version === 3 ? withAllOf(converted) : converted;
  }

  /** The description source has none for fields that refer to another definition: the definition's own tells most. */
  #fallback({ $ref }: SpecSchema): string | undefined {
    return $ref === undefined ? undefined : this.#descriptions.of($ref)?.text;
  }
}

/** A definition's name, and what is said of its fields. */
interface Described {
  name?: string;
  describe?: (field: string) => string | undefined;
}

/** OpenAPI v3 ignores what stands beside a `$ref`: with siblings, the reference goes into an `allOf`. */
function withAllOf(schema: JsonMap): JsonMap {
  const { $ref, allOf: _allOf, ...siblings } = schema;
  if ($ref === undefined || Object.keys(siblings).length === 0) return schema;
  return { ...siblings, allOf: [{ $ref }] };
}

function gvk(operation: SpecOperation, kind: string, source: DocumentSource): JsonMap {
  return { group: operation.group ?? source.group, version: operation.version ?? source.version, kind };
}

/** A v3 document lists of the many kinds of DeleteOptions and WatchEvent those of its own group version and of v1. */
function kindsIn(kinds: readonly JsonMap[], source: DocumentSource | undefined): JsonMap[] {
  if (source === undefined || kinds.length === 1) return [...kinds];
  return kinds.filter(
    ({ group, version }) =>
      (group === '' && version === 'v1') || (group === source.group && version === source.version),
  );
}

const reference = (name: string, version: Version): string =>
  version === 2 ? `#/definitions/${name}` : `#/components/schemas/${name}`;

/** Shared parameters are called NAME-HASH, the hash being of eight characters of base64url. */
const isSharedKey = (key: string): boolean => /-[\w-]{8}$/.test(key);

function* references(schema: SpecSchema): Generator<string> {
  if (schema.$ref !== undefined) yield schema.$ref;
  for (const property of Object.values(schema.properties ?? {})) yield* references(property);
  if (schema.items !== undefined) yield* references(schema.items);
  if (typeof schema.additionalProperties === 'object') yield* references(schema.additionalProperties);
}

function mapValues<T>(values: Record<string, T>, map: (value: T, key: string) => JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}
