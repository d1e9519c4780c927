/** Which endpoints a Service has, and how they spread over slices. Pure. */
import type { Node, Pod, Service } from '@typernetes/openapi/types/core/v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import { semanticallyEqual } from '../objects/equality.ts';
import { canonical } from '../objects/template-hash.ts';
import { isPodReady } from '../pods/pod-state.ts';
import { endpointHostname, isEndpoint, podAddress, targetPort } from '../services/pod-endpoints.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share the same ports. */
export interface EndpointGroup {
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

export function endpointGroups(
  service: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
  family: AddressType,
  nodeOf: (name: string) => Readonly<Node> | undefined,
): Map<string, EndpointGroup> {
  const groups = new Map<string, EndpointGroup>();
  for (const pod of pods) {
    const address = podAddress(pod, family);
    if (!address || !isEndpoint(pod, true)) continue;
    const ports = endpointPorts(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, address, nodeOf(pod.spec?.nodeName ?? '')));
  }
  return groups;
}

function endpointPorts(service: Readonly<Service>, pod: Readonly<Pod>): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    });
  }
  return ports;
}

/** The same for the same ports in any order. */
export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  return (ports ?? [])
    .map((port) => canonical([port.name ?? '', port.port ?? null, port.protocol ?? 'TCP', port.appProtocol ?? null]))
    .sort()
    .join();
}

function endpointOf(
  service: Readonly<Service>,
  pod: Readonly<Pod>,
  address: string,
  node: Readonly<Node> | undefined,
): Endpoint {
  const serving = isPodReady(pod);
  const terminating = !!pod.metadata?.deletionTimestamp;
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const zone = node?.metadata?.labels?.['topology.kubernetes.io/zone'];
  const hostname = endpointHostname(pod, service);
  return {
    addresses: [address],
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(zone === undefined ? {} : { zone }),
  };
}

const identity = (endpoint: Readonly<Endpoint>): string =>
  `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses[0] ?? ''}`;

export interface SlicePlan {
  create: EndpointGroup[];
  update: { slice: Readonly<EndpointSlice>; endpoints: Endpoint[] }[];
  delete: Readonly<EndpointSlice>[];
}

/**
 * The fewest writes that bring `existing` (slices of one address type) to the desired endpoints: endpoints stay in their
 * slice, new ones fill slices that change anyway, then the fullest others, then new slices. Without any endpoint one
 * empty slice stays.
 */
export function planSlices(
  groups: ReadonlyMap<string, EndpointGroup>,
  existing: readonly Readonly<EndpointSlice>[],
  maxPerSlice: number,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const byPorts = Map.groupBy(existing, (slice) => portsKey(slice.ports));
  for (const [key, group] of groups) planGroup(group, byPorts.get(key) ?? [], maxPerSlice, plan);
  for (const [key, slices] of byPorts) if (!groups.has(key)) plan.delete.push(...slices);
  if (groups.size === 0) {
    const placeholder = existing.find(
      (slice) => (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0,
    );
    if (placeholder) plan.delete = plan.delete.filter((slice) => slice !== placeholder);
    else plan.create.push({ ports: [], endpoints: [] });
  }
  return plan;
}

function planGroup(
  group: EndpointGroup,
  slices: readonly Readonly<EndpointSlice>[],
  maxPerSlice: number,
  plan: SlicePlan,
): void {
  const missing = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const states = slices.map((slice) => {
    let changed = false;
    const endpoints: Endpoint[] = [];
    for (const present of slice.endpoints ?? []) {
      const key = identity(present);
      const wanted = missing.get(key);
      if (!wanted) {
        changed = true;
        continue;
      }
      missing.delete(key);
      endpoints.push(wanted);
      changed ||= !semanticallyEqual(present, wanted);
    }
    return { slice, endpoints, changed };
  });
  const rest = [...missing.values()];
  const fillable = [...states].sort(
    (a, b) => Number(b.changed) - Number(a.changed) || b.endpoints.length - a.endpoints.length,
  );
  for (const state of fillable) {
    const room = Math.max(0, maxPerSlice - state.endpoints.length);
    const taken = rest.splice(0, room);
    if (taken.length === 0) continue;
    state.endpoints.push(...taken);
    state.changed = true;
  }
  while (rest.length > 0) plan.create.push({ ports: group.ports, endpoints: rest.splice(0, maxPerSlice) });
  for (const { slice, endpoints, changed } of states) {
    if (endpoints.length === 0) plan.delete.push(slice);
    else if (changed) plan.update.push({ slice, endpoints });
  }
}
