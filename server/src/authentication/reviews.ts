/** What a create of a TokenReview answers, and users as reviews show them. */
import type { UserInfo } from './authenticator.ts';
import type { Authentication } from './build.ts';
import { aggregateErrors } from './token/union.ts';

/** Upstream asks about its own loopback token first, and so says this in any case. */
const unknownToken = new Error('invalid bearer token');

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
    if (response === undefined) return { user: {}, error: unknownToken.message };
    return {
      authenticated: true,
      user: reviewedUser(response.user),
      ...(response.audiences === undefined ? {} : { audiences: [...response.audiences] }),
    };
  } catch (error) {
    return { user: {}, error: aggregateErrors([unknownToken, error as Error]).message };
  }
}

/** A user as reviews and signing requests carry it: copied, empty parts left out. */
export function reviewedUser(user: UserInfo): ReviewedUser {
  const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}
