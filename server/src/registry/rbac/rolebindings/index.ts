import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { RoleBinding } from '@typernetes/openapi/types/rbac/v1';
import type { RbacTarget } from '../../../authorization/index.ts';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { nameIsPathSegment, semanticEqual } from '../../validation/index.ts';
import { defaultBinding, RBAC_GROUP, subjectCells, validateBinding, validateSameRole } from '../rules.ts';

const ROLE_KINDS = ['Role', 'ClusterRole'];

const targetOf = ({ metadata }: KubernetesObject): RbacTarget => ({
  resource: 'rolebindings',
  name: metadata?.name ?? '',
});

export function rolebindings(dependencies: RegistryDependencies): ResourceRegistration<RoleBinding> {
  const { authorization } = dependencies;
  return {
    resource: { group: RBAC_GROUP, resource: 'rolebindings' },
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validateName: nameIsPathSegment,
      default: defaultBinding,
      validate: (binding) => validateBinding(binding, ROLE_KINDS, true),
      validateUpdate: (binding, old) => [
        ...validateBinding(binding, ROLE_KINDS, true),
        ...validateSameRole(binding, old),
      ],
    },
    async beginCreate(binding, context) {
      await authorization.confirmBind(context.user, binding.roleRef, context.namespace, targetOf(binding));
      return undefined;
    },
    async beginUpdate(binding, old, context) {
      const unchanged = semanticEqual(binding.roleRef, old.roleRef) && semanticEqual(binding.subjects, old.subjects);
      if (!unchanged)
        await authorization.confirmBind(context.user, binding.roleRef, context.namespace, targetOf(binding));
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
