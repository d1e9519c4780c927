/** Whoever makes a policy read parameters must be allowed to read them himself. */
import { type GroupVersionKind, invalid, type KubernetesObject, parseApiVersion } from '@typernetes/openapi/meta';
import type { ParamKind, ParamRef } from '@typernetes/openapi/types/admissionregistration/v1';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { AuthorizerAttributes } from '../../authorization/authorizer.ts';
import type { RegistryDependencies } from '../dependencies.ts';
import type { RestContext } from '../generic/rest.ts';
import { type FieldError, forbiddenField, path } from '../validation/index.ts';

type What = Pick<AuthorizerAttributes, 'apiGroup' | 'apiVersion' | 'resource'>;

const anything: What = { apiGroup: '*', apiVersion: '*', resource: '*' };

export async function mayReadKind(
  kind: ParamKind,
  { user }: RestContext,
  dependencies: RegistryDependencies,
): Promise<string | undefined> {
  if (mayDoAll(user)) return undefined;
  const { what } = resolve(kind, dependencies);
  if (await isAllowed({ ...what, verb: 'get', name: '*', namespace: '*' }, user, dependencies)) return undefined;
  return `user ${userText(user)} must have "get" permission on all objects of the referenced paramKind (kind=${kind.kind ?? ''}, apiVersion=${kind.apiVersion ?? ''})`;
}

/** `policies`: the resource in which `policyName` is looked up. */
export async function mayReadParams(
  paramRef: ParamRef,
  policyName: string,
  policies: string,
  { user }: RestContext,
  dependencies: RegistryDependencies,
): Promise<string | undefined> {
  if (mayDoAll(user)) return undefined;
  const resource = { group: 'admissionregistration.k8s.io', resource: policies };
  const policy = await dependencies.registry.get<KubernetesObject & { spec?: { paramKind?: ParamKind } }>(
    resource,
    '',
    policyName,
  );
  const paramKind = policy?.spec?.paramKind;
  const { what, failure } = paramKind === undefined ? { what: anything } : resolve(paramKind, dependencies);
  const { name = '', namespace = '' } = paramRef;
  const verb = name === '' ? 'list' : 'get';
  if (await isAllowed({ ...what, verb, name, namespace }, user, dependencies)) return undefined;
  const everywhere = `to determine minimum required permissions and user ${userText(user)} does not have "${verb}" permission for all groups, versions and resources`;
  if (policy === undefined) return `unable to get policy ${policyName} ${everywhere}`;
  if (failure !== undefined)
    return `unable to ${failure} paramKind &{${paramKind?.apiVersion ?? ''} ${paramKind?.kind ?? ''}} ${everywhere}`;
  return `user ${userText(user)} does not have "${verb}" permission on the object referenced by paramRef`;
}

/** Only once the object is right by itself; as the last error then. */
export async function authorizeRead(
  kind: string,
  object: KubernetesObject,
  validate: () => readonly FieldError[],
  field: 'paramKind' | 'paramRef',
  ask: () => Promise<string | undefined>,
): Promise<undefined> {
  if (validate().length > 0) return;
  const refusal = await ask();
  if (refusal === undefined) return;
  const errors = [forbiddenField(path('spec', field), refusal)];
  throw invalid({ group: 'admissionregistration.k8s.io', kind }, object.metadata?.name ?? '', errors);
}

function resolve(
  { apiVersion = '', kind = '' }: ParamKind,
  dependencies: RegistryDependencies,
): { what: What; failure?: 'parse' | 'resolve' } {
  if (apiVersion.split('/').length > 2) return { what: anything, failure: 'parse' };
  const { group, version } = parseApiVersion(apiVersion);
  const gvk: GroupVersionKind = { group, version, kind };
  const resource = dependencies.resolveKind?.(gvk)?.resource;
  const what = { apiGroup: group, apiVersion: version, resource: resource ?? '*' };
  return resource === undefined ? { what, failure: 'resolve' } : { what };
}

const mayDoAll = ({ groups }: UserInfo): boolean => groups.includes('system:masters');

async function isAllowed(
  asked: What & { verb: string; name: string; namespace: string },
  user: UserInfo,
  { authorization }: RegistryDependencies,
): Promise<boolean> {
  const { decision } = await authorization.authorizer.authorize({
    ...asked,
    user,
    resourceRequest: true,
    path: '',
    subresource: '',
  });
  return decision === 'allow';
}

/** As Go prints the struct. */
function userText({ name, uid = '', groups, extra = {} }: UserInfo): string {
  const extras = Object.entries(extra)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, values]) => `${key}:[${values.join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${extras.join(' ')}]}`;
}
