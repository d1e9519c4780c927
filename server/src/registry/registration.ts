import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ResourceRegistration } from './generic/strategy.ts';

/**
 * Forgets the kind's type, so that registrations of all kinds fit one list. Sound because the registry hands a
 * registration only objects of its own resource.
 */
export function registration<T extends KubernetesObject>(resource: ResourceRegistration<T>): ResourceRegistration {
  return resource as unknown as ResourceRegistration;
}
