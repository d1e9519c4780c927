import type { TokenAuthenticator } from '../authenticator.ts';

/** The first that knows the token answers; if none does, the errors of all are thrown together. */
export function unionTokens(...authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const errors: Error[] = [];
      for (const authenticator of authenticators) {
        try {
          const response = await authenticator.authenticateToken(token, audiences);
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

/** One error's own message, or all in brackets, as upstream prints an aggregate. */
export function aggregateErrors(errors: readonly Error[]): Error {
  const messages = [...new Set(errors.flatMap(leaves).map((error) => error.message))];
  return new AggregateError(errors, messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`);
}

function leaves(error: Error): Error[] {
  return error instanceof AggregateError ? (error.errors as Error[]).flatMap(leaves) : [error];
}
