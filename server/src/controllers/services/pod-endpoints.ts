/** What a Service makes of a pod; shared by the controllers of EndpointSlices and of Endpoints. */
import type { Pod, Service, ServicePort } from '@typernetes/openapi/types/core/v1';
import { semanticallyEqual } from '../objects/equality.ts';
import { isPodReady, isPodTerminal } from '../pods/pod-state.ts';

export const headlessLabel = 'service.kubernetes.io/headless';

/** Services whose endpoints a controller finds: they have a selector. */
export function hasEndpoints(service: Readonly<Service>): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;
}

export function isHeadless(service: Readonly<Service>): boolean {
  return service.spec?.clusterIP === 'None';
}

/** Whether a pod can be an endpoint at all. */
export function isEndpoint(pod: Readonly<Pod>, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod) || !pod.status?.podIP) return false;
  return includeTerminating || !pod.metadata?.deletionTimestamp;
}

/** Whether the change matters to any Service's endpoints (labels aside). */
export function endpointChanged(previous: Readonly<Pod>, pod: Readonly<Pod>): boolean {
  return (
    isPodReady(previous) !== isPodReady(pod) ||
    isPodTerminal(previous) !== isPodTerminal(pod) ||
    !previous.metadata?.deletionTimestamp !== !pod.metadata?.deletionTimestamp ||
    previous.metadata?.uid !== pod.metadata?.uid ||
    previous.spec?.nodeName !== pod.spec?.nodeName ||
    previous.spec?.hostname !== pod.spec?.hostname ||
    previous.spec?.subdomain !== pod.spec?.subdomain ||
    !semanticallyEqual(previous.status?.podIPs, pod.status?.podIPs) ||
    previous.status?.podIP !== pod.status?.podIP
  );
}

/** The pod's port behind a Service's port; undefined where the pod has no port of that name. */
export function targetPort(pod: Readonly<Pod>, port: Readonly<ServicePort>): number | undefined {
  const target: unknown = port.targetPort;
  if (typeof target === 'number' && target !== 0) return target;
  if (typeof target === 'string' && target !== '') {
    const protocol = port.protocol ?? 'TCP';
    const sidecars = pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always') ?? [];
    for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
      const found = container.ports?.find((entry) => entry.name === target && (entry.protocol ?? 'TCP') === protocol);
      if (found) return found.containerPort;
    }
    return undefined;
  }
  return port.port;
}

/** The name under which DNS serves the pod in this Service's domain. */
export function endpointHostname(pod: Readonly<Pod>, service: Readonly<Service>): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  return hostname && subdomain === service.metadata?.name && pod.metadata?.namespace === service.metadata?.namespace
    ? hostname
    : undefined;
}

function addressFamily(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

export function podAddress(pod: Readonly<Pod>, family: 'IPv4' | 'IPv6'): string | undefined {
  const addresses = pod.status?.podIPs?.map((entry) => entry.ip) ?? [];
  if (addresses.length === 0 && pod.status?.podIP) addresses.push(pod.status.podIP);
  return addresses.find((address) => address !== undefined && addressFamily(address) === family);
}

/** The families a Service is reachable by. */
export function serviceFamilies(service: Readonly<Service>): ('IPv4' | 'IPv6')[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  const address = service.spec?.clusterIP;
  return [address && address !== 'None' ? addressFamily(address) : 'IPv4'];
}
