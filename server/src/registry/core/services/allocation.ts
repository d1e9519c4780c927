import { internalError, invalid, type StatusError } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { RestContext } from '../../generic/rest.ts';
import { type Family, familyOf, invalidValue, type Path, path } from '../../validation/index.ts';
import { ClusterIPAllocator, parseServiceRanges } from './cluster-ips.ts';
import { initializeFamilies, keepsPreferDualStack, normalizeClusterIPs } from './families.ts';
import { AllocationError, NodePortAllocator, parsePortRange } from './node-ports.ts';
import { memoryRanges } from './ranges.ts';
import {
  allNodePortsOf,
  allocatesNodePorts,
  isHeadless,
  mayHaveNodePorts,
  needsClusterIP,
  needsHealthCheckNodePort,
  nodePortsOf,
} from './shape.ts';

export type Finish = (succeeded: boolean) => Promise<void>;

const SERVICES = { group: '', resource: 'services' };

/**
 * Addresses and ports of Services. A write allocates before it is stored; the function it gets back then keeps the
 * allocation or gives it back, and gives back what the Service no longer uses. A dry run allocates nothing.
 */
export class ServiceAllocation {
  readonly nodePorts: NodePortAllocator;
  readonly #families: readonly Family[];
  readonly #addresses: ReadonlyMap<string, ClusterIPAllocator>;

