/** Devices that others use already: for claims of namespaces that an administrator has marked. */
import { invalid, type KubernetesObject } from '@typernetes/openapi/meta';
import type { ResourceClaim, ResourceClaimSpec } from '@typernetes/openapi/types/resource/v1';
import type { RestContext } from '../generic/rest.ts';
import { type FieldError, forbiddenField, type Path, path } from '../validation/index.ts';

const namespaces = { group: '', resource: 'namespaces' };
const label = 'resource.kubernetes.io/admin-access';
const message = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;

type Context = Pick<RestContext, 'registry' | 'namespace'>;

/** Before whatever else is wrong with the object. */
export async function confirmAdminAccess(
  object: KubernetesObject,
  spec: ResourceClaimSpec | undefined,
  validate: () => readonly FieldError[],
  context: Context,
): Promise<undefined> {
  const requests = (spec?.devices?.requests ?? []).map(({ exactly }) => exactly ?? {});
  const errors = await adminAccessErrors(requests, path('spec', 'devices', 'requests'), context);
  if (errors.length > 0) refuse(object, [...errors, ...validate()]);
}

/** Access once allocated stays. */
export async function allocatedAdminAccessErrors(
  { status }: ResourceClaim,
  old: Readonly<ResourceClaim>,
  context: Context,
): Promise<FieldError[]> {
  if ((old.status?.allocation?.devices?.results ?? []).some(({ adminAccess }) => adminAccess === true)) return [];
  const at = path('status', 'allocation', 'devices', 'results');
  return adminAccessErrors(status?.allocation?.devices?.results ?? [], at, context);
}

async function adminAccessErrors(
  devices: readonly { adminAccess?: boolean }[],
  at: Path,
  { registry, namespace }: Context,
): Promise<FieldError[]> {
  const index = devices.findIndex(({ adminAccess }) => adminAccess === true);
  if (index < 0) return [];
  const found = await registry.get<KubernetesObject>(namespaces, '', namespace);
  if (found?.metadata?.labels?.[label] === 'true') return [];
  return [forbiddenField(at.index(index).child('adminAccess'), message)];
}

export function refuse(object: KubernetesObject, errors: readonly FieldError[]): never {
  throw invalid({ group: 'resource.k8s.io', kind: object.kind ?? '' }, object.metadata?.name ?? '', [...errors]);
}
