/** Writing what must exist: created where it is missing, left alone where someone else was first. */
import { type GroupResource, isAlreadyExists, type KubernetesObject } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../../registry/generic/rest.ts';

export async function ensureExists<T extends KubernetesObject>(
  registry: RegistryReader,
  resource: GroupResource,
  object: T,
): Promise<void> {
  const { name = '', namespace = '' } = object.metadata ?? {};
  if ((await registry.get(resource, namespace, name)) !== undefined) return;
  try {
    await registry.create(resource, namespace, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
