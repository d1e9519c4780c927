/** Calls of etcd's KV service, and how many entries share a lease. */
import { codeName } from '../../grpc/codes.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';

export interface EtcdObserver {
  /** A unary call begins; what it returns is told how it ended: the code of gRPC. */
  call(path: string): (code: number) => void;
  /** A lease is given up for another one: how many entries it got. */
  leaseFilled(entries: number): void;
}

export function etcdMetrics(registry: MetricsRegistry): EtcdObserver {
  const method = ['grpc_method', 'grpc_service', 'grpc_type'];
  const counter = (name: string, help: string, labels: readonly string[]) =>
    registry.counter(`grpc_client_${name}_total`, undefined, help, labels);
  const started = counter('started', 'Total number of RPCs started on the client.', method);
  const handled = counter(
    'handled',
    'Total number of RPCs completed by the client, regardless of success or failure.',
    ['grpc_code', ...method],
  );
  const sent = counter('msg_sent', 'Total number of gRPC stream messages sent by the client.', method);
  const received = counter('msg_received', 'Total number of RPC stream messages received by the client.', method);
  const leases = registry
    .histogram(
      'etcd_lease_object_counts',
      'ALPHA',
      'Number of objects attached to a single etcd lease.',
      [],
      [10, 50, 100, 500, 1000, 2500, 5000],
    )
    .with();
  return {
    call(path) {
      const [service = '', name = ''] = path.slice(1).split('/');
      const labels = [name, service, 'unary'];
      started.with(...labels).inc();
      sent.with(...labels).inc();
      return (code) => {
        handled.with(codeName(code), ...labels).inc();
        if (code === 0) received.with(...labels).inc();
      };
    },
    leaseFilled: (entries) => leases.observe(entries),
  };
}
