import type { Service } from '@typernetes/openapi/types/core/v1';
import { addressWarnings, cidrWarnings, path } from '../../validation/index.ts';

export const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
export const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

const spec = path('spec');

/** Fields that do nothing, or no longer, where they stand. */
export function serviceWarnings({ metadata, spec: given = {} }: Service): string[] {
  const { type, clusterIP, externalIPs = [] } = given;
  const warnings: string[] = [];
  if (metadata?.annotations?.[TOPOLOGY_HINTS] !== undefined)
    warnings.push(`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`);
  if (clusterIP && clusterIP !== 'None') {
    for (const [index, address] of (given.clusterIPs ?? []).entries())
      warnings.push(...addressWarnings(address, spec.child('clusterIPs').index(index)));
  }
  const headless = type === 'ClusterIP' && clusterIP === 'None';
  if (headless) {
    if (given.loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (given.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  for (const [index, address] of externalIPs.entries())
    warnings.push(...addressWarnings(address, spec.child('externalIPs').index(index)));
  if (externalIPs.length > 0 && !headless && type !== 'ExternalName')
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (given.loadBalancerIP) warnings.push(...addressWarnings(given.loadBalancerIP, spec.child('loadBalancerIP')));
  for (const [index, range] of (given.loadBalancerSourceRanges ?? []).entries())
    warnings.push(...cidrWarnings(range, spec.child('loadBalancerSourceRanges').index(index)));
  if (type === 'ExternalName' && externalIPs.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && given.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (given.trafficDistribution === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}

export function serviceStatusWarnings({ status }: Service): string[] {
  const at = path('status', 'loadBalancer', 'ingress');
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
    ip ? addressWarnings(ip, at.index(index)) : [],
  );
}
