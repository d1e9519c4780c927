/** What /metrics shows: metrics in the order of their names, gathered when somebody asks. */
import { exposeHidden, type HiddenMetric, hiddenMetrics } from './hidden.ts';
import { Counter, Gauge, Histogram, type Metric, type Stability } from './instruments.ts';
import type { MetricRestrictions } from './restrictions.ts';

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: (() => void | Promise<void>)[] = [];
  #restrictions: MetricRestrictions = { disabled: new Set(), allowedLabels: new Map(), showHidden: false };
  /** How often a label had a value that is not allowed. */
  unexpectedValues = 0;

  /** Holds for all metrics, also those that are registered already: nothing must have been counted yet. */
  restrict(restrictions: MetricRestrictions): void {
    this.#restrictions = restrictions;
    for (const metric of this.#metrics.values()) this.#constrain(metric);
  }

  #constrain(metric: Metric): void {
    const allowed = this.#restrictions.allowedLabels.get(metric.name);
    if (allowed !== undefined) metric.allowOnly?.(allowed, () => this.unexpectedValues++);
  }

  get disabledCount(): number {
    return this.#restrictions.disabled.size;
  }

  /** How many are not shown, though they are counted or could be. */
  get hiddenCount(): number {
    const { disabled, showHidden } = this.#restrictions;
    const unshown = [...disabled].filter((name) => this.#metrics.has(name)).length;
    return unshown + (showHidden ? 0 : this.#hidden().length);
  }

  #shown(): Metric[] {
    return [...this.#metrics.values()].filter(({ name }) => !this.#restrictions.disabled.has(name));
  }

  #hidden(): HiddenMetric[] {
    const { disabled } = this.#restrictions;
    return hiddenMetrics.filter(({ name, of }) => this.#metrics.has(of) && !disabled.has(name));
  }

  register<T extends Metric>(metric: T): T {
    if (this.#metrics.has(metric.name)) throw new Error(`metric ${metric.name} is registered twice`);
    this.#metrics.set(metric.name, metric);
    this.#constrain(metric);
    return metric;
  }

  /** What has no labels is shown from the beginning, as 0. */
  counter(name: string, stability: Stability | undefined, help: string, labels: readonly string[] = []): Counter {
    const counter = this.register(new Counter({ name, stability, help, labels }));
    if (labels.length === 0) counter.with();
    return counter;
  }

  gauge(name: string, stability: Stability, help: string, labels: readonly string[] = []): Gauge {
    const gauge = this.register(new Gauge({ name, stability, help, labels }));
    if (labels.length === 0) gauge.with();
    return gauge;
  }

  histogram(
    name: string,
    stability: Stability,
    help: string,
    labels: readonly string[],
    buckets: readonly number[],
  ): Histogram {
    const histogram = this.register(new Histogram({ name, stability, help, labels, buckets }));
    if (labels.length === 0) histogram.with();
    return histogram;
  }

  countByStability(): Map<Stability, number> {
    const counts = new Map<Stability, number>();
    for (const { stability } of this.#shown()) {
      if (stability !== undefined) counts.set(stability, (counts.get(stability) ?? 0) + 1);
    }
    return counts;
  }

  /** Called before each scrape, to set gauges that nobody counts along. */
  collect(collector: () => void | Promise<void>): void {
    this.#collectors.push(collector);
  }

  async text(): Promise<string> {
    await Promise.all(this.#collectors.map(async (collector) => collector()));
    const shown = this.#shown().map((metric) => ({ name: metric.name, expose: () => metric.expose() }));
    if (this.#restrictions.showHidden) {
      for (const hidden of this.#hidden())
        shown.push({ name: hidden.name, expose: () => exposeHidden(hidden, this.#metrics.get(hidden.of)!) });
    }
    shown.sort((a, b) => (a.name < b.name ? -1 : 1));
    const lines = shown.flatMap((metric) => metric.expose());
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }
}
