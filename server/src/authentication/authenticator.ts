import type { IncomingMessage } from 'node:http';

/** Who sends a request, as authentication found out and authorization, admission and audit use it. */
export interface UserInfo {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export interface AuthenticatorResponse {
  user: UserInfo;
  /** The audiences that both the credential and the server accept; absent where the credential has none. */
  audiences?: readonly string[];
}

/**
 * Looks at a request's credentials. Resolves to undefined if there is none of its kind (the next authenticator is
 * asked); throws if there is one and it is bad.
 */
export interface Authenticator {
  authenticateRequest(request: IncomingMessage): Promise<AuthenticatorResponse | undefined>;
}

/** The same for a bare bearer token: TokenReview and the request authenticators both use it. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences: readonly string[]): Promise<AuthenticatorResponse | undefined>;
}
