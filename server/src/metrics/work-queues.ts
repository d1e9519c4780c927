/** workqueue_*: what waits for a controller and how long its work takes. */
import type { WorkQueueObserver } from '@typernetes/openapi/client';
import type { Counter, Gauge, Histogram } from './instruments.ts';
import type { MetricsRegistry } from './registry.ts';

const buckets = [1e-8, 1e-7, 1e-6, 9.999999999999999e-6, 9.999999999999999e-5, 0.001, 0.01, 0.1, 1, 10];
const name = ['name'];

export class WorkQueueMetrics {
  readonly #depth: Gauge;
  readonly #adds: Counter;
  readonly #waited: Histogram;
  readonly #worked: Histogram;
  readonly #unfinished: Gauge;
  readonly #longest: Gauge;
  readonly #retries: Counter;
  /** Since when each key is worked on, by queue. */
  readonly #working = new Map<string, Map<unknown, number>>();

  constructor(registry: MetricsRegistry) {
    const help = 'How long in seconds';
    this.#depth = registry.gauge('workqueue_depth', 'BETA', 'Current depth of workqueue', name);
    this.#adds = registry.counter('workqueue_adds_total', 'BETA', 'Total number of adds handled by workqueue', name);
    this.#waited = registry.histogram(
      'workqueue_queue_duration_seconds',
      'BETA',
      `${help} an item stays in workqueue before being requested.`,
      name,
      buckets,
    );
    this.#worked = registry.histogram(
      'workqueue_work_duration_seconds',
      'BETA',
      `${help} processing an item from workqueue takes.`,
      name,
      buckets,
    );
    this.#unfinished = registry.gauge(
      'workqueue_unfinished_work_seconds',
      'BETA',
      "How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
      name,
    );
    this.#longest = registry.gauge(
      'workqueue_longest_running_processor_seconds',
      'BETA',
      'How many seconds has the longest running processor for workqueue been running.',
      name,
    );
    this.#retries = registry.counter(
      'workqueue_retries_total',
      'BETA',
      'Total number of retries handled by workqueue',
      name,
    );
    registry.collect(() => this.#lookAtWork());
  }

  /** For the queue of this name. */
  queue(queue: string): WorkQueueObserver {
    const [depth, adds, retries] = [this.#depth.with(queue), this.#adds.with(queue), this.#retries.with(queue)];
    const [waited, worked] = [this.#waited.with(queue), this.#worked.with(queue)];
    const waiting = new Map<unknown, number>();
    const working = new Map<unknown, number>();
    this.#working.set(queue, working);
    return {
      added(key) {
        waiting.set(key, performance.now());
        adds.inc();
        depth.inc();
      },
      got(key) {
        const now = performance.now();
        waited.observe((now - (waiting.get(key) ?? now)) / 1000);
        waiting.delete(key);
        working.set(key, now);
        depth.dec();
      },
      done(key) {
        const now = performance.now();
        worked.observe((now - (working.get(key) ?? now)) / 1000);
        working.delete(key);
      },
      retried: () => retries.inc(),
    };
  }

  #lookAtWork(): void {
    const now = performance.now();
    for (const [queue, working] of this.#working) {
      const seconds = [...working.values()].map((since) => (now - since) / 1000);
      this.#unfinished.with(queue).set(seconds.reduce((sum, each) => sum + each, 0));
      this.#longest.with(queue).set(Math.max(0, ...seconds));
    }
  }
}
