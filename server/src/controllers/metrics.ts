import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | undefined;

/** Prometheus text of this process. Collecting costs memory and timers, so it begins with the first who asks. */
export function metricsText(): Promise<string> {
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry.metrics();
}
