import type { RestClientObserver } from '@typernetes/openapi/client';
import type { MetricsRegistry } from './registry.ts';

const seconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const bytes = [64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/** rest_client_*: what is asked of other servers, and how they answer. */
export function restClientMetrics(registry: MetricsRegistry): RestClientObserver {
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
