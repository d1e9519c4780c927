/** What authentication makes of credentials: how long certificates live yet, what the token cache spares, which tokens are old. */
import type { Counter, Distribution, MetricsRegistry } from '../metrics/index.ts';

const hour = 3600;
const day = 24 * hour;
const remaining = [0, 1800, hour, 2 * hour, 6 * hour, 12 * hour, day, 2 * day, 4 * day, 7 * day, 30 * day, 90 * day];
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const status = ['status'];

/** Uses of service account tokens. */
export interface ServiceAccountTokenUses {
  readonly valid: Pick<Counter, 'with'>;
  /** Used after they should have been renewed. */
  readonly stale: Pick<Counter, 'with'>;
  readonly legacy: Pick<Counter, 'with'>;
  readonly legacyManual: Pick<Counter, 'with'>;
  readonly legacyAuto: Pick<Counter, 'with'>;
  readonly invalidLegacyAuto: Pick<Counter, 'with'>;
}

export interface TokenCacheObserver {
  /** To be called before the answer is there; what it returns, after. */
  request(): (hit: boolean) => void;
  /** To be called while another request for the same token is waited for; what it returns, after. */
  blocked(): () => void;
  fetch(): (ok: boolean) => void;
}

export class AuthenticationMetrics {
  readonly certificateSeconds: Distribution;
  readonly serviceAccountTokens: ServiceAccountTokenUses;
  readonly tokenCache: TokenCacheObserver;

  constructor(registry: MetricsRegistry) {
    this.certificateSeconds = registry
      .histogram(
        'apiserver_client_certificate_expiration_seconds',
        'ALPHA',
        'Distribution of the remaining lifetime on the certificate used to authenticate a request.',
        [],
        [...remaining, 180 * day, 360 * day],
      )
      .with();
    const tokens = (name: string, which: string): Counter =>
      registry.counter(`serviceaccount_${name}_total`, 'ALPHA', `Cumulative ${which} used`);
    this.serviceAccountTokens = {
      valid: tokens('valid_tokens', 'valid projected service account tokens'),
      stale: tokens('stale_tokens', 'stale projected service account tokens'),
      legacy: tokens('legacy_tokens', 'legacy service account tokens'),
      legacyManual: tokens('legacy_manual_token_uses', 'manually created legacy tokens'),
      legacyAuto: tokens('legacy_auto_token_uses', 'auto-generated legacy tokens'),
      invalidLegacyAuto: tokens('invalid_legacy_auto_token_uses', 'invalid auto-generated legacy tokens'),
    };
    this.tokenCache = tokenCacheObserver(registry);
  }
}

function tokenCacheObserver(registry: MetricsRegistry): TokenCacheObserver {
  const name = (rest: string): string => `authentication_token_cache_${rest}`;
  const requests = registry.counter(name('request_total'), 'ALPHA', '', status);
  const durations = registry.histogram(name('request_duration_seconds'), 'ALPHA', '', status, defaultBuckets);
  const fetches = registry.counter(name('fetch_total'), 'ALPHA', '', status);
  const active = registry.gauge(name('active_fetch_count'), 'ALPHA', '', status);
  const during = (state: string): (() => void) => {
    active.with(state).inc();
    return () => active.with(state).dec();
  };
  return {
    request() {
      const started = performance.now();
      return (hit) => {
        const tag = hit ? 'hit' : 'miss';
        requests.with(tag).inc();
        durations.with(tag).observe((performance.now() - started) / 1000);
      };
    },
    blocked: () => during('blocked'),
    fetch() {
      const done = during('in_flight');
      return (ok) => {
        fetches.with(ok ? 'ok' : 'error').inc();
        done();
      };
    },
  };
}
