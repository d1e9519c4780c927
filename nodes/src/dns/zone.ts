/**
 * The cluster's zone: what each name under the cluster domain stands for, after the Kubernetes DNS-based service
 * discovery specification (schema version 1.1.0). Pure; the views are informers' listers.
 */
import { isIPv6 } from 'node:net';
import type { Service, ServiceSpec } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';

export interface ClusterView {
  service(namespace: string, name: string): Service | undefined;
  /** Slices of one Service. */
  endpointSlices(namespace: string, service: string): readonly EndpointSlice[];
  namespaceExists(name: string): boolean;
  /** Services and headless endpoints that have the address. */
  servicesByAddress(address: string): readonly Service[];
  slicesByAddress(address: string): readonly EndpointSlice[];
}

export type ZoneRecord =
  | { type: 'A'; name: string; address: string }
  | { type: 'AAAA'; name: string; address: string }
  | { type: 'CNAME'; name: string; target: string }
  | { type: 'SRV'; name: string; target: string; port: number; priority: number; weight: number }
  | { type: 'PTR'; name: string; target: string }
  | { type: 'TXT'; name: string; text: string }
  | { type: 'SOA'; name: string }
  | { type: 'NS'; name: string; target: string };

/** `records` are the answers, `additional` the addresses of SRV targets. `nxdomain`: the name is not there at all. */
export interface ZoneAnswer {
  nxdomain: boolean;
  records: ZoneRecord[];
  additional: ZoneRecord[];
}

const schemaVersion = '1.1.0';
const nothing: ZoneAnswer = { nxdomain: false, records: [], additional: [] };
const noSuchName: ZoneAnswer = { nxdomain: true, records: [], additional: [] };

/** One endpoint of a headless Service, by the name that it has below the Service's. */
interface Host {
  label: string;
  address: string;
  type: 'A' | 'AAAA';
}

export class ClusterZone {
  private readonly domain: string;
  private readonly view: ClusterView;

  constructor(domain: string, view: ClusterView) {
    this.domain = domain.toLowerCase().replace(/\.$/, '');
    this.view = view;
  }

  get name(): string {
    return this.domain;
  }

  /** Undefined: the name does not belong to this zone and must be asked elsewhere. */
  answer(name: string, type: string): ZoneAnswer | undefined {
    const lower = name.toLowerCase().replace(/\.$/, '');
    if (lower.endsWith('.in-addr.arpa') || lower.endsWith('.ip6.arpa')) return this.reverse(lower, type);
    if (lower !== this.domain && !lower.endsWith(`.${this.domain}`)) return undefined;
    const labels = lower === this.domain ? [] : lower.slice(0, -this.domain.length - 1).split('.');
    const all = this.forward(labels, lower);
    if (all === undefined) return noSuchName;
    const wanted = all.filter((record) => record.type === type || record.type === 'CNAME' || type === 'ANY');
    const additional = wanted.flatMap((record) => (record.type === 'SRV' ? this.addressesOf(record.target) : []));
    return { nxdomain: false, records: wanted, additional };
  }

  /** Everything known about a name; undefined where there is no such name. */
  private forward(labels: string[], name: string): ZoneRecord[] | undefined {
    const kind = labels.at(-1);
    if (kind === undefined)
      return [
        { type: 'SOA', name },
        { type: 'NS', name, target: `ns.dns.${this.domain}` },
      ];
    if (labels.length === 1 && kind === 'dns-version') return [{ type: 'TXT', name, text: schemaVersion }];
    if (kind !== 'svc' && kind !== 'pod') return undefined;
    if (labels.length === 1) return [];
    const namespace = labels.at(-2) ?? '';
    if (!this.view.namespaceExists(namespace)) return undefined;
    const rest = labels.slice(0, -2);
    if (rest.length === 0) return [];
    return kind === 'pod' ? podRecords(rest, name) : this.serviceRecords(namespace, rest, name);
  }

  private serviceRecords(namespace: string, labels: string[], name: string): ZoneRecord[] | undefined {
    const serviceName = labels.at(-1) ?? '';
    const service = this.view.service(namespace, serviceName);
    if (service?.spec === undefined) return undefined;
    const below = labels.slice(0, -1);
    if (service.spec.type === 'ExternalName') {
      return below.length === 0 ? [{ type: 'CNAME', name, target: service.spec.externalName ?? '' }] : undefined;
    }
    const base = `${serviceName}.${namespace}.svc.${this.domain}`;
    const headless = service.spec.clusterIP === 'None';
    const hosts = headless ? this.hosts(namespace, serviceName) : [];
    if (below.length === 0) {
      const addresses = headless
        ? hosts.map(({ address, type }) => ({ type, name, address }))
        : clusterAddresses(service.spec).map((address) => addressRecord(name, address));
      // A Service without ready endpoints, or made by its status and so without addresses, is a name without addresses, not a missing name.
      return [...addresses, ...this.serviceSrv(service, hosts, base, name)];
    }
    if (below.length === 2 && below[0]?.startsWith('_') && below[1]?.startsWith('_')) {
      const [port, protocol] = [below[0].slice(1), below[1].slice(1)];
      const matching = this.serviceSrv(service, hosts, base, name, port, protocol);
      return matching.length === 0 ? undefined : matching;
    }
    const matching = below.length === 1 ? hosts.filter(({ label }) => label === below[0]) : [];
    return matching.length === 0 ? undefined : matching.map(({ address, type }) => ({ type, name, address }));
  }

