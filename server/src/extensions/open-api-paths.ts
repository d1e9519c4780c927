/**
 * The paths of a custom resource in OpenAPI. Query parameters are those of a built-in resource, word for word; where
 * all operations of a path have the same one, the path has it, as upstream.
 */
import { openApiV2 } from '@typernetes/openapi/catalogue';
import type { JsonObject } from '@typernetes/openapi/meta';
import type { CustomResource } from './custom-resource.ts';

export type Form = 'v2' | 'v3';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const scale = 'io.k8s.api.autoscaling.v1.Scale';
export const rootOf = { v2: '#/definitions/', v3: '#/components/schemas/' };
const bodies = ['application/json', 'application/yaml'];
const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
const descriptions: Record<string, string> = { '200': 'OK', '201': 'Created', '202': 'Accepted' };

/** com.example.stable.v1.CronTab: the group's labels turned round. */
export function modelName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** The parameters of a Deployment's operations, by method, and those of its paths; names are left out of them. */
interface Template {
  /** Without the body. */
  query: Record<'list' | 'post' | 'put' | 'patch' | 'delete', JsonObject[]>;
  resourceVersion: JsonObject[];
  /** Version 2 only. */
  bodies: Partial<Record<'patch' | 'delete', JsonObject>>;
  namespace: JsonObject;
  pretty: JsonObject;
}

const templates: Partial<Record<Form, Template>> = {};
const deployments = '/apis/apps/v1/namespaces/{namespace}/deployments';

type Path = Record<string, { parameters?: JsonObject[] }> & { parameters: JsonObject[] };

function template(form: Form): Template {
  return (templates[form] ??= readTemplate(form));
}

function readTemplate(form: Form): Template {
  const { paths, parameters: shared } = JSON.parse(openApiV2('json').body.toString()) as {
    paths: Record<string, Path>;
    parameters: Record<string, JsonObject>;
  };
  const { get, post, parameters: common } = paths[deployments]!;
  const item = paths[`${deployments}/{name}`]!;
  const of = (operation: { parameters?: JsonObject[] } | undefined): JsonObject[] => operation?.parameters ?? [];
  /** Version 3 has no parameters that paths share. */
  const written = (parameter: JsonObject): JsonObject =>
    form === 'v2' ? parameter : parameterV3(shared[keyOf(parameter.$ref)] ?? parameter);
  const query = (operation: { parameters?: JsonObject[] } | undefined): JsonObject[] =>
    of(operation)
      .filter((each) => nameOf(each) !== 'body')
      .map(written);
  const list = query(get);
  const namedBody = (method: string) => of(item[method]).find((each) => nameOf(each) === 'body');
  const [patchBody, deleteBody] = [namedBody('patch'), namedBody('delete')];
  return {
    query: {
      list,
      post: query(post),
      put: query(item['put']),
      patch: query(item['patch']),
      delete: query(item['delete']),
    },
    resourceVersion: list.filter((each) => nameOf(each) === 'resourceVersion'),
    bodies: {
      ...(patchBody === undefined ? {} : { patch: patchBody }),
      ...(deleteBody === undefined ? {} : { delete: deleteBody }),
    },
    namespace: written(common.find((each) => nameOf(each) === 'namespace')!),
    pretty: written(common.find((each) => nameOf(each) === 'pretty')!),
  };
}

function parameterV3({ type, format, uniqueItems, ...rest }: JsonObject): JsonObject {
  const schema = Object.entries({ type, format, uniqueItems }).filter(([, value]) => value !== undefined);
  return { ...rest, schema: Object.fromEntries(schema) as JsonObject };
}

/** References are called by the parameter and a hash. */
function nameOf({ name, $ref }: JsonObject): string {
  return typeof name === 'string' ? name : keyOf($ref).replace(/-.{8}$/, '');
}

function keyOf($ref: unknown): string {
  return typeof $ref === 'string' ? $ref.replace('#/parameters/', '') : '';
}

function nameParameter(kind: string, form: Form): JsonObject {
  const base = { name: 'name', in: 'path', description: `name of the ${kind}`, required: true };
  const type = { type: 'string', uniqueItems: true };
  return form === 'v2' ? { ...base, ...type } : { ...base, schema: type };
}

interface Operation {
  id: string;
  action: 'list' | 'deletecollection' | 'get' | 'post' | 'put' | 'patch' | 'delete';
  description: string;
  /** The model that is sent back. */
  answer: string;
  /** The model that is sent. */
  takes?: string;
  /** All its query parameters are the path's. */
  hoisted?: boolean;
}

const codes: Record<Operation['action'], string[]> = {
  list: ['200'],
  deletecollection: ['200'],
  get: ['200'],
  post: ['200', '201', '202'],
  put: ['200', '201'],
  patch: ['200'],
  delete: ['200', '202'],
};

