/** RoleBindings and ClusterRoleBindings: who writes one must hold what it grants, or may bind the role. */
import type { ClusterRoleBinding, RoleBinding } from '@typernetes/openapi/types/rbac/v1';
import type { RbacTarget } from '../../authorization/index.ts';
import type { RegistryDependencies } from '../dependencies.ts';
import type { RestContext } from '../generic/rest.ts';
import type { ResourceRegistration } from '../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../printing/index.ts';
import { nameIsPathSegment, semanticEqual } from '../validation/index.ts';
import { defaultBinding, RBAC_GROUP, subjectCells, validateBinding, validateSameRole } from './rules.ts';

export interface BindingKind {
  resource: RbacTarget['resource'];
  /** What `roleRef.kind` may be. */
  roleKinds: readonly string[];
  namespaced: boolean;
}

export function bindings<T extends RoleBinding | ClusterRoleBinding>(
  { authorization }: RegistryDependencies,
  { resource, roleKinds, namespaced }: BindingKind,
): ResourceRegistration<T> {
  const confirm = (binding: T, context: RestContext): Promise<void> =>
    authorization.confirmBind(context.user, binding.roleRef, namespaced ? context.namespace : '', {
      resource,
      name: binding.metadata?.name ?? '',
    });
  return {
    resource: { group: RBAC_GROUP, resource },
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validateName: nameIsPathSegment,
      default: defaultBinding,
      validate: (binding) => validateBinding(binding, roleKinds, namespaced),
      validateUpdate: (binding, old) => [
        ...validateBinding(binding, roleKinds, namespaced),
        ...validateSameRole(binding, old),
      ],
    },
    async beginCreate(binding, context) {
      await confirm(binding, context);
      return undefined;
    },
    async beginUpdate(binding, old, context) {
      const unchanged = semanticEqual(binding.roleRef, old.roleRef) && semanticEqual(binding.subjects, old.subjects);
      if (!unchanged) await confirm(binding, context);
      return undefined;
    },
    table: {
      columns: [nameColumn, text('Role'), ageColumn, text('Users', 1), text('Groups', 1), text('ServiceAccounts', 1)],
      cells: (binding, now) => [
        binding.metadata?.name ?? '',
        `${binding.roleRef?.kind ?? ''}/${binding.roleRef?.name ?? ''}`,
        age(binding, now),
        ...subjectCells(binding.subjects),
      ],
    },
  };
}
