/** TokenReview and SelfSubjectReview: what a create of these kinds answers. Nothing is stored. */
import { formatTime } from '@typernetes/openapi/meta';
import type { SelfSubjectReview } from '@typernetes/openapi/types/authentication/v1';
import type { UserInfo } from './authenticator.ts';
import type { Authentication } from './build.ts';

export interface TokenReviewResult {
  authenticated?: boolean;
  user?: ReviewedUser;
  audiences?: string[];
  error?: string;
}

export interface ReviewedUser {
  username?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

/** The status of a TokenReview; a bad token is an answer, not an error. */
export async function reviewToken(
  authentication: Pick<Authentication, 'tokens' | 'audiences'>,
  token: string,
  audiences: readonly string[],
): Promise<TokenReviewResult> {
  try {
    const wanted = audiences.length === 0 ? authentication.audiences : audiences;
    const response = await authentication.tokens.authenticateToken(token, wanted);
    if (response === undefined) return { user: {}, error: 'invalid bearer token' };
    return {
      authenticated: true,
      user: reviewedUser(response.user),
      ...(response.audiences === undefined ? {} : { audiences: [...response.audiences] }),
    };
  } catch (error) {
    return { user: {}, error: (error as Error).message };
  }
}

export function reviewSelf(review: SelfSubjectReview, user: UserInfo, now: Date): SelfSubjectReview {
  return {
    ...review,
    metadata: { ...review.metadata, creationTimestamp: formatTime(now) },
    status: { userInfo: reviewedUser(user) },
  };
}

function reviewedUser(user: UserInfo): ReviewedUser {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
  };
}
