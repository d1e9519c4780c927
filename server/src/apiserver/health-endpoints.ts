/** What /healthz, /livez and /readyz ask. */
import { type HealthCheck, HealthEndpoint, type HealthMetrics } from '../endpoints/health.ts';
import type { ApiserverOptions } from './config.ts';
import { inUpstreamOrder } from './health-order.ts';

export interface HealthChecks {
  /** Is storage there, within so many milliseconds? The first is that of most resources. */
  storage: (limitMs: number) => readonly HealthCheck[];
  /** Further ones beside those that always are. */
  others: readonly HealthCheck[];
  hooks: readonly HealthCheck[];
  aggregation: HealthCheck;
  shutdown: HealthCheck;
}

/** /readyz asks what /healthz and /livez ask, and whether requests should come at all. */
export function healthEndpoints(
  checks: HealthChecks,
  options: Pick<ApiserverOptions, 'etcdHealthcheckTimeoutMs' | 'etcdReadycheckTimeoutMs' | 'livezGracePeriodMs'>,
  metrics: HealthMetrics,
  now: () => number,
): HealthEndpoint[] {
  const { others, hooks, aggregation, shutdown } = checks;
  const storage = checks.storage(options.etcdHealthcheckTimeoutMs);
  const readiness = checks
    .storage(options.etcdReadycheckTimeoutMs)
    .map((check) => ({ ...check, name: check.name.replace(/^etcd(-override)?/, '$&-readiness') }));
  const always: HealthCheck[] = [{ name: 'ping', check() {} }, { name: 'log', check() {} }, ...storage];
  const started = inUpstreamOrder([...hooks, aggregation]);
  const informers = hooks.find(({ name }) => name.endsWith('generic-apiserver-start-informers'))!;
  const ready = [...readiness, ...others, { ...informers, name: 'informer-sync' }];
  const graceEnds = now() + options.livezGracePeriodMs;
  const alive = started.map((check) => patient(check, graceEnds, now));
  return [
    new HealthEndpoint('healthz', [...always, ...others, ...started], metrics),
    new HealthEndpoint('livez', [...always, ...others, ...alive], metrics),
    new HealthEndpoint('readyz', [...always, ...ready, ...started, shutdown], metrics),
  ];
}

/** The same check, well until that time. */
export function patient(check: HealthCheck, until: number, now: () => number): HealthCheck {
  return { name: check.name, check: () => (now() < until ? undefined : check.check()) };
}
