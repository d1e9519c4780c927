import type { Service } from '@typernetes/openapi/types/core/v1';

/** Questions about a Service that defaulting, allocation and validation all ask. */

export const isHeadless = (service: Readonly<Service>): boolean =>
  service.spec?.clusterIPs?.length === 1 && service.spec.clusterIPs[0] === 'None';

export const needsClusterIP = (service: Readonly<Service>): boolean => service.spec?.type !== 'ExternalName';

export const isLoadBalancer = (service: Readonly<Service>): boolean => service.spec?.type === 'LoadBalancer';

/** Whether node ports are to be found for ports that name none. */
export function allocatesNodePorts(service: Readonly<Service>): boolean {
  if (service.spec?.type === 'NodePort') return true;
  return isLoadBalancer(service) && service.spec?.allocateLoadBalancerNodePorts !== false;
}

export const mayHaveNodePorts = (service: Readonly<Service>): boolean =>
  service.spec?.type === 'NodePort' || isLoadBalancer(service);

export const needsHealthCheckNodePort = (service: Readonly<Service>): boolean =>
  isLoadBalancer(service) && service.spec?.externalTrafficPolicy === 'Local';

/** Traffic can come from outside the cluster. */
export function isExternallyAccessible(service: Readonly<Service>): boolean {
  const { type, externalIPs } = service.spec ?? {};
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0);
}

/** Each number once. */
export function nodePortsOf(service: Readonly<Service>): number[] {
  return [...new Set((service.spec?.ports ?? []).map((port) => port.nodePort ?? 0).filter((port) => port !== 0))];
}

/** Node ports of ports and of the health check. */
export function allNodePortsOf(service: Readonly<Service>): number[] {
  const healthCheck = service.spec?.healthCheckNodePort ?? 0;
  return needsHealthCheckNodePort(service) && healthCheck > 0
    ? [...nodePortsOf(service), healthCheck]
    : nodePortsOf(service);
}

export function sameList(left: readonly string[] | undefined, right: readonly string[] | undefined): boolean {
  const a = left ?? [];
  const b = right ?? [];
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
