import { formatTime } from '@typernetes/openapi/meta';
import type { SelfSubjectReview } from '@typernetes/openapi/types/authentication/v1';
import { reviewedUser } from '../../../authentication/reviews.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';

/** `kubectl auth whoami`. */
export const selfsubjectreviews: ResourceRegistration<SelfSubjectReview> = {
  resource: { group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
  virtualCreate(review, { user, now }) {
    review.metadata = { ...review.metadata, creationTimestamp: formatTime(now) };
    review.status = { userInfo: reviewedUser(user) };
    return Promise.resolve(review);
  },
};
