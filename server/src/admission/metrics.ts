/** How long admission takes, each plugin and each phase, and what webhooks and policies do. */
import { Histogram, type MetricsRegistry } from '../metrics/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { PolicyMetrics } from './policies/metrics.ts';
import { WebhookMetrics } from './webhook-metrics.ts';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
type Phase = 'admit' | 'validate';

export class AdmissionMetrics {
  readonly webhooks: WebhookMetrics;
  readonly policies: PolicyMetrics;
  readonly #plugins: Histogram;
  readonly #steps: Histogram;

  constructor(registry: MetricsRegistry) {
    this.webhooks = new WebhookMetrics(registry);
    this.policies = new PolicyMetrics(registry);
    this.#plugins = registry.register(
      new Histogram({
        name: 'apiserver_admission_controller_admission_duration_seconds',
        help: 'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
        stability: 'STABLE',
        labels: ['name', 'type', 'operation', 'rejected'],
        buckets,
      }),
    );
    this.#steps = registry.register(
      new Histogram({
        name: 'apiserver_admission_step_admission_duration_seconds',
        help: 'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
        stability: 'STABLE',
        labels: ['type', 'operation', 'rejected'],
        buckets,
      }),
    );
  }

  /** One phase over all plugins. */
  step(phase: Phase, attributes: AdmissionAttributes, work: Promise<void>): Promise<void> {
    return timed(work, (seconds, rejected) => this.#steps.with(phase, attributes.operation, rejected).observe(seconds));
  }

  /** The plugin, with its time taken. */
  measured(plugin: AdmissionPlugin): AdmissionPlugin {
    const { name } = plugin;
    const measure = (phase: Phase) => (attributes: AdmissionAttributes) =>
      timed(plugin[phase]!(attributes), (seconds, rejected) =>
        this.#plugins.with(name, phase, attributes.operation, rejected).observe(seconds),
      );
    return {
      name,
      handles: (operation) => plugin.handles(operation),
      ...(plugin.admit === undefined ? {} : { admit: measure('admit') }),
      ...(plugin.validate === undefined ? {} : { validate: measure('validate') }),
      ...(plugin.stop === undefined ? {} : { stop: () => plugin.stop!() }),
    };
  }
}

async function timed(work: Promise<void>, done: (seconds: number, rejected: string) => void): Promise<void> {
  const before = performance.now();
  let rejected = 'true';
  try {
    await work;
    rejected = 'false';
  } finally {
    done((performance.now() - before) / 1000, rejected);
  }
}
