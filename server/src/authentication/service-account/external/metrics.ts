/** How the external signer does. */
import { RpcError } from '../../../grpc/socket-client.ts';
import { Gauge, type MetricsRegistry } from '../../../metrics/index.ts';

const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class ExternalSignerMetrics {
  /** Told of every call; what it returns, of its code. */
  readonly call: (path: string) => (code: string) => void;
  readonly fetched: (error?: unknown) => void;
  readonly signed: (error?: unknown) => void;
  /** Seconds since 1970. */
  readonly dataTimestamp: (value: number) => void;

  constructor(registry: MetricsRegistry) {
    const name = (rest: string): string => `apiserver_externaljwt_${rest}`;
    // Shown once there is something to tell.
    const gauge = (rest: string, help: string): Gauge =>
      registry.register(new Gauge({ name: name(rest), stability: 'ALPHA', help }));
    const lastFetch = gauge(
      'fetch_keys_success_timestamp',
      'Unix Timestamp in seconds of the last successful FetchKeys request',
    );
    const data = gauge(
      'fetch_keys_data_timestamp',
      'Unix Timestamp in seconds of the last successful FetchKeys data_timestamp value returned by the external signer',
    );
    const attempts = (rest: string, help: string) => registry.counter(name(rest), 'ALPHA', help, ['code']);
    const fetches = attempts('fetch_keys_request_total', 'Total attempts at syncing supported JWKs');
    const signatures = attempts('sign_request_total', 'Total attempts at signing JWT');
    const durations = registry.histogram(
      name('request_duration_seconds'),
      'ALPHA',
      'Request duration and time for calls to external-jwt-signer',
      ['method', 'code'],
      seconds,
    );
    this.call = (path) => {
      const started = performance.now();
      return (code) => durations.with(path, code).observe((performance.now() - started) / 1000);
    };
    this.fetched = (error) => {
      fetches.with(codeOf(error)).inc();
      if (error === undefined) lastFetch.with().set(Date.now() / 1000);
    };
    this.signed = (error) => signatures.with(codeOf(error)).inc();
    this.dataTimestamp = (value) => data.with().set(value);
  }
}

/** What was wrong with an answer is no error of gRPC. */
function codeOf(error: unknown): string {
  if (error === undefined) return 'OK';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RpcError) return cause.code;
  }
  return 'unknown-non-grpc';
}
