/**
 * The Service `kubernetes` in `default` and its endpoints: the addresses of all API servers that are alive. Each one
 * keeps a lease with an expiry in storage; each one writes the endpoints from the leases it sees, so that a server that
 * dies without a word disappears when its lease does.
 */

import { isConflict, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import ipaddr from 'ipaddr.js';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { Storage } from '../../storage/storage.ts';
import { leaseIntervalMs, removeAddressLease, renewAddressLease } from './address-lease.ts';
import { ensureExists } from './ensure.ts';
import { repeat } from './repeat.ts';

const serviceName = 'kubernetes';
const namespace = 'default';

export interface KubernetesServiceOptions {
  registry: RegistryReader;
  storage: Storage;
  /** Ends in `/`. */
  root: string;
  serviceClusterIpRange: string;
  address: string;
  port: number;
  /** 0: a ClusterIP alone. */
  nodePort: number;
  /** False leaves the endpoints to somebody else. */
  endpoints: boolean;
  report: (error: unknown) => void;
}

export interface KubernetesServiceController {
  /** Takes this server out of the endpoints. */
  stop(): Promise<void>;
}

/** The first address of the first range: upstream's choice for the Service `kubernetes`. */
export function kubernetesServiceIp(range: string): string {
  const [address, prefix] = ipaddr.parseCIDR(range.split(',')[0]!.trim());
  const bytes =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${prefix}`).toByteArray()
      : ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${prefix}`).toByteArray();
  bytes[bytes.length - 1]! += 1;
  return ipaddr.fromByteArray(bytes).toString();
}

/** Resolves when the Service is there and its endpoints were tried once. A loopback address has none: it leads nowhere. */
export async function startKubernetesService(options: KubernetesServiceOptions): Promise<KubernetesServiceController> {
  const prefix = `${options.root}masterleases/`;
  const key = `${prefix}${options.address}`;
  await ensureExists(options.registry, { group: '', resource: 'services' }, serviceObject(options));
  const leadsNowhere = ipaddr.parse(options.address).range() === 'loopback';
  const reconcile = async (): Promise<void> => {
    if (leadsNowhere || !options.endpoints) return;
    await renewAddressLease(options.storage, key, { ip: options.address, port: options.port });
    await reconcileEndpoints(options, await liveAddresses(options.storage, prefix));
  };
  // As upstream, what goes wrong here is reported and tried again; the API is ready without it.
  const reconciling = repeat(reconcile, leaseIntervalMs, options.report);
  await reconciling.first;
  return {
    async stop() {
      await reconciling.stop();
      if (!options.endpoints) return;
      await removeAddressLease(options.storage, key);
      const left = await liveAddresses(options.storage, prefix);
      // The last server leaves its address: pods keep their connections while it restarts.
      if (left.length > 0) await reconcileEndpoints(options, left);
    },
  };
}

async function liveAddresses(storage: Storage, prefix: string): Promise<string[]> {
  const { entries } = await storage.list({ prefix });
  return entries.map((entry) => entry.key.slice(prefix.length)).sort();
}

function serviceObject(options: KubernetesServiceOptions): KubernetesObject & { spec: unknown } {
  const nodePort = options.nodePort > 0 ? { nodePort: options.nodePort } : {};
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName, namespace, labels: { provider: 'kubernetes', component: 'apiserver' } },
    spec: {
      clusterIP: kubernetesServiceIp(options.serviceClusterIpRange),
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: options.port, ...nodePort }],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      type: options.nodePort > 0 ? 'NodePort' : 'ClusterIP',
    },
  };
}

interface Endpoints extends KubernetesObject {
  subsets?: unknown;
}

interface EndpointSlice extends KubernetesObject {
  addressType?: string;
  endpoints?: unknown;
  ports?: unknown;
}

async function reconcileEndpoints(options: KubernetesServiceOptions, addresses: readonly string[]): Promise<void> {
  const { registry, port } = options;
  const endpoints: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: serviceName, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
  await put<Endpoints>(registry, { group: '', resource: 'endpoints' }, endpoints, ['subsets']);
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: serviceName, namespace, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: options.address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
  await put<EndpointSlice>(registry, { group: 'discovery.k8s.io', resource: 'endpointslices' }, slice, [
    'endpoints',
    'ports',
  ]);
}

/** Writes only what differs: most rounds write nothing. */
async function put<T extends KubernetesObject>(
  registry: RegistryReader,
  resource: { group: string; resource: string },
  wanted: T,
  fields: readonly (keyof T)[],
): Promise<void> {
  const current = await registry.get<T>(resource, namespace, serviceName);
  if (current === undefined) return ensureExists(registry, resource, wanted);
  const same = fields.every((field) => JSON.stringify(current[field]) === JSON.stringify(wanted[field]));
  if (same) return;
  try {
    await registry.update<T>(resource, namespace, serviceName, (object) => {
      for (const field of fields) object[field] = wanted[field];
      return object;
    });
  } catch (error) {
    // Another server writes the same thing, or someone deleted it: the next round sees to it.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}
