import type { Role } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { nameIsPathSegment, semanticEqual } from '../../validation/index.ts';
import { RBAC_GROUP, validateRules } from '../rules.ts';

/** Upstream has no printer for Roles: they get name and creation time. */
export function roles(dependencies: RegistryDependencies): ResourceRegistration<Role> {
  const { authorization } = dependencies;
  return {
    resource: { group: RBAC_GROUP, resource: 'roles' },
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validateName: nameIsPathSegment,
      canonicalize: (role) => withoutEmpty(role, 'rules', null),
      validate: (role) => validateRules(role.rules, true),
      validateUpdate: (role) => validateRules(role.rules, true),
    },
    async beginCreate(role, context) {
      await authorization.confirmNoEscalation(context.user, role.rules ?? [], context.namespace, {
        resource: 'roles',
        name: role.metadata?.name ?? '',
      });
      return undefined;
    },
    async beginUpdate(role, old, context) {
      // Taking over what was there already grants nothing new.
      if (!semanticEqual(role.rules, old.rules))
        await authorization.confirmNoEscalation(context.user, role.rules ?? [], context.namespace, {
          resource: 'roles',
          name: role.metadata?.name ?? '',
        });
      return undefined;
    },
  };
}