  constructor(dependencies: RegistryDependencies) {
    const { registry, allocatorMetrics: metrics, random = Math.random } = dependencies;
    const ranges = parseServiceRanges(dependencies.serviceClusterIPRange);
    this.#families = ranges.map((range) => range.family);
    this.#addresses = new Map(
      this.#families.map((family) => [family, new ClusterIPAllocator(family, ranges, registry, random, metrics)]),
    );
    this.nodePorts = new NodePortAllocator(
      parsePortRange(dependencies.nodePortRange),
      dependencies.ranges ?? memoryRanges(),
      async () => (await registry.list<Service>(SERVICES)).flatMap(allNodePortsOf),
      random,
      metrics,
    );
    metrics?.watch({
      registry,
      ranges: async () => (await Promise.all([...this.#addresses.values()].map((each) => each.capacities()))).flat(),
      ports: this.nodePorts,
    });
  }

  async beginCreate(service: Service, context: RestContext): Promise<Finish> {
    normalizeClusterIPs(service, undefined);
    const transaction = new Transaction(this.nodePorts, this.#addresses, context.dryRun);
    return transaction.run(async () => {
      initializeFamilies(service, undefined, this.#families);
      await transaction.allocateAddresses(service);
      if (mayHaveNodePorts(service)) await transaction.allocateNodePorts(service);
      if (needsHealthCheckNodePort(service)) await transaction.allocateHealthCheck(service);
    });
  }

  async beginUpdate(service: Service, old: Readonly<Service>, context: RestContext): Promise<Finish> {
    takeOverAllocated(service, old);
    normalizeClusterIPs(service, old);
    const transaction = new Transaction(this.nodePorts, this.#addresses, context.dryRun);
    return transaction.run(async () => {
      initializeFamilies(service, old, this.#families);
      if (!keepsPreferDualStack(service, old)) await this.#updateAddresses(service, old, transaction);
      if (mayHaveNodePorts(service)) {
        await transaction.updateNodePorts(service, nodePortsOf(old));
        const kept = new Set(nodePortsOf(service));
        transaction.releaseLater(nodePortsOf(old).filter((port) => !kept.has(port)));
      } else if (mayHaveNodePorts(old)) {
        transaction.releaseLater(nodePortsOf(old));
      }
      if (needsHealthCheckNodePort(service) && !needsHealthCheckNodePort(old))
        await transaction.allocateHealthCheck(service);
      else if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(service)) {
        transaction.releaseLater([old.spec?.healthCheckNodePort ?? 0]);
      }
    });
  }

  async release(service: Service): Promise<void> {
    if (needsClusterIP(service) && !isHeadless(service)) {
      for (const address of service.spec?.clusterIPs ?? [])
        await this.#addresses.get(familyOf(address) ?? '')?.release(address);
    }
    await this.nodePorts.release(allNodePortsOf(service));
  }

  async #updateAddresses(service: Service, old: Readonly<Service>, transaction: Transaction): Promise<void> {
    const had = old.spec?.clusterIPs ?? [];
    if (!needsClusterIP(old) && needsClusterIP(service)) return transaction.allocateAddresses(service);
    if (isHeadless(old)) return;
    if (needsClusterIP(old) && !needsClusterIP(service)) {
      transaction.releaseAddressesLater(had);
      return;
    }
    const before = (old.spec?.ipFamilies ?? []).length;
    const after = (service.spec?.ipFamilies ?? []).length;
    if (before === 1 && after === 2) await transaction.allocateAddresses(service, 1);
    else if (before === 2 && after === 1) transaction.releaseAddressesLater(had.slice(1));
  }
}

/** What a client that read the Service before it had addresses would take away by writing it back. */
export function takeOverAllocated(service: Service, old: Readonly<Service>): void {
  const after = service.spec;
  const before = old.spec;
  if (!after || !before) return;
  if (needsClusterIP(old) && needsClusterIP(service)) {
    if (!after.clusterIP && before.clusterIP) after.clusterIP = before.clusterIP;
    if ((after.clusterIPs ?? []).length === 0 && (before.clusterIPs ?? []).length > 0)
      after.clusterIPs = [...(before.clusterIPs ?? [])];
  }
  if (allocatesNodePorts(old) && allocatesNodePorts(service)) {
    const stillUsed = new Set(nodePortsOf(service));
    const used = new Set(nodePortsOf(old).filter((port) => stillUsed.has(port)));
    const byName = new Map((before.ports ?? []).map((port) => [port.name ?? '', port.nodePort ?? 0]));
    for (const port of after.ports ?? []) {
      const earlier = byName.get(port.name ?? '') ?? 0;
      if (!port.nodePort && earlier !== 0 && !used.has(earlier)) port.nodePort = earlier;
    }
  }
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(service) && before.healthCheckNodePort) {
    after.healthCheckNodePort ||= before.healthCheckNodePort;
  }
}

/** Where upstream's dry runs start to count, one past the last node port. */
const NO_PORT = 32768;

/** What one write has taken so far, and what it will give back. */
class Transaction {
  readonly #nodePorts: NodePortAllocator;
  readonly #addresses: ReadonlyMap<string, ClusterIPAllocator>;
  readonly #dryRun: boolean;
  readonly #taken: { ports: number[]; addresses: string[] } = { ports: [], addresses: [] };
  readonly #released: { ports: number[]; addresses: string[] } = { ports: [], addresses: [] };

  constructor(nodePorts: NodePortAllocator, addresses: ReadonlyMap<string, ClusterIPAllocator>, dryRun: boolean) {
    this.#nodePorts = nodePorts;
    this.#addresses = addresses;
    this.#dryRun = dryRun;
  }

  /** Gives back what was taken if `allocate` fails half way. */
  async run(allocate: () => Promise<void>): Promise<Finish> {
    try {
      await allocate();
    } catch (error) {
      await this.#giveBack(this.#taken);
      throw error;
    }
    return (succeeded) => this.#giveBack(succeeded ? this.#released : this.#taken);
  }

  releaseLater(ports: readonly number[]): void {
    this.#released.ports.push(...ports);
  }

  releaseAddressesLater(addresses: readonly string[]): void {
    this.#released.addresses.push(...addresses);
  }

  async allocateAddresses(service: Service, from = 0): Promise<void> {
    const spec = service.spec;
    if (!spec || !needsClusterIP(service) || isHeadless(service)) return;
    const families = spec.ipFamilies ?? [];
    // Refusals show the addresses with gaps where some are still to be found.
    spec.clusterIPs = [...(spec.clusterIPs ?? [])];
    while (spec.clusterIPs.length < families.length) spec.clusterIPs.push('');
    const addresses = [...spec.clusterIPs];
    for (const [index, family] of families.entries()) {
      const allocator = this.#addresses.get(family);
      if (index < from || !allocator) continue;
      addresses[index] = await this.#allocateAddress(service, allocator, addresses[index] ?? '');
    }
    spec.clusterIPs = addresses;
    if (addresses[0] !== undefined) spec.clusterIP = addresses[0];
  }

  async #allocateAddress(service: Service, allocator: ClusterIPAllocator, wanted: string): Promise<string> {
    try {
      if (wanted !== '') await allocator.allocate(wanted, service, this.#dryRun);
      const address = wanted !== '' ? wanted : await allocator.allocateNext(service, this.#dryRun);
      if (!this.#dryRun) this.#taken.addresses.push(address);
      return address;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof AllocationError && error.code === 'full' && wanted === '') {
        const name = JSON.stringify(service.metadata?.name ?? '');
        throw internalError(`failed to allocate a serviceIP for Service ${name}: ${message}`);
      }
      const what = wanted === '' ? 'failed to allocate IP' : `failed to allocate IP ${wanted}`;
      throw invalidService(service, path('spec', 'clusterIPs'), service.spec?.clusterIPs ?? [], `${what}: ${message}`);
    }
  }

  /** Of a new Service: one port number over several protocols (DNS) gets one node port. */
  async allocateNodePorts(service: Service): Promise<void> {
    const ports = service.spec?.ports ?? [];
    const chosen = new Map<number, number>();
    for (const [index, port] of ports.entries()) {
      if (!port.nodePort && !allocatesNodePorts(service)) continue;
      const at = path('spec', 'ports').index(index).child('nodePort');
      const shared = chosen.get(port.port);
      if (shared === undefined) {
        const wanted = requestedFor(ports, port.port);
        if (wanted !== 0) await this.#allocateNodePort(service, wanted, at);
        port.nodePort = wanted === 0 ? await this.#nextNodePort('a nodePort') : wanted;
        chosen.set(port.port, port.nodePort);
      } else if (!port.nodePort) port.nodePort = shared;
      else if (port.nodePort !== shared) await this.#allocateNodePort(service, port.nodePort, at);
    }
  }

  /** `held`: ports that are this Service's already. */
  async updateNodePorts(service: Service, held: readonly number[]): Promise<void> {
    const own = new Set(held);
    for (const [index, port] of (service.spec?.ports ?? []).entries()) {
      if (!port.nodePort && !allocatesNodePorts(service)) continue;
      if (!port.nodePort) port.nodePort = await this.#nextNodePort('a nodePort');
      else if (!own.has(port.nodePort)) {
        await this.#allocateNodePort(service, port.nodePort, path('spec', 'ports').index(index).child('nodePort'));
        own.add(port.nodePort);
      }
    }
  }

  async #allocateNodePort(service: Service, port: number, at: Path): Promise<void> {
    try {
      await this.#takePort(port);
    } catch (error) {
      if (error instanceof AllocationError) throw invalidService(service, at, port, error.message);
      throw error;
    }
  }

  async #takePort(port: number): Promise<void> {
    if (!this.#dryRun) await this.#nodePorts.allocate(port);
    // As upstream, which looks at the range only when it allocates.
    else if (this.#taken.ports.includes(port) || (await this.#nodePorts.has(port)))
      throw new AllocationError('allocated', 'provided port is already allocated');
    this.#taken.ports.push(port);
  }

  async #nextNodePort(what: string): Promise<number> {
    try {
      // A dry run shows a port that cannot be.
      const port = this.#dryRun ? Math.max(...this.#taken.ports, NO_PORT) + 1 : await this.#nodePorts.allocateNext();
      this.#taken.ports.push(port);
      return port;
    } catch (error) {
      if (error instanceof AllocationError) throw internalError(`failed to allocate ${what}: ${error.message}`);
      throw error;
    }
  }

  async allocateHealthCheck(service: Service): Promise<void> {
    const spec = service.spec;
    if (!spec) return;
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) {
      spec.healthCheckNodePort = await this.#nextNodePort('a HealthCheck NodePort 0');
      return;
    }
    try {
      await this.#takePort(wanted);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${error.message}`);
    }
  }

  async #giveBack({ ports, addresses }: { ports: readonly number[]; addresses: readonly string[] }): Promise<void> {
    if (this.#dryRun) return;
    if (ports.length > 0) await this.#nodePorts.release(ports);
    for (const address of addresses) await this.#addresses.get(familyOf(address) ?? '')?.release(address);
  }
}

function requestedFor(ports: readonly { port: number; nodePort?: number }[], port: number): number {
  return ports.find((other) => other.port === port && other.nodePort)?.nodePort ?? 0;
}

function invalidService(service: Service, at: Path, value: unknown, message: string): StatusError {
  return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', [invalidValue(at, value, message)]);
}
