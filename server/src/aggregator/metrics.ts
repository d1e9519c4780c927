import { Counter, Gauge, type Registry } from 'prom-client';

/** Upstream's figures about the availability of APIServices. */
export class AvailabilityMetrics {
  readonly #unavailable: Gauge;
  readonly #lost: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#unavailable = new Gauge({
      name: 'aggregator_unavailable_apiservice',
      help: 'Gauge of APIServices which are marked as unavailable broken down by APIService name.',
      labelNames: ['name'],
      registers,
    });
    this.#lost = new Counter({
      name: 'aggregator_unavailable_apiservice_total',
      help: 'Counter of APIServices which are marked as unavailable broken down by APIService name and reason.',
      labelNames: ['name', 'reason'],
      registers,
    });
  }

  /** Undefined where the APIService has gone. */
  observe(name: string, verdict: { status: string; reason: string } | undefined, changed: boolean): void {
    if (verdict === undefined) {
      this.#unavailable.remove({ name });
      return;
    }
    const available = verdict.status === 'True';
    this.#unavailable.set({ name }, available ? 0 : 1);
    if (!available && changed) this.#lost.inc({ name, reason: verdict.reason });
  }
}
