/** The subsets of a Service's Endpoints object. Pure. */
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '@typernetes/openapi/types/core/v1';
import { canonical } from '../objects/template-hash.ts';
import { isPodReady } from '../pods/pod-state.ts';
import {
  endpointHostname,
  isEndpoint,
  isHeadless,
  podAddress,
  serviceFamilies,
  targetPort,
} from '../services/pod-endpoints.ts';

/** More than that an Endpoints object does not hold; EndpointSlices do. */
const maxAddresses = 1000;

/** Pods with the same ports make a subset; addresses and ports in order, so that equal sets compare equal. */
export function endpointSubsets(
  service: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
): { subsets: EndpointSubset[]; truncated: boolean } {
  const publishNotReady = service.spec?.publishNotReadyAddresses === true;
  const [family = 'IPv4'] = serviceFamilies(service);
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  let count = 0;
  let truncated = false;
  for (const pod of pods) {
    const ip = podAddress(pod, family);
    if (!ip || !isEndpoint(pod, publishNotReady)) continue;
    const ports = portsOf(service, pod);
    if (ports === undefined) continue;
    if (count >= maxAddresses) {
      truncated = true;
      break;
    }
    count++;
    const key = canonical(ports as never);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    (publishNotReady || isPodReady(pod) ? group.ready : group.notReady).push(addressOf(service, pod, ip));
  }
  const subsets = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length > 0 ? { addresses: sortAddresses(ready) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: sortAddresses(notReady) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }));
  return { subsets, truncated };
}

/** Undefined: the pod serves none of the Service's ports. */
function portsOf(service: Readonly<Service>, pod: Readonly<Pod>): EndpointPort[] | undefined {
  const wanted = service.spec?.ports ?? [];
  if (wanted.length === 0) return isHeadless(service) ? [] : undefined;
  const ports: EndpointPort[] = [];
  for (const port of wanted) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    ports.push({
      ...(port.name ? { name: port.name } : {}),
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    });
  }
  return ports.length > 0 ? ports.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)) : undefined;
}

function addressOf(service: Readonly<Service>, pod: Readonly<Pod>, ip: string): EndpointAddress {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const hostname = endpointHostname(pod, service);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function sortAddresses(addresses: EndpointAddress[]): EndpointAddress[] {
  return addresses.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0));
}
