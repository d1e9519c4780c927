import { collectDefaultMetrics, Registry } from 'prom-client';

/** Prometheus text of this process. */
export function controllerMetrics(): () => Promise<string> {
  const registry = new Registry();
  let collecting = false;
  return () => {
    // Collecting costs memory and timers: only for those who ask.
    if (!collecting) collectDefaultMetrics({ register: registry });
    collecting = true;
    return registry.metrics();
  };
}
