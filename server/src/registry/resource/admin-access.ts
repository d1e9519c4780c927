/** Devices that others use already: for claims of namespaces that an administrator has marked. */
import { invalid, type KubernetesObject } from '@typernetes/openapi/meta';
import type { ResourceClaimSpec } from '@typernetes/openapi/types/resource/v1';
import type { RestContext } from '../generic/rest.ts';
import { forbiddenField, path } from '../validation/index.ts';

const namespaces = { group: '', resource: 'namespaces' };
const label = 'resource.kubernetes.io/admin-access';
const message = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;

export async function confirmAdminAccess(
  object: KubernetesObject,
  spec: ResourceClaimSpec | undefined,
  { registry, namespace }: Pick<RestContext, 'registry' | 'namespace'>,
): Promise<undefined> {
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  if (index < 0) return undefined;
  const found = await registry.get<KubernetesObject>(namespaces, '', namespace);
  if (found?.metadata?.labels?.[label] === 'true') return undefined;
  const at = path('spec', 'devices', 'requests').index(index).child('adminAccess');
  const kind = { group: 'resource.k8s.io', kind: object.kind ?? '' };
  throw invalid(kind, object.metadata?.name ?? '', [forbiddenField(at, message)]);
}
