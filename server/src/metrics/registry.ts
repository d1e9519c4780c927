/** What /metrics shows: metrics in the order of their names, gathered when somebody asks. */
import type { Metric } from './instruments.ts';

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: (() => void | Promise<void>)[] = [];

  register<T extends Metric>(metric: T): T {
    if (this.#metrics.has(metric.name)) throw new Error(`metric ${metric.name} is registered twice`);
    this.#metrics.set(metric.name, metric);
    return metric;
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
