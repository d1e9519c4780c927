import type { ClusterRole } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { RestContext } from '../../generic/rest.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import type { FieldError } from '../../validation/index.ts';
import { nameIsPathSegment, path, required, semanticEqual, validateLabelSelector } from '../../validation/index.ts';
import { RBAC_GROUP, validateRules } from '../rules.ts';

function validateClusterRole(role: ClusterRole): FieldError[] {
  const errors = validateRules(role.rules, false);
  const at = path('aggregationRule', 'clusterRoleSelectors');
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (role.aggregationRule && selectors.length === 0) {
    errors.push(required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  for (const [index, selector] of selectors.entries()) errors.push(...validateLabelSelector(selector, at.index(index)));
  return errors;
}

/** An aggregating role will hold whatever others put into it, so writing one takes all rights there are. */
const EVERYTHING = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

export function clusterroles(dependencies: RegistryDependencies): ResourceRegistration<ClusterRole> {
  const confirm = async (role: ClusterRole, context: RestContext): Promise<void> => {
    const { authorization } = dependencies;
    await authorization.confirmNoEscalation(context.user, role.rules ?? [], '');
    if (role.aggregationRule) await authorization.confirmNoEscalation(context.user, EVERYTHING, '');
  };
  return {
    resource: { group: RBAC_GROUP, resource: 'clusterroles' },
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validateName: nameIsPathSegment,
      validate: validateClusterRole,
      validateUpdate: validateClusterRole,
    },
    async beginCreate(role, context) {
      await confirm(role, context);
      return undefined;
    },
    async beginUpdate(role, old, context) {
      const unchanged =
        semanticEqual(role.rules, old.rules) && semanticEqual(role.aggregationRule, old.aggregationRule);
      if (!unchanged) await confirm(role, context);
      return undefined;
    },
  };
}
