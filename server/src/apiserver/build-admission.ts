/** Admission built from the flags: the plugins, measured one by one and by phase. */
import {
  type AdmissionDependencies,
  type AdmissionSelection,
  admissionPlugins,
  runMutating,
  runValidating,
} from '../admission/index.ts';
import { AdmissionMetrics } from '../admission/metrics.ts';
import type { HandlerDependencies } from '../endpoints/resource-endpoint.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { ApiserverOptions } from './config.ts';

export interface Admission {
  phases: HandlerDependencies['admission'];
  stop(): void;
}

export function buildAdmission(
  options: ApiserverOptions,
  selection: AdmissionSelection,
  registry: MetricsRegistry,
  parts: Omit<AdmissionDependencies, 'metrics' | 'random' | 'tolerationSeconds'>,
): Admission {
  const metrics = new AdmissionMetrics(registry);
  const tolerationSeconds = {
    notReady: options.defaultNotReadyTolerationSeconds,
    unreachable: options.defaultUnreachableTolerationSeconds,
  };
  const plugins = admissionPlugins({ ...parts, random: Math.random, tolerationSeconds, metrics }, selection).map(
    (plugin) => metrics.measured(plugin),
  );
  return {
    phases: {
      mutate: (attributes) => metrics.step('admit', attributes, runMutating(plugins, attributes)),
      validate: (attributes) => metrics.step('validate', attributes, runValidating(plugins, attributes)),
    },
    stop() {
      for (const plugin of plugins) plugin.stop?.();
    },
  };
}