  private serviceSrv(
    service: Service,
    hosts: readonly Host[],
    base: string,
    name: string,
    portName?: string,
    protocol?: string,
  ): ZoneRecord[] {
    const headless = service.spec?.clusterIP === 'None';
    const ports = headless
      ? this.endpointPorts(service.metadata?.namespace ?? '', service.metadata?.name ?? '')
      : (service.spec?.ports ?? []).map(({ name: own = '', protocol: over = 'TCP', port }) => ({
          name: own,
          protocol: over,
          port,
        }));
    const chosen = ports.filter(
      (port) =>
        (portName === undefined || port.name === portName) &&
        (protocol === undefined || port.protocol.toLowerCase() === protocol),
    );
    const targets = headless ? [...new Set(hosts.map(({ label }) => `${label}.${base}`))] : [base];
    const weight = Math.max(1, Math.floor(100 / Math.max(1, chosen.length * targets.length)));
    return chosen.flatMap(({ port }) =>
      targets.map((target): ZoneRecord => ({ type: 'SRV', name, target, port, priority: 0, weight })),
    );
  }

  private hosts(namespace: string, service: string): Host[] {
    const hosts = new Map<string, Host>();
    for (const slice of this.view.endpointSlices(namespace, service)) {
      if (slice.addressType === 'FQDN') continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (endpoint.conditions?.ready === false) continue;
        for (const address of endpoint.addresses) {
          const label = endpoint.hostname ?? address.replaceAll(/[.:]/g, '-');
          hosts.set(`${label} ${address}`, { label, address, type: slice.addressType === 'IPv6' ? 'AAAA' : 'A' });
        }
      }
    }
    return [...hosts.values()];
  }

  private endpointPorts(namespace: string, service: string): { name: string; protocol: string; port: number }[] {
    const ports = new Map<string, { name: string; protocol: string; port: number }>();
    for (const slice of this.view.endpointSlices(namespace, service)) {
      for (const { name = '', protocol = 'TCP', port } of slice.ports ?? []) {
        if (port !== undefined) ports.set(`${name}/${protocol}/${port}`, { name, protocol, port });
      }
    }
    return [...ports.values()];
  }

  private addressesOf(target: string): ZoneRecord[] {
    const labels = target.slice(0, -this.domain.length - 1).split('.');
    return (this.forward(labels, target) ?? []).filter(({ type }) => type === 'A' || type === 'AAAA');
  }

  /** Names of cluster addresses; other addresses are asked elsewhere. */
  private reverse(name: string, type: string): ZoneAnswer | undefined {
    const address = addressOfReverseName(name);
    if (address === undefined) return undefined;
    const targets = this.view
      .servicesByAddress(address)
      .map(({ metadata }) => `${metadata?.name ?? ''}.${metadata?.namespace ?? ''}.svc.${this.domain}`);
    if (targets.length === 0) {
      for (const slice of this.view.slicesByAddress(address)) {
        const service = slice.metadata?.labels?.['kubernetes.io/service-name'];
        const namespace = slice.metadata?.namespace ?? '';
        if (service === undefined || this.view.service(namespace, service)?.spec?.clusterIP !== 'None') continue;
        const hostname = slice.endpoints?.find(({ addresses }) => addresses.includes(address))?.hostname;
        targets.push(`${hostname ?? address.replaceAll(/[.:]/g, '-')}.${service}.${namespace}.svc.${this.domain}`);
      }
    }
    if (targets.length === 0) return undefined;
    if (type !== 'PTR' && type !== 'ANY') return nothing;
    return { nxdomain: false, records: targets.map((target) => ({ type: 'PTR', name, target })), additional: [] };
  }
}

/** `10-244-0-5.<namespace>.pod`: the address is in the name; whether such a pod is there is not checked. */
function podRecords(labels: string[], name: string): ZoneRecord[] | undefined {
  const [label] = labels;
  if (labels.length !== 1 || label === undefined) return undefined;
  const octets = label.split('-');
  const isIPv4 = octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
  if (isIPv4) return [{ type: 'A', name, address: octets.join('.') }];
  const address = label.replaceAll('-', ':');
  return isIPv6(address) ? [{ type: 'AAAA', name, address }] : undefined;
}

const clusterAddresses = ({ clusterIPs, clusterIP }: ServiceSpec): string[] =>
  clusterIPs ?? (clusterIP ? [clusterIP] : []);

function addressRecord(name: string, address: string): ZoneRecord {
  return address.includes(':') ? { type: 'AAAA', name, address } : { type: 'A', name, address };
}

function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const octets = name.slice(0, -'.in-addr.arpa'.length).split('.');
    return octets.length === 4 ? octets.reverse().join('.') : undefined;
  }
  return undefined;
}
