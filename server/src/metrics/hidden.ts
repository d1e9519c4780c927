/** Metrics that upstream has deprecated so long ago that it hides them: the old names of others. */
import type { Metric, Stability } from './instruments.ts';

export interface HiddenMetric {
  name: string;
  /** The metric that took its place, with the same labels and values. */
  of: string;
  help: string;
  stability: Stability;
  deprecatedVersion: string;
}

const seats =
  'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem';

export const hiddenMetrics: readonly HiddenMetric[] = [
  {
    name: 'apiserver_request_slo_duration_seconds',
    of: 'apiserver_request_sli_duration_seconds',
    help: 'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
    stability: 'ALPHA',
    deprecatedVersion: '1.27.0',
  },
  {
    name: 'apiserver_flowcontrol_request_concurrency_limit',
    of: 'apiserver_flowcontrol_nominal_limit_seats',
    help: 'Nominal number of execution seats configured for each priority level',
    stability: 'ALPHA',
    deprecatedVersion: '1.30.0',
  },
  {
    name: 'apiserver_flowcontrol_request_concurrency_in_use',
    of: 'apiserver_flowcontrol_current_executing_seats',
    help: seats,
    stability: 'ALPHA',
    deprecatedVersion: '1.31.0',
  },
];

/** The lines of the metric that took its place, under its own name. */
export function exposeHidden({ name, of, help, stability, deprecatedVersion }: HiddenMetric, source: Metric): string[] {
  const [, type = '', ...samples] = source.expose();
  if (samples.length === 0) return [];
  return [
    `# HELP ${name} [${stability}] (Deprecated since ${deprecatedVersion}) ${help}`,
    type.replace(of, name),
    ...samples.map((line) => name + line.slice(of.length)),
  ];
}
