import type { Authenticator, UserInfo } from '../authenticator.ts';
import { aggregateErrors } from '../token/union.ts';

export const anonymousUser = 'system:anonymous';
export const allAuthenticated = 'system:authenticated';
export const allUnauthenticated = 'system:unauthenticated';

/** A bad credential of one kind does not spoil a good one of another; with none good, all errors are thrown together. */
export function unionAuthenticator(...authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticateRequest(request) {
      const errors: Error[] = [];
      for (const authenticator of authenticators) {
        try {
          const response = await authenticator.authenticateRequest(request);
          if (response !== undefined) return response;
        } catch (error) {
          errors.push(error as Error);
        }
      }
      if (errors.length > 0) throw aggregateErrors(errors);
      return undefined;
    },
  };
}

/** Everyone who proved who they are is in system:authenticated. */
export function withAuthenticatedGroup(inner: Authenticator): Authenticator {
  return {
    async authenticateRequest(request) {
      const response = await inner.authenticateRequest(request);
      return response === undefined ? undefined : { ...response, user: inAuthenticatedGroup(response.user) };
    },
  };
}

export function inAuthenticatedGroup(user: UserInfo): UserInfo {
  const { groups } = user;
  if (user.name === anonymousUser || groups.includes(allAuthenticated) || groups.includes(allUnauthenticated))
    return user;
  return { ...user, groups: [...groups, allAuthenticated] };
}

export interface AnonymousOptions {
  enabled: boolean;
  /** Only these paths; absent allows all. */
  paths?: readonly string[];
}

/** Who shows no credential at all. A bad credential is refused before it comes here. */
export function withAnonymous(inner: Authenticator, options: AnonymousOptions): Authenticator {
  if (!options.enabled) return inner;
  return {
    async authenticateRequest(request) {
      const response = await inner.authenticateRequest(request);
      if (response !== undefined) return response;
      const [path] = (request.url ?? '').split('?');
      if (options.paths !== undefined && !options.paths.includes(path ?? '')) return undefined;
      return { user: { name: anonymousUser, groups: [allUnauthenticated] } };
    },
  };
}
