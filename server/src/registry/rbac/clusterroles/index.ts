import type { ClusterRole } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { RestContext } from '../../generic/rest.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  invalidValue,
  nameIsPathSegment,
  path,
  required,
  semanticEqual,
  validateLabelSelector,
} from '../../validation/index.ts';
import { RBAC_GROUP, validateRules } from '../rules.ts';

function validateClusterRole(role: ClusterRole, old?: Readonly<ClusterRole>): FieldError[] {
  const errors = validateRules(role.rules, false);
  const at = path('aggregationRule', 'clusterRoleSelectors');
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (role.aggregationRule && selectors.length === 0) {
    errors.push(required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  for (const [index, selector] of selectors.entries()) {
    const found = validateLabelSelector(selector, at.index(index), old?.aggregationRule?.clusterRoleSelectors);
    errors.push(...found);
    if (found.length > 0) errors.push(invalidValue(at.index(index), null, 'invalid label selector.'));
  }
  return errors;
}

export function clusterroles(dependencies: RegistryDependencies): ResourceRegistration<ClusterRole> {
  const confirm = (role: ClusterRole, context: RestContext, aggregates: boolean): Promise<void> =>
    dependencies.authorization.confirmNoEscalation(context.user, role.rules ?? [], '', {
      resource: 'clusterroles',
      name: role.metadata?.name ?? '',
      aggregates,
    });
  return {
    resource: { group: RBAC_GROUP, resource: 'clusterroles' },
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validateName: nameIsPathSegment,
      canonicalize: (role) => withoutEmpty(role, 'rules', null),
      validate: (role) => validateClusterRole(role),
      validateUpdate: validateClusterRole,
    },
    async beginCreate(role, context) {
      await confirm(role, context, role.aggregationRule !== undefined);
      return undefined;
    },
    async beginUpdate(role, old, context) {
      const unchanged =
        semanticEqual(role.rules, old.rules) && semanticEqual(role.aggregationRule, old.aggregationRule);
      const aggregates = role.aggregationRule !== undefined || old.aggregationRule !== undefined;
      if (!unchanged) await confirm(role, context, aggregates);
      return undefined;
    },
  };
}
