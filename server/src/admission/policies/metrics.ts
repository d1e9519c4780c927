/** Checks of admission policies, by policy and binding. */
import type { Counter, Histogram, MetricsRegistry } from '../../metrics/index.ts';

const buckets = [0.000_000_5, 0.001, 0.01, 0.1, 1];

export class PolicyMetrics {
  readonly #checks: Counter;
  readonly #checkDurations: Histogram;
  readonly #mutations: Counter;
  readonly #mutationDurations: Histogram;

  constructor(registry: MetricsRegistry) {
    const validating = ['policy', 'policy_binding', 'error_type', 'enforcement_action'];
    this.#checks = registry.counter(
      'apiserver_validating_admission_policy_check_total',
      'BETA',
      'Validation admission policy check total, labeled by policy and further identified by binding and enforcement action taken.',
      validating,
    );
    this.#checkDurations = registry.histogram(
      'apiserver_validating_admission_policy_check_duration_seconds',
      'BETA',
      'Validation admission latency for individual validation expressions in seconds, labeled by policy and further including binding and enforcement action taken.',
      validating,
      buckets,
    );
    const mutating = ['policy', 'policy_binding', 'error_type'];
    this.#mutations = registry.counter(
      'apiserver_mutating_admission_policy_check_total',
      'ALPHA',
      'Mutation admission policy check total, labeled by policy and further identified by binding.',
      mutating,
    );
    this.#mutationDurations = registry.histogram(
      'apiserver_mutating_admission_policy_check_duration_seconds',
      'ALPHA',
      'Mutation admission latency for individual mutation expressions in seconds, labeled by policy and binding.',
      mutating,
      buckets,
    );
  }

  /** A validation that did not hold, or failed, and what that led to. Those that hold are not counted, as upstream. */
  checked(policy: string, binding: string, action: string, message: string, seconds: number): void {
    const labels = [policy, binding, errorType(message), action];
    this.#checks.with(...labels).inc();
    this.#checkDurations.with(...labels).observe(seconds);
  }

  mutated(policy: string, binding: string, error: string | undefined, seconds: number): void {
    const labels = [policy, binding, error === undefined ? 'no_error' : errorType(error)];
    this.#mutations.with(...labels).inc();
    this.#mutationDurations.with(...labels).observe(seconds);
  }
}

function errorType(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error';
  if (message.startsWith('validation failed due to running out of cost budget')) return 'out_of_budget';
  return 'invalid_error';
}
