import type { Distribution, MetricsRegistry } from '../metrics/index.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long the rules of custom resources take to compile and to evaluate. */
export class RuleMetrics {
  readonly #compilation: Distribution;
  readonly #evaluation: Distribution;

  constructor(registry: MetricsRegistry) {
    const timed = (what: string, help: string): Distribution =>
      registry.histogram(`apiserver_cel_${what}_duration_seconds`, 'BETA', help, [], buckets).with();
    this.#compilation = timed('compilation', 'CEL compilation time in seconds.');
    this.#evaluation = timed('evaluation', 'CEL evaluation time in seconds.');
  }

  compiled<T>(work: () => T): T {
    return observed(this.#compilation, work);
  }

  evaluated<T>(work: () => T): T {
    return observed(this.#evaluation, work);
  }
}

function observed<T>(distribution: Distribution, work: () => T): T {
  const started = performance.now();
  try {
    return work();
  } finally {
    distribution.observe((performance.now() - started) / 1000);
  }
}
