/** OpenAPI documents of custom resources: their schemas with the metadata of all objects, and a path for each request. */
import { openApiV3 } from '@typernetes/openapi/catalogue';
import type { JsonObject, JsonValue } from '@typernetes/openapi/meta';
import { deepCopy, isObject } from '@typernetes/openapi/schema';
import type { LazyDocument } from '../endpoints/discovery/openapi-handler.ts';
import type { CustomResource } from './custom-resource.ts';
import type { Structural } from './schema/index.ts';

type Form = 'v2' | 'v3';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const scale = 'io.k8s.api.autoscaling.v1.Scale';
const rootOf = { v2: '#/definitions/', v3: '#/components/schemas/' };
const describe = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
  kind: 'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
  metadata:
    "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  items: (plural: string): string =>
    `List of ${plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
  listMetadata:
    'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
};

function reference(name: string, form: Form, description?: string): JsonObject {
  const $ref = `${rootOf[form]}${name}`;
  if (description === undefined) return { $ref };
  return form === 'v2' ? { description, $ref } : { description, allOf: [{ $ref }], default: {} };
}

/** com.example.stable.v1.CronTab: the group's labels turned round. */
function modelName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** Version 2 knows neither nullable nor the junctors; what depends on them is left open. */
function forV2(schema: Structural): Structural {
  const { nullable, anyOf: _any, oneOf: _one, not: _not, allOf: _all, default: _default, ...copy } = schema;
  if (
    copy['x-kubernetes-int-or-string'] === true ||
    nullable === true ||
    copy['x-kubernetes-preserve-unknown-fields'] === true
  ) {
    delete copy.type;
    delete copy.items;
    if (nullable === true || copy['x-kubernetes-preserve-unknown-fields'] === true) delete copy.properties;
  }
  if (copy.properties !== undefined)
    copy.properties = Object.fromEntries(Object.entries(copy.properties).map(([name, each]) => [name, forV2(each)]));
  if (copy.items !== undefined) copy.items = forV2(copy.items);
  if (typeof copy.additionalProperties === 'object') copy.additionalProperties = forV2(copy.additionalProperties);
  return copy;
}

function withTypeMeta(schema: JsonObject, form: Form): JsonObject {
  const properties = { ...(schema.properties as JsonObject | undefined) };
  properties.apiVersion = { type: 'string', description: describe.apiVersion };
  properties.kind = { type: 'string', description: describe.kind };
  properties.metadata = reference(`${meta}.ObjectMeta`, form, describe.metadata);
  return { ...schema, properties };
}

function embedded(value: JsonValue, form: Form): JsonValue {
  if (Array.isArray(value)) return value.map((each) => embedded(each, form));
  if (!isObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, embedded(member, form)]));
  const open = form === 'v2' && copy['x-kubernetes-preserve-unknown-fields'] === true;
  return copy['x-kubernetes-embedded-resource'] === true && !open ? withTypeMeta(copy, form) : copy;
}

function objectSchema(resource: CustomResource, version: string, form: Form): JsonObject {
  const { group } = resource.definition.spec;
  const given = resource.definition.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  const open = given === undefined || (form === 'v2' && given['x-kubernetes-preserve-unknown-fields'] === true);
  const schema = open
    ? { type: 'object' }
    : withTypeMeta(
        embedded(deepCopy(form === 'v2' ? forV2(given) : given) as unknown as JsonObject, form) as JsonObject,
        form,
      );
  return { ...schema, 'x-kubernetes-group-version-kind': [{ group, version, kind: resource.names.kind }] };
}

function schemas(resource: CustomResource, version: string, form: Form): JsonObject {
  const { group } = resource.definition.spec;
  const { kind, listKind = `${kind}List`, plural } = resource.names;
  const name = modelName(group, version, kind);
  return {
    [name]: objectSchema(resource, version, form),
    [modelName(group, version, listKind)]: {
      type: 'object',
      description: `${listKind} is a list of ${kind}`,
      required: ['items'],
      properties: {
        apiVersion: { type: 'string', description: describe.apiVersion },
        items: { type: 'array', description: describe.items(plural), items: reference(name, form) },
        kind: { type: 'string', description: describe.kind },
        metadata: reference(`${meta}.ListMeta`, form, describe.listMetadata),
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    },
  };
}

const queryOf: Record<string, readonly [name: string, type: string][]> = {
  list: [
    ['allowWatchBookmarks', 'boolean'],
    ['continue', 'string'],
    ['fieldSelector', 'string'],
    ['labelSelector', 'string'],
    ['limit', 'integer'],
    ['resourceVersion', 'string'],
    ['resourceVersionMatch', 'string'],
    ['sendInitialEvents', 'boolean'],
    ['timeoutSeconds', 'integer'],
    ['watch', 'boolean'],
  ],
  get: [['resourceVersion', 'string']],
  write: [
    ['dryRun', 'string'],
    ['fieldManager', 'string'],
    ['fieldValidation', 'string'],
  ],
  delete: [
    ['dryRun', 'string'],
    ['gracePeriodSeconds', 'integer'],
    ['orphanDependents', 'boolean'],
    ['propagationPolicy', 'string'],
  ],
};

const bodies = ['application/json', 'application/yaml'];
const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

function parameter(name: string, type: string, place: 'query' | 'path', form: Form): JsonObject {
  const base = { name, in: place, ...(place === 'path' ? { required: true } : {}) };
  return form === 'v2' ? { ...base, type, uniqueItems: true } : { ...base, schema: { type, uniqueItems: true } };
}

interface OperationOptions {
  id: string;
  action: string;
  query: string;
  answer: string;
  takes?: { model: string; types: readonly string[]; required: boolean };
}

function operation(
  resource: CustomResource,
  version: string,
  form: Form,
  { id, action, query, answer, takes }: OperationOptions,
): JsonObject {
  const { group } = resource.definition.spec;
  const parameters = [...queryOf[query]!, ['pretty', 'string'] as const].map(([name, type]) =>
    parameter(name, type, 'query', form),
  );
  const schema = reference(answer, form);
  const codes =
    action === 'post' ? ['200', '201', '202'] : action === 'put' || action === 'patch' ? ['200', '201'] : ['200'];
  const response =
    form === 'v2'
      ? { description: 'OK', schema }
      : { description: 'OK', content: Object.fromEntries(bodies.map((type) => [type, { schema }])) };
  const common = {
    operationId: id,
    tags: [
      `${group
        .split('.')
        .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
        .join('')}_${version}`.replace(/^./, (first) => first.toLowerCase()),
    ],
    responses: { ...Object.fromEntries(codes.map((code) => [code, response])), '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: resource.names.kind },
  };
  if (form === 'v2')
    return {
      ...common,
      produces: bodies,
      schemes: ['https'],
      ...(takes === undefined ? {} : { consumes: [...takes.types] }),
      parameters: [
        ...(takes === undefined
          ? []
          : [{ name: 'body', in: 'body', required: takes.required, schema: reference(takes.model, form) }]),
        ...parameters,
      ],
    };
  return {
    ...common,
    parameters,
    ...(takes === undefined
      ? {}
      : {
          requestBody: {
            ...(takes.required ? { required: true } : {}),
            content: Object.fromEntries(takes.types.map((type) => [type, { schema: reference(takes.model, form) }])),
          },
        }),
  };
}

function paths(resource: CustomResource, version: string, form: Form): JsonObject {
  const { group, scope } = resource.definition.spec;
  const { kind, listKind = `${kind}List`, plural } = resource.names;
  const namespaced = scope === 'Namespaced';
  const model = modelName(group, version, kind);
  const id = (verb: string, suffix = ''): string =>
    `${verb}${group
      .split('.')
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
      .join(
        '',
      )}${version.charAt(0).toUpperCase()}${version.slice(1)}${namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''}${kind}${suffix}`;
  const make = (options: OperationOptions): JsonObject => operation(resource, version, form, options);
  const list = (suffix: string): JsonObject =>
    make({ id: id('list', suffix), action: 'list', query: 'list', answer: modelName(group, version, listKind) });
  const item = (of: string, suffix: string): JsonObject => ({
    get: make({ id: id('read', suffix), action: 'get', query: 'get', answer: of }),
    put: make({
      id: id('replace', suffix),
      action: 'put',
      query: 'write',
      answer: of,
      takes: { model: of, types: bodies, required: true },
    }),
    patch: make({
      id: id('patch', suffix),
      action: 'patch',
      query: 'write',
      answer: of,
      takes: { model: `${meta}.Patch`, types: patches, required: true },
    }),
  });
  const all = `/apis/${group}/${version}/${plural}`;
  const root = namespaced ? `/apis/${group}/${version}/namespaces/{namespace}/${plural}` : all;
  const own = namespaced ? [parameter('namespace', 'string', 'path', form)] : [];
  const named = [parameter('name', 'string', 'path', form), ...own];
  const status = `${meta}.Status`;
  const result: JsonObject = {
    [root]: {
      get: list(''),
      post: make({
        id: id('create'),
        action: 'post',
        query: 'write',
        answer: model,
        takes: { model, types: bodies, required: true },
      }),
      delete: make({ id: id('deleteCollection'), action: 'deletecollection', query: 'list', answer: status }),
      parameters: own,
    },
    [`${root}/{name}`]: {
      ...item(model, ''),
      delete: make({
        id: id('delete'),
        action: 'delete',
        query: 'delete',
        answer: status,
        takes: { model: `${meta}.DeleteOptions`, types: bodies, required: false },
      }),
      parameters: named,
    },
  };
  if (namespaced) result[all] = { get: list('ForAllNamespaces') };
  const endpoint = resource.endpoints.get(version);
  if (endpoint?.subresources.has('status') === true)
    result[`${root}/{name}/status`] = { ...item(model, 'Status'), parameters: named };
  if (endpoint?.subresources.has('scale') === true)
    result[`${root}/{name}/scale`] = { ...item(scale, 'Scale'), parameters: named };
  return result;
}

export function customOpenApiV2(resources: Iterable<CustomResource>): { paths: JsonObject; definitions: JsonObject } {
  const result = { paths: {} as JsonObject, definitions: {} as JsonObject };
  for (const resource of resources)
    for (const version of resource.endpoints.keys()) {
      Object.assign(result.paths, paths(resource, version, 'v2'));
      Object.assign(result.definitions, schemas(resource, version, 'v2'));
    }
  return result;
}

/** One member of a group version. */
type Member = readonly [CustomResource, version: string];

/** The documents of group versions; what a change leaves as it was keeps its identity, and is not made again. */
export class CustomOpenApiV3 {
  #known = new Map<string, { members: readonly Member[]; document: LazyDocument }>();

  documents(resources: Iterable<CustomResource>): Map<string, LazyDocument> {
    const groups = new Map<string, Member[]>();
    for (const resource of resources)
      for (const version of resource.endpoints.keys()) {
        const path = `apis/${resource.definition.spec.group}/${version}`;
        const members = groups.get(path);
        if (members === undefined) groups.set(path, [[resource, version]]);
        else members.push([resource, version]);
      }
    this.#known = new Map(
      [...groups].map(([path, members]) => {
        const known = this.#known.get(path);
        const isSame =
          known?.members.length === members.length &&
          known.members.every(([resource], index) => resource === members[index]![0]);
        return [path, isSame ? known : { members, document: { identity: {}, make: () => documentV3(members) } }];
      }),
    );
    return new Map([...this.#known].map(([path, { document }]) => [path, document]));
  }
}

function documentV3(members: readonly Member[]): JsonObject {
  const own: JsonObject = {};
  const models: JsonObject = {};
  for (const [resource, version] of members) {
    Object.assign(own, paths(resource, version, 'v3'));
    Object.assign(models, schemas(resource, version, 'v3'));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths: own,
    components: { schemas: { ...models, ...shared(JSON.stringify([own, models])) } },
  };
}

/** The built-in schemas that `text` refers to, with what they refer to. */
function shared(text: string): JsonObject {
  const builtIn: JsonObject = {};
  for (const path of ['apis/apps/v1', 'apis/autoscaling/v1']) {
    const document = openApiV3(path);
    if (document === undefined) continue;
    const { components } = JSON.parse(document.body.toString()) as { components: { schemas: JsonObject } };
    Object.assign(builtIn, components.schemas);
  }
  const result: JsonObject = {};
  const pending = [text];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    for (const [, name = ''] of next.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const model = builtIn[name];
      if (model === undefined || result[name] !== undefined) continue;
      result[name] = model;
      pending.push(JSON.stringify(model));
    }
  return result;
}
