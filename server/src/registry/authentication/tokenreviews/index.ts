import { badRequest } from '@typernetes/openapi/meta';
import type { TokenReview } from '@typernetes/openapi/types/authentication/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';

/** Answers whose token it is; nothing is stored. */
export function tokenreviews(dependencies: RegistryDependencies): ResourceRegistration<TokenReview> {
  return {
    resource: { group: 'authentication.k8s.io', resource: 'tokenreviews' },
    async virtualCreate(review, context) {
      const { token, audiences = [] } = review.spec ?? {};
      if (context.namespace !== '') throw badRequest(`namespace is not allowed on this type: ${context.namespace}`);
      if (!token) throw badRequest('token is required for TokenReview in authentication');
      const { user, ...result } = await dependencies.authentication.tokenReview(token, audiences);
      review.status = { ...result, user: user ?? {} };
      return review;
    },
  };
}
