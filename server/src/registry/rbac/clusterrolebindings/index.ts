import type { ClusterRoleBinding } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { bindings } from '../bindings.ts';

export function clusterrolebindings(dependencies: RegistryDependencies): ResourceRegistration<ClusterRoleBinding> {
  return bindings(dependencies, {
    resource: 'clusterrolebindings',
    roleKinds: ['ClusterRole'],
    namespaced: false,
  });
}
