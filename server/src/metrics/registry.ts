/** What /metrics shows: metrics in the order of their names, gathered when somebody asks. */
import { Counter, Gauge, Histogram, type Metric, type Stability } from './instruments.ts';

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: (() => void | Promise<void>)[] = [];

  register<T extends Metric>(metric: T): T {
    if (this.#metrics.has(metric.name)) throw new Error(`metric ${metric.name} is registered twice`);
    this.#metrics.set(metric.name, metric);
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
    for (const { stability } of this.#metrics.values()) {
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
    const metrics = [...this.#metrics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const lines = metrics.flatMap((metric) => metric.expose());
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }
}
