/**
 * Remembers accepted tokens for a few seconds, so that a busy client costs one signature check and one set of lookups
 * per period; requests that arrive together share one check. Refusals are not remembered. The price, as upstream: a
 * token of a deleted pod works until its entry runs out.
 */
import { hash, randomBytes } from 'node:crypto';
import type { AuthenticatorResponse, TokenAuthenticator } from '../authenticator.ts';
import type { TokenCacheObserver } from '../metrics.ts';

export interface TokenCacheOptions {
  /** Default 10,000. */
  ttlMs?: number;
  /** Default 4096. */
  maxEntries?: number;
  observer?: TokenCacheObserver | undefined;
  /** Milliseconds from any origin, never going back. */
  monotonic?: () => number;
}

export function withTokenCache(inner: TokenAuthenticator, options: TokenCacheOptions = {}): TokenAuthenticator {
  const { ttlMs = 10_000, maxEntries = 4096, observer, monotonic = () => performance.now() } = options;
  // Tokens are kept as salted digests: a heap dump shows none.
  const salt = randomBytes(32).toString('base64');
  const entries = new Map<string, { response: AuthenticatorResponse; until: number }>();
  const pending = new Map<string, Promise<AuthenticatorResponse | undefined>>();
  return {
    async authenticateToken(token, audiences) {
      const answered = observer?.request();
      const id = hash('sha256', JSON.stringify([salt, token, audiences]), 'base64');
      const known = entries.get(id);
      if (known !== undefined) {
        if (known.until > monotonic()) {
          answered?.(true);
          return known.response;
        }
        entries.delete(id);
      }
      const running = pending.get(id);
      if (running !== undefined) {
        const over = observer?.blocked();
        return running.finally(() => {
          over?.();
          answered?.(false);
        });
      }
      const fetched = observer?.fetch();
      const check = inner.authenticateToken(token, audiences);
      pending.set(id, check);
      let ok = false;
      try {
        const response = await check;
        ok = true;
        if (response !== undefined) {
          const oldest = entries.size >= maxEntries ? entries.keys().next().value : undefined;
          if (oldest !== undefined) entries.delete(oldest);
          entries.set(id, { response, until: monotonic() + ttlMs });
        }
        return response;
      } finally {
        pending.delete(id);
        fetched?.(ok);
        answered?.(false);
      }
    },
  };
}
