/** What admission expressions may read, and the values they read. */
import type { JsonValue } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { AuthorizerValue, Decisions, ResourceCheckValue } from '../library/authorizer.ts';
import { parseType } from '../types/parse-type.ts';
import type { Type } from '../types/type.ts';
import { BOOL, DYN, listOf, mapOf, objectType, STRING } from '../types/type.ts';
import { fromJson } from '../values/json.ts';
import type { Value } from '../values/value.ts';

const gvk = objectType('kubernetes.GroupVersionKind', { group: STRING, version: STRING, kind: STRING });
const gvr = objectType('kubernetes.GroupVersionResource', { group: STRING, version: STRING, resource: STRING });

export const requestType: Type = objectType('kubernetes.AdmissionRequest', {
  kind: gvk,
  resource: gvr,
  subResource: STRING,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: objectType('kubernetes.UserInfo', {
    username: STRING,
    uid: STRING,
    groups: listOf(STRING),
    extra: mapOf(STRING, listOf(STRING)),
  }),
  dryRun: BOOL,
  options: DYN,
});

const text = mapOf(STRING, STRING);
const namespaceType: Type = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    labels: text,
    annotations: text,
    UID: STRING,
    creationTimestamp: parseType('timestamp'),
    deletionGracePeriodSeconds: parseType('int'),
    deletionTimestamp: parseType('timestamp'),
    generation: parseType('int'),
    resourceVersion: STRING,
    finalizers: listOf(STRING),
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: listOf(STRING) }),
  status: objectType('kubernetes.NamespaceStatus', { phase: STRING }),
});

export interface PolicyInput {
  object?: JsonValue | undefined;
  oldObject?: JsonValue | undefined;
  params?: JsonValue | undefined;
  /** An AdmissionRequest, as webhooks get it. */
  request: { [key: string]: JsonValue };
  namespaceObject?: JsonValue | undefined;
  authorizer?: { authorizer: Authorizer; user: UserInfo } | undefined;
}

export interface DeclaredVariables {
  hasParams: boolean;
  hasAuthorizer: boolean;
}

export function declareVariables({ hasParams, hasAuthorizer }: DeclaredVariables): Record<string, Type> {
  return {
    object: DYN,
    oldObject: DYN,
    request: requestType,
    namespaceObject: namespaceType,
    ...(hasParams && { params: DYN }),
    ...(hasAuthorizer && {
      authorizer: parseType('Authorizer'),
      'authorizer.requestResource': parseType('ResourceCheck'),
    }),
  };
}

const str = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** The same values for all expressions of a policy; decisions of the authorizer are kept between them. */
export function bindInput(input: PolicyInput): Record<string, Value> {
  const { request, authorizer } = input;
  const bindings: Record<string, Value> = {
    object: fromJson(input.object),
    oldObject: fromJson(input.oldObject),
    params: fromJson(input.params),
    request: fromJson(request, requestType),
    namespaceObject: fromJson(input.namespaceObject, namespaceType),
  };
  if (authorizer !== undefined) {
    const value = new AuthorizerValue(new Decisions(authorizer.authorizer), authorizer.user);
    bindings['authorizer'] = value;
    const resource =
      fromJson(request['resource']) === null ? {} : (request['resource'] as { [key: string]: JsonValue });
    bindings['authorizer.requestResource'] = new ResourceCheckValue(value, {
      apiGroup: str(resource['group']),
      resource: str(resource['resource']),
      subresource: str(request['subResource']),
      namespace: str(request['namespace']),
      name: str(request['name']),
    });
  }
  return bindings;
}

/** The type of `variables` while they are compiled one after the other: each knows those before it. */
export class VariablesType {
  #fields = new Map<string, { jsonName: string; type: Type }>();
  #type: Type = variablesOf(this.#fields);

  get type(): Type {
    return this.#type;
  }

  add(name: string, type: Type): void {
    if (mentions(type, this.#type)) {
      // What is all of the variables so far is not to contain itself.
      this.#fields = new Map(this.#fields);
      this.#type = variablesOf(this.#fields);
    }
    this.#fields.set(name, { jsonName: name, type });
  }
}

const variablesOf = (fields: NonNullable<Type['fields']>): Type => ({
  kind: 'object',
  name: 'kubernetes.variables',
  params: [],
  fields,
});

const mentions = (type: Type, other: Type): boolean =>
  type === other || type.params.some((each) => mentions(each, other));
