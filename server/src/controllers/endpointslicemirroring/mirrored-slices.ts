/** The slices that say what Endpoints written by hand say. Pure. */
import { isIPv6 } from 'node:net';
import type { EndpointAddress, EndpointSubset, Endpoints } from '@typernetes/openapi/types/core/v1';
import type { Endpoint, EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import { canonical } from '../objects/template-hash.ts';

const maximumEndpoints = 1000;

export interface MirroredSlice {
  addressType: 'IPv4' | 'IPv6';
  ports: NonNullable<EndpointSlice['ports']>;
  endpoints: Endpoint[];
}

export function mirroredSlices(endpoints: Readonly<Endpoints>): MirroredSlice[] {
  const groups = new Map<string, MirroredSlice>();
  for (const subset of endpoints.subsets ?? []) {
    const ports = portsOf(subset);
    for (const [addresses, ready] of [
      [subset.addresses ?? [], true],
      [subset.notReadyAddresses ?? [], false],
    ] as const) {
      for (const address of addresses.slice(0, maximumEndpoints)) {
        const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4';
        const key = groupKey(addressType, ports);
        const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
        groups.set(key, group);
        group.endpoints.push(endpointOf(address, ready));
      }
    }
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.endpoints.length / maximumEndpoints) }, (_, index) => ({
      ...group,
      endpoints: group.endpoints.slice(index * maximumEndpoints, (index + 1) * maximumEndpoints),
    })),
  );
}

/** Slices of the same group can take over one another's endpoints: addressType and ports never change. */
export function groupKey(addressType: string, ports: Readonly<EndpointSlice['ports']>): string {
  const entries = (ports ?? []).map(({ name = '', port = 0, protocol = 'TCP', appProtocol = '' }) =>
    canonical([name, port, protocol, appProtocol]),
  );
  return `${addressType} ${entries.sort().join()}`;
}

function portsOf({ ports = [] }: Readonly<EndpointSubset>): NonNullable<EndpointSlice['ports']> {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol ? { appProtocol } : {}),
  }));
}

function endpointOf({ ip, hostname, nodeName, targetRef }: Readonly<EndpointAddress>, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}
