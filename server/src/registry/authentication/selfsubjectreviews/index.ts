import { formatTime } from '@typernetes/openapi/meta';
import type { SelfSubjectReview } from '@typernetes/openapi/types/authentication/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';

/** `kubectl auth whoami`. */
export const selfsubjectreviews: ResourceRegistration<SelfSubjectReview> = {
  resource: { group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
  virtualCreate(review, { user, now }) {
    const extra = Object.fromEntries(Object.entries(user.extra ?? {}).map(([key, values]) => [key, [...values]]));
    review.metadata = { ...review.metadata, creationTimestamp: formatTime(now) };
    review.status = {
      userInfo: {
        username: user.name,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: [...user.groups],
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
      },
    };
    return Promise.resolve(review);
  },
};
