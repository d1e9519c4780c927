/** How long admission takes, each plugin and each phase, and what webhooks and policies do. */
import { type Distribution, Histogram, type MetricsRegistry } from '../metrics/index.ts';
import type { AdmissionAttributes, AdmissionPlugin, Operation } from './admission.ts';
import { type Phase, take } from './chain.ts';
import { PodSecurityMetrics } from './plugins/pod-security/metrics.ts';
import { PolicyMetrics } from './policies/metrics.ts';
import { WebhookMetrics } from './webhook-metrics.ts';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

export class AdmissionMetrics {
  readonly webhooks: WebhookMetrics;
  readonly policies: PolicyMetrics;
  readonly podSecurity: PodSecurityMetrics;
  readonly #plugins: Histogram;
  readonly #steps: Histogram;

  constructor(registry: MetricsRegistry) {
    this.webhooks = new WebhookMetrics(registry);
    this.policies = new PolicyMetrics(registry);
    this.podSecurity = new PodSecurityMetrics(registry);
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
    return timed(work, performance.now(), (before, rejected) =>
      this.#steps.with(phase, attributes.operation, String(rejected)).observe((performance.now() - before) / 1000),
    );
  }

  /** The plugin, with its time taken. */
  measured(plugin: AdmissionPlugin): AdmissionPlugin {
    const { name } = plugin;
    const measure = (phase: Phase) => {
      const accepted = new Map<Operation, Distribution>();
      const observe = (operation: Operation, before: number, rejected: boolean): void => {
        let seen = rejected ? this.#plugins.with(name, phase, operation, 'true') : accepted.get(operation);
        if (seen === undefined) accepted.set(operation, (seen = this.#plugins.with(name, phase, operation, 'false')));
        seen.observe((performance.now() - before) / 1000);
      };
      return (attributes: AdmissionAttributes): Promise<void> | undefined => {
        const before = performance.now();
        const { operation } = attributes;
        let work: Promise<void> | undefined;
        try {
          work = take(plugin, phase, attributes);
        } catch (error) {
          observe(operation, before, true);
          throw error;
        }
        if (work === undefined) observe(operation, before, false);
        return work && timed(work, before, (at, rejected) => observe(operation, at, rejected));
      };
    };
    return {
      name,
      handles: (operation) => plugin.handles(operation),
      ...(plugin.admit === undefined ? {} : { admit: measure('admit') }),
      ...(plugin.validate === undefined ? {} : { validate: measure('validate') }),
      ...(plugin.stop === undefined ? {} : { stop: () => plugin.stop!() }),
    };
  }
}

async function timed(
  work: Promise<void>,
  before: number,
  done: (before: number, rejected: boolean) => void,
): Promise<void> {
  let rejected = true;
  try {
    await work;
    rejected = false;
  } finally {
    done(before, rejected);
  }
}
