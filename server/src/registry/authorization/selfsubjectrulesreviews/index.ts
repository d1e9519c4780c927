import { badRequest } from '@typernetes/openapi/meta';
import type { SelfSubjectRulesReview } from '@typernetes/openapi/types/authorization/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';

/** Empty lists are left out. */
function filled<T extends Record<string, readonly string[]>>(lists: T): Partial<T> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<T>;
}

/** `kubectl auth can-i --list`. */
export function selfsubjectrulesreviews({
  authorization,
}: RegistryDependencies): ResourceRegistration<SelfSubjectRulesReview> {
  return {
    resource: { group: 'authorization.k8s.io', resource: 'selfsubjectrulesreviews' },
    async virtualCreate(object, { user }) {
      const namespace = object.spec?.namespace ?? '';
      if (namespace === '') throw badRequest('no namespace on request');
      const { resourceRules, nonResourceRules, incomplete, evaluationError } = await authorization.rules.rulesFor(
        user,
        namespace,
      );
      object.status = {
        resourceRules: resourceRules.map(({ verbs, ...lists }) => ({ verbs, ...filled(lists) })),
        nonResourceRules: nonResourceRules.map(({ verbs, ...lists }) => ({ verbs, ...filled(lists) })),
        incomplete,
        ...(evaluationError ? { evaluationError } : {}),
      };
      return object;
    },
  };
}
