/** OpenAPI documents of custom resources: their schemas with the metadata of all objects, and a path for each request. */
import { openApiV3 } from '@typernetes/openapi/catalogue';
import type { JsonObject, JsonValue } from '@typernetes/openapi/meta';
import { deepCopy, isObject } from '@typernetes/openapi/schema';
import type { LazyDocument, OpenApiV2Part } from '../endpoints/discovery/openapi-handler.ts';
import type { CustomResource } from './custom-resource.ts';
import { type Form, modelName, paths, rootOf } from './open-api-paths.ts';
import type { Structural } from './schema/index.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const describe = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
  kind: 'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
  embeddedApiVersion:
    'apiVersion defines the versioned schema of this representation of an object. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
  embeddedKind:
    'kind is a string value representing the type of this object. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
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
  return form === 'v2' ? { description, $ref } : { description, allOf: [{ $ref }] };
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
  if (form === 'v3' && copy['x-kubernetes-int-or-string'] === true && copy.anyOf === undefined)
    copy.anyOf = [{ type: 'integer' }, { type: 'string' }];
  if (copy['x-kubernetes-embedded-resource'] !== true || open) return copy;
  const whole = withTypeMeta(copy, form);
  const properties = whole.properties as JsonObject;
  properties.apiVersion = { type: 'string', description: describe.embeddedApiVersion };
  properties.kind = { type: 'string', description: describe.embeddedKind };
  const required = (copy.required as JsonValue[] | undefined) ?? [];
  return { ...whole, required: [...required, ...['kind', 'apiVersion'].filter((name) => !required.includes(name))] };
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
  const kinds = { 'x-kubernetes-group-version-kind': [{ group, version, kind: resource.names.kind }] };
  return { ...schema, ...kinds, ...selectableFields(resource, version) };
}

function selectableFields(resource: CustomResource, version: string): JsonObject {
  const fields = resource.definition.spec.versions.find(({ name }) => name === version)?.selectableFields ?? [];
  if (fields.length === 0) return {};
  return {
    'x-kubernetes-selectable-fields': fields.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, '') })),
  };
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
      ...selectableFields(resource, version),
    },
  };
}

/** What a resource adds to the document of version 2; made once. */
const partsV2 = new WeakMap<CustomResource, OpenApiV2Part>();

export function customOpenApiV2(resources: Iterable<CustomResource>): OpenApiV2Part[] {
  return Array.from(resources, (resource) => {
    let part = partsV2.get(resource);
    if (part === undefined) {
      const versions = [...resource.endpoints.keys()];
      part = {
        paths: Object.assign({}, ...versions.map((version) => paths(resource, version, 'v2'))) as JsonObject,
        definitions: Object.assign({}, ...versions.map((version) => schemas(resource, version, 'v2'))) as JsonObject,
      };
      partsV2.set(resource, part);
    }
    return part;
  });
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
