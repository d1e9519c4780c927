import { formatTime, isAlreadyExists, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { IPAddress, ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import { canonicalAddress, familyOf } from '../../validation/index.ts';
import { ADDRESSES, CIDRS, ipAddressFor, MANAGED_BY, MANAGED_BY_LABEL, parseServiceRanges } from './cluster-ips.ts';
import { NodePortAllocator, parsePortRange } from './node-ports.ts';
import { memoryRanges } from './ranges.ts';
import { allNodePortsOf, isHeadless } from './shape.ts';

const SERVICES = { group: '', resource: 'services' };
/** A port that no Service held in this many runs in a row was lost by a crash between allocation and write. */
const RUNS_UNTIL_LEAKED = 3;
/** An address this young may belong to a Service that is just being written. */
const YOUNG_MILLISECONDS = 60_000;

/**
 * Puts the records of allocated addresses and ports right after crashes. The API server runs it at start and every few
 * minutes; any number of them may do so at once.
 */
export class ServiceAllocationRepair {
  readonly #dependencies: RegistryDependencies;
  readonly #ports: NodePortAllocator;
  readonly #unheld = new Map<number, number>();

  constructor(dependencies: RegistryDependencies) {
    this.#dependencies = dependencies;
    const ranges = dependencies.ranges ?? memoryRanges();
    this.#ports = new NodePortAllocator(
      parsePortRange(dependencies.nodePortRange),
      ranges,
      () => Promise.resolve([]),
      Math.random,
    );
  }

  /** Writes the ServiceCIDR `kubernetes` from the flag if there is none. */
  async ensureDefaultRange(now: Date): Promise<void> {
    const { registry, serviceClusterIPRange } = this.#dependencies;
    if (await registry.get<ServiceCIDR>(CIDRS, '', 'kubernetes')) return;
    const cidrs = parseServiceRanges(serviceClusterIPRange).map(({ network, prefix }) => `${network}/${prefix}`);
    const range: ServiceCIDR = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'kubernetes' },
      spec: { cidrs },
    };
    try {
      await registry.create(CIDRS, '', range as KubernetesObject);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return;
    }
    await registry.update<ServiceCIDR>(
      CIDRS,
      '',
      'kubernetes',
      (object) => {
        const message = 'Kubernetes default Service CIDR is ready';
        object.status = {
          conditions: [{ type: 'Ready', status: 'True', reason: '', message, lastTransitionTime: formatTime(now) }],
        };
        return object;
      },
      { subresource: 'status' },
    );
  }

  async run(now: Date): Promise<void> {
    const services = await this.#dependencies.registry.list<Service>(SERVICES);
    try {
      await this.#repairPorts(services);
    } catch (error) {
      this.#dependencies.allocatorMetrics?.repairErrors.with().inc();
      throw error;
    }
    await this.#repairAddresses(services, now);
  }

  async #repairPorts(services: readonly Service[]): Promise<void> {
    const held = new Set(services.flatMap(allNodePortsOf));
    // In this process's memory the Services are the record already.
    if (!this.#dependencies.ranges) return;
    await this.#ports.adopt(held);
    const leaked: number[] = [];
    const unheld = (await this.#ports.allocated()).filter((port) => !held.has(port));
    for (const port of this.#unheld.keys()) if (!unheld.includes(port)) this.#unheld.delete(port);
    for (const port of unheld) {
      const runs = (this.#unheld.get(port) ?? 0) + 1;
      this.#unheld.set(port, runs);
      if (runs >= RUNS_UNTIL_LEAKED) leaked.push(port);
    }
    await this.#ports.release(leaked);
    for (const port of leaked) this.#unheld.delete(port);
  }

  async #repairAddresses(services: readonly Service[], now: Date): Promise<void> {
    const { registry } = this.#dependencies;
    const owners = new Map<string, Service>();
    for (const service of services) {
      if (isHeadless(service)) continue;
      for (const address of service.spec?.clusterIPs ?? []) owners.set(canonicalAddress(address), service);
    }
    const objects = await registry.list<IPAddress>(ADDRESSES);
    const recorded = new Set(objects.map((object) => object.metadata?.name ?? ''));
    for (const [address, service] of owners) {
      const family = familyOf(address);
      if (recorded.has(address) || family === undefined) continue;
      try {
        await registry.create(ADDRESSES, '', ipAddressFor(address, family, service) as KubernetesObject);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
    for (const object of objects) {
      const { name = '', labels, creationTimestamp, uid } = object.metadata ?? {};
      if (owners.has(name) || labels?.[MANAGED_BY_LABEL] !== MANAGED_BY) continue;
      if (now.getTime() - Date.parse(creationTimestamp ?? formatTime(now)) < YOUNG_MILLISECONDS) continue;
      try {
        await registry.delete(ADDRESSES, '', name, uid === undefined ? {} : { uid });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}
