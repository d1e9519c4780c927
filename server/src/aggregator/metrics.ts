import { Counter, Gauge, type MetricsRegistry } from '../metrics/index.ts';

/** Upstream's figures about the availability of APIServices. */
export class AvailabilityMetrics {
  readonly #unavailable: Gauge;
  readonly #lost: Counter;

  constructor(registry: MetricsRegistry) {
    this.#unavailable = registry.register(
      new Gauge({
        name: 'aggregator_unavailable_apiservice',
        help: 'Gauge of APIServices which are marked as unavailable broken down by APIService name.',
        stability: 'ALPHA',
        labels: ['name'],
      }),
    );
    this.#lost = registry.register(
      new Counter({
        name: 'aggregator_unavailable_apiservice_total',
        help: 'Counter of APIServices which are marked as unavailable broken down by APIService name and reason.',
        stability: 'ALPHA',
        labels: ['name', 'reason'],
      }),
    );
  }

  /** What this server serves itself is never unavailable. */
  local(name: string, present: boolean): void {
    if (present) this.#unavailable.with(name).set(0);
    else this.#unavailable.remove(name);
  }

  /** Undefined where the APIService has gone. */
  observe(name: string, verdict: { status: string; reason: string } | undefined, changed: boolean): void {
    if (verdict === undefined) {
      this.#unavailable.remove(name);
      return;
    }
    const available = verdict.status === 'True';
    this.#unavailable.with(name).set(available ? 0 : 1);
    if (!available && changed) this.#lost.with(name, verdict.reason).inc();
  }
}
