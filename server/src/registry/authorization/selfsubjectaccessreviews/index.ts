import type { SelfSubjectAccessReview } from '@typernetes/openapi/types/authorization/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { refuse, review, validateAccess, validateNoMetadata } from '../attributes.ts';
import { validateSelectors } from '../selectors.ts';

/** `kubectl auth can-i`. */
export function selfsubjectaccessreviews({
  authorization,
}: RegistryDependencies): ResourceRegistration<SelfSubjectAccessReview> {
  return {
    resource: { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
    async virtualCreate(object, { user }) {
      const given = object.spec ?? {};
      refuse([
        ...validateAccess(given),
        ...validateSelectors(given.resourceAttributes),
        ...validateNoMetadata(object.metadata, [], 'must be empty'),
      ]);
      object.status = await review(authorization.authorizer, user, given);
      return object;
    },
  };
}
