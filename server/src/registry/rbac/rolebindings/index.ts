import type { RoleBinding } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { bindings } from '../bindings.ts';

export function rolebindings(dependencies: RegistryDependencies): ResourceRegistration<RoleBinding> {
  return bindings(dependencies, {
    resource: 'rolebindings',
    roleKinds: ['Role', 'ClusterRole'],
    namespaced: true,
  });
}
