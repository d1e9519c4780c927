/**
 * Nobody grants what they do not hold: writers of roles must have every right they write (or the `escalate` verb),
 * writers of bindings every right of the role they bind (or the `bind` verb on it).
 */
import { forbidden, notFound, quote } from '@typernetes/openapi/meta';
import type { RoleRef } from '@typernetes/openapi/types/rbac/v1';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer } from '../authorizer.ts';
import { privilegedGroup } from '../privileged.ts';
import { compactRules, describeRule, type PolicyRule, uncoveredRules } from './policy-rule.ts';
import type { RbacAuthorizer } from './rbac-authorizer.ts';
import { rbacGroup } from './role-index.ts';

/** The object being written, for the `escalate` check and for the error. */
export interface RbacTarget {
  resource: 'roles' | 'clusterroles' | 'rolebindings' | 'clusterrolebindings';
  name: string;
}

export interface EscalationChecks {
  /**
   * Throws forbidden if `user` lacks any of `rules` in `namespace` ('' for cluster-wide). `aggregates` says that the
   * role has, or had, an aggregation rule: it can gather anything, so it takes all rights there are.
   */
  confirmNoEscalation(
    user: UserInfo,
    rules: readonly PolicyRule[],
    namespace: string,
    target?: RbacTarget & { aggregates?: boolean },
  ): Promise<void>;
  /** Throws forbidden if `user` may not bind `roleRef` in `namespace`, not found if there is no such role. */
  confirmBind(user: UserInfo, roleRef: RoleRef, namespace: string, target?: RbacTarget): Promise<void>;
}

const fullAuthority: PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

export function escalationChecks(rbac: RbacAuthorizer, authorizer: Authorizer): EscalationChecks {
  const may = async (
    user: UserInfo,
    verb: string,
    resource: string,
    name: string,
    namespace: string,
  ): Promise<boolean> => {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      resourceRequest: true,
      path: '',
      namespace,
      apiGroup: rbacGroup,
      apiVersion: '*',
      resource,
      subresource: '',
      name,
    });
    return decision === 'allow';
  };
  const missing = async (
    user: UserInfo,
    rules: readonly PolicyRule[],
    namespace: string,
  ): Promise<string | undefined> => {
    const held = await rbac.policyRulesFor(user, namespace);
    const uncovered = uncoveredRules(held.rules, rules);
    if (uncovered.length === 0) return undefined;
    const lines = [...new Set(compactRules(uncovered).map(describeRule))].sort();
    const groups = `[${user.groups.map(quote).join(' ')}]`;
    const errors = held.errors.length === 0 ? '' : `; resolution errors: [${held.errors.join(' ')}]`;
    return `user ${quote(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${errors}`;
  };
  const refuse = (target: RbacTarget, message: string): Error =>
    forbidden({ group: rbacGroup, resource: target.resource }, target.name, message);

  return {
    async confirmNoEscalation(user, rules, namespace, target) {
      if (user.groups.includes(privilegedGroup)) return;
      const subject = target ?? { resource: namespace === '' ? 'clusterroles' : 'roles', name: '' };
      if (await may(user, 'escalate', subject.resource, subject.name, namespace)) return;
      const message = await missing(user, rules, namespace);
      if (message !== undefined) throw refuse(subject, message);
      if (target?.aggregates === true && (await missing(user, fullAuthority, namespace)) !== undefined) {
        throw refuse(subject, 'must have cluster-admin privileges to use the aggregationRule');
      }
    },
    async confirmBind(user, roleRef, namespace, target) {
      if (user.groups.includes(privilegedGroup)) return;
      const subject = target ?? { resource: namespace === '' ? 'clusterrolebindings' : 'rolebindings', name: '' };
      const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
      if (await may(user, 'bind', resource, roleRef.name, namespace)) return;
      const rules = await rbac.rulesOf(roleRef, namespace);
      if (typeof rules === 'string') throw notFound({ group: rbacGroup, resource: subject.resource }, roleRef.name);
      const message = await missing(user, rules, namespace);
      if (message !== undefined) throw refuse(subject, message);
    },
  };
}
