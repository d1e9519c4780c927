/** --authentication-token-webhook-config-file: a remote service knows the tokens; asked by TokenReview. */
import type { ReviewClient } from '../../webhooks/index.ts';
import type { AuthenticatorResponse, TokenAuthenticator } from '../authenticator.ts';

interface TokenReview {
  apiVersion: string;
  kind: 'TokenReview';
  spec: { token: string; audiences?: string[] };
  status?: {
    authenticated?: boolean;
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
    audiences?: string[];
    error?: string;
  };
}

export type ReviewVersion = 'v1' | 'v1beta1';

export function webhookTokenAuthenticator(
  client: Pick<ReviewClient, 'ask'>,
  version: ReviewVersion,
  /** What the server accepts where nobody asks for other audiences. */
  implicit: readonly string[],
): TokenAuthenticator {
  return {
    async authenticateToken(token, wanted): Promise<AuthenticatorResponse | undefined> {
      const spec = { token, ...(wanted.length === 0 ? {} : { audiences: [...wanted] }) };
      const review: TokenReview = { apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec };
      const { status = {} } = await client.ask(review);
      const audiences = accepted(status.audiences ?? [], wanted, implicit);
      if (status.authenticated !== true) {
        if (status.error) throw new Error(status.error);
        return undefined;
      }
      if (audiences === undefined) return undefined;
      const { username = '', uid, groups = [], extra } = status.user ?? {};
      return {
        user: {
          name: username,
          groups,
          ...(uid ? { uid } : {}),
          ...(extra === undefined ? {} : { extra }),
        },
        ...(wanted.length === 0 ? {} : { audiences }),
      };
    },
  };
}

/** A service that knows no audiences means the server's own; none in common is no user. */
function accepted(
  named: readonly string[],
  wanted: readonly string[],
  implicit: readonly string[],
): string[] | undefined {
  if (wanted.length === 0) return [];
  const own = named.length === 0 ? implicit : named;
  const common = own.filter((audience) => wanted.includes(audience));
  return common.length === 0 ? undefined : common;
}