function queryOf(action: Operation['action'], form: Form): JsonObject[] {
  const { query, resourceVersion } = template(form);
  switch (action) {
    case 'get':
      return resourceVersion;
    case 'list':
    case 'deletecollection':
      return query.list;
    default:
      return query[action];
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** stable.example.com is StableExampleCom. */
const camel = (group: string): string => group.split('.').map(capital).join('');

function operation(resource: CustomResource, version: string, form: Form, wanted: Operation): JsonObject {
  const { group } = resource.definition.spec;
  const { id, action, description, answer, takes, hoisted = false } = wanted;
  const schema = { $ref: `${rootOf[form]}${answer}` };
  const content = (types: readonly string[], of: JsonObject) =>
    Object.fromEntries(types.map((type) => [type, { schema: of }]));
  const response = (code: string): JsonObject => ({
    description: descriptions[code]!,
    ...(form === 'v2' ? { schema } : { content: content(bodies, schema) }),
  });
  const query = hoisted ? [] : queryOf(action, form);
  const common = {
    description,
    operationId: id,
    tags: [`${camel(group).replace(/^./, (first) => first.toLowerCase())}_${version}`],
    responses: {
      ...Object.fromEntries(codes[action].map((code) => [code, response(code)])),
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: resource.names.kind },
  };
  const types = action === 'patch' ? patches : bodies;
  const model = { $ref: `${rootOf[form]}${takes ?? ''}` };
  if (form === 'v3') {
    const required: JsonObject = action === 'delete' ? {} : { required: true };
    return {
      ...common,
      ...(query.length === 0 ? {} : { parameters: query }),
      ...(takes === undefined ? {} : { requestBody: { ...required, content: content(types, model) } }),
    };
  }
  const known = action === 'patch' || action === 'delete' ? template(form).bodies[action] : undefined;
  const body = takes === undefined ? [] : [known ?? { name: 'body', in: 'body', required: true, schema: model }];
  const parameters = [...body, ...query];
  return {
    ...common,
    consumes: types,
    produces: bodies,
    schemes: ['https'],
    ...(parameters.length === 0 ? {} : { parameters }),
  };
}

export function paths(resource: CustomResource, version: string, form: Form): JsonObject {
  const { group, scope } = resource.definition.spec;
  const { kind, listKind = `${kind}List`, plural } = resource.names;
  const namespaced = scope === 'Namespaced';
  const { namespace, pretty, query } = template(form);
  const model = modelName(group, version, kind);
  const listModel = modelName(group, version, listKind);
  const id = (verb: string, suffix = '', before = ''): string =>
    `${verb}${camel(group)}${capital(version)}${before}${namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''}${kind}${suffix}`;
  const make = (wanted: Operation): JsonObject => operation(resource, version, form, wanted);
  /** `part`: a subresource. */
  const item = (of: string, part = ''): JsonObject => {
    const what = `${part === '' ? '' : `${part} of `}the specified ${kind}`;
    const suffix = capital(part);
    return {
      get: make({ id: id('read', suffix), action: 'get', description: `read ${what}`, answer: of }),
      put: make({ id: id('replace', suffix), action: 'put', description: `replace ${what}`, answer: of, takes: of }),
      patch: make({
        id: id('patch', suffix),
        action: 'patch',
        description: `partially update ${what}`,
        answer: of,
        takes: `${meta}.Patch`,
      }),
    };
  };
  const list = { action: 'list', description: `list objects of kind ${kind}`, answer: listModel } as const;
  const status = `${meta}.Status`;
  const all = `/apis/${group}/${version}/${plural}`;
  const root = namespaced ? `/apis/${group}/${version}/namespaces/{namespace}/${plural}` : all;
  const own = [...(namespaced ? [namespace] : []), pretty];
  const named = [nameParameter(kind, form), ...own];
  const result: JsonObject = {
    [root]: {
      get: make({ ...list, id: id('list') }),
      post: make({ id: id('create'), action: 'post', description: `create a ${kind}`, answer: model, takes: model }),
      delete: make({
        id: id('delete', '', 'Collection'),
        action: 'deletecollection',
        description: `delete collection of ${kind}`,
        answer: status,
      }),
      parameters: own,
    },
    [`${root}/{name}`]: {
      ...item(model),
      delete: make({
        id: id('delete'),
        action: 'delete',
        description: `delete a ${kind}`,
        answer: status,
        takes: `${meta}.DeleteOptions`,
      }),
      parameters: named,
    },
  };
  if (namespaced)
    result[all] = {
      get: make({ ...list, id: id('list', 'ForAllNamespaces'), hoisted: true }),
      parameters: [...query.list, pretty].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    };
  const endpoint = resource.endpoints.get(version);
  for (const [part, of] of [
    ['status', model],
    ['scale', scale],
  ] as const)
    if (endpoint?.subresources.has(part) === true)
      result[`${root}/{name}/${part}`] = { ...item(of, part), parameters: named };
  return result;
}
