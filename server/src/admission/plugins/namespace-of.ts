import { notFound } from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';

const namespaces = { group: '', resource: 'namespaces' };

/** The request's namespace, which some plugins read annotations of. */
export async function namespaceOf(
  { namespace }: AdmissionAttributes,
  { registry }: AdmissionDependencies,
): Promise<Namespace> {
  const found = await registry.get<Namespace>(namespaces, '', namespace);
  if (found === undefined) throw notFound(namespaces, namespace);
  return found;
}
