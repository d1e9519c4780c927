/** From Services and EndpointSlices to what the rules need: one entry per port of a Service. Pure. */
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';

export interface Endpoint {
  address: string;
  port: number;
  /** On the node that these rules are for. */
  local: boolean;
}

export interface ServicePort {
  /** namespace/name:portName */
  key: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  clusterIP: string;
  port: number;
  nodePort: number | undefined;
  /** spec.externalIPs and the load balancer's addresses that forward to the Service's port. */
  externalAddresses: readonly string[];
  /** For traffic to the cluster address, internalTrafficPolicy applied. */
  internalEndpoints: readonly Endpoint[];
  /** For node ports and external addresses, externalTrafficPolicy applied. */
  externalEndpoints: readonly Endpoint[];
  /** sessionAffinity ClientIP: how long after its last connection a client still comes to the same endpoint. */
  affinitySeconds: number | undefined;
  /** externalTrafficPolicy Local: only local endpoints, the client's address kept. */
  externalLocal: boolean;
  /** Whether there is any endpoint at all: none means reject, none that is local means drop. */
  anyEndpoints: boolean;
}

export const serviceNameLabel = 'kubernetes.io/service-name';
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const defaultAffinitySeconds = 10_800;
/** On a slice: its endpoints are for DNS alone. */
const headlessLabel = 'service.kubernetes.io/headless';

export function servicePorts(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  nodeName: string,
): ServicePort[] {
  const slicesOf = groupSlices(slices);
  const result: ServicePort[] = [];
  for (const service of services) {
    const { metadata, spec } = service;
    const clusterIP = spec?.clusterIP ?? '';
    if (spec === undefined || metadata === undefined || spec.type === 'ExternalName' || !isIPv4(clusterIP)) continue;
    if (metadata.labels?.[proxyNameLabel] !== undefined) continue;
    const key = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
    const external = [
      ...(spec.externalIPs ?? []),
      ...(service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
        ip === undefined || ipMode === 'Proxy' ? [] : [ip],
      ),
    ].filter(isIPv4);
    const externalLocal = spec.externalTrafficPolicy === 'Local' && spec.type !== 'ClusterIP';
    for (const port of spec.ports ?? []) {
      const endpoints = endpointsOf(slicesOf.get(key) ?? [], port.name ?? '', nodeName);
      const local = {
        ready: endpoints.ready.filter((each) => each.local),
        terminating: endpoints.terminating.filter((each) => each.local),
      };
      const usable = (all: boolean): Endpoint[] => {
        const { ready, terminating } = all ? endpoints : local;
        return ready.length > 0 ? ready : terminating;
      };
      result.push({
        key: `${key}:${port.name ?? ''}`,
        protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
        clusterIP,
        port: port.port,
        nodePort: port.nodePort === 0 ? undefined : port.nodePort,
        externalAddresses: external,
        internalEndpoints: usable(spec.internalTrafficPolicy !== 'Local'),
        externalEndpoints: usable(!externalLocal),
        affinitySeconds:
          spec.sessionAffinity === 'ClientIP'
            ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
            : undefined,
        externalLocal,
        anyEndpoints: usable(true).length > 0,
      });
    }
  }
  return result.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function groupSlices(slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata?.labels?.[serviceNameLabel];
    if (service === undefined || slice.addressType !== 'IPv4') continue;
    if (slice.metadata?.labels?.[headlessLabel] !== undefined) continue;
    const key = `${slice.metadata?.namespace ?? ''}/${service}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [slice]);
    else group.push(slice);
  }
  return groups;
}

/** Ready endpoints, and those that are terminating but still serving, used where there is nothing else (KEP-1669). */
function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  nodeName: string,
): { ready: Endpoint[]; terminating: Endpoint[] } {
  const ready = new Map<string, Endpoint>();
  const terminating = new Map<string, Endpoint>();
  for (const slice of slices) {
    for (const { name, port } of slice.ports ?? []) {
      if ((name ?? '') !== portName || port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const address = endpoint.addresses[0];
        if (address === undefined) continue;
        const entry = { address, port, local: endpoint.nodeName === nodeName };
        const {
          ready: isReady = true,
          serving = isReady,
          terminating: isTerminating = false,
        } = endpoint.conditions ?? {};
        if (isReady) ready.set(`${address}:${port}`, entry);
        else if (serving && isTerminating) terminating.set(`${address}:${port}`, entry);
      }
    }
  }
  const sorted = (map: Map<string, Endpoint>): Endpoint[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return { ready: sorted(ready), terminating: sorted(terminating) };
}

function isIPv4(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address);
}
