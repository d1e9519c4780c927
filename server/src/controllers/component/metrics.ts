/** What a component tells of itself on /metrics: its build, its lease, its requests, and the process. */
import type { RestClientObserver } from '@typernetes/openapi/client';
import { MetricsRegistry, showBuild } from '../../metrics/index.ts';

const seconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const bytes = [64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

export class ComponentMetrics {
  readonly registry = new MetricsRegistry();
  readonly client: RestClientObserver = clientObserver(this.registry);
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

/** rest_client_*: what is asked of the API server, and how it answers. */
function clientObserver(registry: MetricsRegistry): RestClientObserver {
  const requests = registry.counter(
    'rest_client_requests_total',
    'ALPHA',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    registry.histogram(`rest_client_${name}`, 'ALPHA', help, ['verb', 'host'], buckets);
  const durations = histogram(
    'request_duration_seconds',
    'Request latency in seconds. Broken down by verb, and host.',
    seconds,
  );
  const sent = histogram('request_size_bytes', 'Request size in bytes. Broken down by verb and host.', bytes);
  const received = histogram('response_size_bytes', 'Response size in bytes. Broken down by verb and host.', bytes);
  return {
    answered(method, host, status, duration, sentBytes) {
      requests.with(status === undefined ? '<error>' : String(status), method, host).inc();
      durations.with(method, host).observe(duration);
      sent.with(method, host).observe(sentBytes);
    },
    received: (method, host, size) => received.with(method, host).observe(size),
  };
}
