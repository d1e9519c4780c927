/** How many addresses and node ports Services have taken, and how often taking one failed. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { IPAddress } from '@typernetes/openapi/types/networking/v1';
import type { Counter, Histogram, MetricsRegistry } from '../../../metrics/index.ts';
import type { RegistryReader } from '../../generic/rest.ts';
import { type Cidr, cidrContains } from '../../validation/index.ts';
import { ADDRESSES } from './cluster-ips.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `static`: a certain one was asked for. */
export type Scope = 'static' | 'dynamic';

export interface Allocators {
  registry: Pick<RegistryReader, 'list'>;
  /** With how many addresses Services may have of each. */
  ranges: () => Promise<readonly { range: Cidr; size: bigint }[]>;
  ports: { allocated(): Promise<readonly number[]>; range: { size: number } };
}

export class AllocatorMetrics {
  readonly #registry: MetricsRegistry;
  readonly #addresses: { allocations: Counter; errors: Counter; duration: Histogram };
  readonly #ports: { allocations: Counter; errors: Counter };
  readonly repairErrors: Counter;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    const cidr = ['cidr'];
    const ip = 'kube_apiserver_clusterip_allocator_';
    this.#addresses = {
      allocations: registry.counter(`${ip}allocation_total`, 'ALPHA', 'Number of Cluster IPs allocations', [
        'cidr',
        'scope',
      ]),
      errors: registry.counter(
        `${ip}allocation_errors_total`,
        'ALPHA',
        'Number of errors trying to allocate Cluster IPs',
        ['cidr', 'scope'],
      ),
      duration: registry.histogram(
        `${ip}allocation_duration_seconds`,
        'ALPHA',
        'Duration in seconds to allocate a Cluster IP by ServiceCIDR',
        cidr,
        buckets,
      ),
    };
    const port = 'kube_apiserver_nodeport_allocator_';
    const scope = ['scope'];
    this.#ports = {
      allocations: registry.counter(`${port}allocation_total`, 'ALPHA', 'Number of NodePort allocations', scope),
      errors: registry.counter(
        `${port}allocation_errors_total`,
        'ALPHA',
        'Number of errors trying to allocate NodePort',
        scope,
      ),
    };
    this.repairErrors = registry.counter(
      'apiserver_nodeport_repair_reconcile_errors_total',
      'ALPHA',
      'Number of reconciliation failures on the nodeport repair reconcile loop',
    );
  }

  /** What is taken and what is free, looked at when somebody asks. */
  watch({ registry, ranges, ports }: Allocators): void {
    const gauge = (name: string, kind: string, help: string, labels: string[]) =>
      this.#registry.gauge(`kube_apiserver_${kind}_allocator_${name}`, 'ALPHA', `Gauge measuring ${help}`, labels);
    const taken = gauge('allocated_ips', 'clusterip', 'the number of allocated IPs for Services', ['cidr']);
    const free = gauge('available_ips', 'clusterip', 'the number of available IPs for Services', ['cidr']);
    const takenPorts = gauge('allocated_ports', 'nodeport', 'the number of allocated NodePorts for Services', []);
    const freePorts = gauge('available_ports', 'nodeport', 'the number of available NodePorts for Services', []);
    this.#registry.collect(async () => {
      const addresses = await registry.list<IPAddress & KubernetesObject>(ADDRESSES);
      taken.clear();
      free.clear();
      for (const { range, size } of await ranges()) {
        const count = addresses.filter(({ metadata }) => cidrContains(range, metadata?.name ?? '')).length;
        const cidr = `${range.network}/${range.prefix}`;
        taken.with(cidr).set(count);
        free.with(cidr).set(Number(size) - count);
      }
      const allocated = (await ports.allocated()).length;
      takenPorts.with().set(allocated);
      freePorts.with().set(ports.range.size - allocated);
    });
  }

  async address<T>(range: Cidr | undefined, scope: Scope, allocate: () => Promise<T>): Promise<T> {
    const cidr = range === undefined ? '' : `${range.network}/${range.prefix}`;
    const started = performance.now();
    const result = await counted(this.#addresses, [cidr, scope], allocate);
    this.#addresses.duration.with(cidr).observe((performance.now() - started) / 1000);
    return result;
  }

  port<T>(scope: Scope, allocate: () => Promise<T>): Promise<T> {
    return counted(this.#ports, [scope], allocate);
  }
}

async function counted<T>(
  { allocations, errors }: { allocations: Counter; errors: Counter },
  labels: readonly string[],
  allocate: () => Promise<T>,
): Promise<T> {
  try {
    const result = await allocate();
    allocations.with(...labels).inc();
    return result;
  } catch (error) {
    errors.with(...labels).inc();
    throw error;
  }
}
