/**
 * Cluster IPs as upstream allocates them since 1.33: an address belongs to a Service if an IPAddress object of that name
 * says so. Creating that object is the allocation, so storage decides races between API servers.
 */

import { isAlreadyExists, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { IPAddress, ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import ipaddr from 'ipaddr.js';
import type { RegistryReader } from '../../generic/rest.ts';
import { type Cidr, canonicalAddress, cidrContains, type Family, parseCidr } from '../../validation/index.ts';
import type { AllocatorMetrics, Scope } from './metrics.ts';
import { AllocationError } from './node-ports.ts';

export const ADDRESSES = { group: 'networking.k8s.io', resource: 'ipaddresses' };
export const CIDRS = { group: 'networking.k8s.io', resource: 'servicecidrs' };
export const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
export const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
export const MANAGED_BY = 'ipallocator.k8s.io';

/** The flag's CIDRs, checked. */
export function parseServiceRanges(text: string): Cidr[] {
  const cidrs = text.split(',').map((part) => parseCidr(part.trim()));
  if (cidrs.some((cidr) => cidr === undefined) || cidrs.length > 2) {
    throw new Error(`${JSON.stringify(text)} is not one or two service cluster IP ranges`);
  }
  return cidrs.filter((cidr) => cidr !== undefined);
}

export class ClusterIPAllocator {
  readonly family: Family;
  readonly #configured: readonly Cidr[];
  readonly #registry: RegistryReader;
  readonly #random: () => number;
  readonly #metrics: AllocatorMetrics | undefined;

  constructor(
    family: Family,
    configured: readonly Cidr[],
    registry: RegistryReader,
    random: () => number,
    metrics?: AllocatorMetrics,
  ) {
    this.family = family;
    this.#metrics = metrics;
    this.#configured = configured.filter((cidr) => cidr.family === family);
    this.#registry = registry;
    this.#random = random;
  }

  /** A certain address. */
  async allocate(address: string, service: Service, dryRun: boolean): Promise<void> {
    const ranges = await this.#ranges();
    const name = canonicalAddress(address);
    const range = ranges.find((each) => within(each, name));
    await this.#counted(dryRun, range ?? ranges[0], 'static', () =>
      this.#allocate(address, name, range === undefined ? ranges : undefined, service, dryRun),
    );
  }

  /** `missed`: the ranges, where none of them holds the address. */
  async #allocate(
    address: string,
    name: string,
    missed: readonly Cidr[] | undefined,
    service: Service,
    dryRun: boolean,
  ): Promise<void> {
    if (missed !== undefined) {
      if (!dryRun) throw new AllocationError('notInRange', 'the provided network does not match the current range');
      const valid = missed.map((range) => `${range.network}/${range.prefix}`).join(', ');
      const message = `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${valid}`;
      throw new AllocationError('notInRange', message);
    }
    if (dryRun) return;
    if (!(await this.#create(name, service)))
      throw new AllocationError('allocated', 'provided IP is already allocated');
  }

  /** Any free address, from the upper part of the range while there is one (KEP-3070). */
  async allocateNext(service: Service, dryRun: boolean): Promise<string> {
    const ranges = await this.#ranges();
    return this.#counted(dryRun, ranges[0], 'dynamic', () => this.#allocateNext(ranges, service, dryRun));
  }

  async #allocateNext(ranges: readonly Cidr[], service: Service, dryRun: boolean): Promise<string> {
    for (const range of ranges) {
      // A dry run promises nothing, so any address of the range shows what would come.
      if (dryRun) return addressAt(range, 0n);
      const { size, reserved } = dimensions(range);
      const taken = new Set<string>();
      const address =
        (await this.#firstFree(range, reserved, size, taken, service)) ??
        (await this.#firstFree(range, 0n, reserved, taken, service));
      if (address !== undefined) return address;
    }
    throw new AllocationError('full', 'range is full');
  }

  #counted<T>(dryRun: boolean, range: Cidr | undefined, scope: Scope, allocate: () => Promise<T>): Promise<T> {
    return dryRun || this.#metrics === undefined ? allocate() : this.#metrics.address(range, scope, allocate);
  }

  /** What there is to allocate from. */
  async capacities(): Promise<{ range: Cidr; size: bigint }[]> {
    return (await this.#ranges()).map((range) => ({ range, size: dimensions(range).size }));
  }

  async release(address: string): Promise<void> {
    try {
      await this.#registry.delete(ADDRESSES, '', canonicalAddress(address));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #firstFree(
    range: Cidr,
    start: bigint,
    end: bigint,
    taken: Set<string>,
    service: Service,
  ): Promise<string | undefined> {
    const length = end - start;
    if (length <= 0n) return undefined;
    const from = BigInt(Math.floor(this.#random() * Number(length < MAX_RANDOM ? length : MAX_RANDOM)));
    for (let step = 0n; step < length; step++) {
      const address = addressAt(range, start + ((from + step) % length) + 1n);
      if (taken.has(address)) continue;
      if (await this.#create(address, service)) return address;
      // The first collision says the range is in use: learn what is taken instead of trying one after another.
      if (taken.size === 0)
        for (const { metadata } of await this.#registry.list<IPAddress>(ADDRESSES)) taken.add(metadata?.name ?? '');
      taken.add(address);
    }
    return undefined;
  }

  /** False if someone has it. */
  async #create(address: string, service: Service): Promise<boolean> {
    try {
      await this.#registry.create(ADDRESSES, '', ipAddressFor(address, this.family, service) as KubernetesObject);
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  async #ranges(): Promise<Cidr[]> {
    const objects = await this.#registry.list<ServiceCIDR>(CIDRS);
    const ready = objects.filter(isUsable).flatMap((object) => object.spec?.cidrs ?? []);
    const parsed = ready.map(parseCidr).filter((cidr) => cidr !== undefined && cidr.family === this.family);
    // Until the default ServiceCIDR is written the flag speaks for it.
    return parsed.length > 0 ? parsed.filter((cidr) => cidr !== undefined) : [...this.#configured];
  }
}

const MAX_RANDOM = 2n ** 52n;

/** Without a condition no controller has objected. */
function isUsable(object: ServiceCIDR): boolean {
  const ready = (object.status?.conditions ?? []).find((condition) => condition.type === 'Ready');
  return object.metadata?.deletionTimestamp === undefined && (ready === undefined || ready.status === 'True');
}

export function ipAddressFor(address: string, family: Family, service: Service): IPAddress {
  const { namespace = '', name = '' } = service.metadata ?? {};
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: address, labels: { [FAMILY_LABEL]: family, [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

/** Usable addresses are network+1 … network+size; IPv4 also spares the broadcast address. */
function dimensions(range: Cidr): { size: bigint; reserved: bigint } {
  const bits = BigInt((range.family === 'IPv4' ? 32 : 128) - range.prefix);
  const all = 1n << bits;
  const usable = range.family === 'IPv4' ? all - 2n : all - 1n;
  const size = usable < 0n ? 0n : usable;
  if (all <= 16n) return { size, reserved: 0n };
  const part = all / 16n;
  const reserved = part < 16n ? 16n : part > 256n ? 256n : part;
  return { size, reserved: reserved < size ? reserved : 0n };
}

function within(range: Cidr, address: string): boolean {
  if (!cidrContains(range, address)) return false;
  const offset = toBigInt(address) - toBigInt(range.network);
  return offset >= 1n && offset <= dimensions(range).size;
}

function addressAt(range: Cidr, offset: bigint): string {
  return fromBigInt(toBigInt(range.network) + offset, range.family);
}

function toBigInt(address: string): bigint {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function fromBigInt(value: bigint, family: Family): string {
  const length = family === 'IPv4' ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}
