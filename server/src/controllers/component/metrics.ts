/** What a component tells of itself on /metrics: its build, its lease, its requests, and the process. */
import type { RestClientObserver } from '@typernetes/openapi/client';
import { MetricsRegistry, restClientMetrics, showBuild } from '../../metrics/index.ts';

export class ComponentMetrics {
  readonly registry = new MetricsRegistry();
  readonly client: RestClientObserver = restClientMetrics(this.registry);
  readonly #leads = this.registry.gauge(
    'leader_election_master_status',
    'ALPHA',
    "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    ['name'],
  );

  constructor() {
    showBuild(this.registry);
  }

  /** For `startLeading`. */
  leads(lease: string): (holds: boolean) => void {
    return (holds) => this.#leads.with(lease).set(holds ? 1 : 0);
  }

  async text(): Promise<string> {
    const { processMetrics } = await import('../../metrics/process.ts');
    return (await this.registry.text()) + (await processMetrics());
  }
}
