/**
 * The nftables table of one node. A packet to a Service's address is looked up once, in a map from address, protocol
 * and port to a chain, so that its cost does not grow with the number of Services; the chain picks an endpoint at random
 * and rewrites the destination. Packets whose answer would otherwise not come back through this node are marked on the
 * way in and get this node's address as source on the way out.
 */
import { createHash } from 'node:crypto';
import type { NftChain, NftSet, NftTable } from './nft-table.ts';
import type { Endpoint, ServicePort } from './service-ports.ts';

export interface RulesOptions {
  tableName: string;
  /** Pod addresses; packets from elsewhere to a cluster address are masqueraded. Undefined: only hairpin traffic is. */
  clusterCIDR: string | undefined;
  /** The node's own addresses on which node ports answer. */
  nodeAddresses: readonly string[];
  /** The whole range of cluster addresses: ports that no Service has are refused at once instead of timing out. */
  serviceCIDR: string | undefined;
}

const masqueradeMark = '0x4000';

export function serviceTable(ports: readonly ServicePort[], options: RulesOptions): NftTable {
  const chains = new Map<string, NftChain>();
  const affinities = new Map<string, NftSet>();
  const serviceAddresses = new Map<string, string>();
  const nodePorts = new Map<string, string>();
  const noEndpointAddresses = new Map<string, string>();
  const noEndpointNodePorts = new Map<string, string>();
  const knownClusterIPs = new Set<string>();

  for (const port of ports) {
    knownClusterIPs.add(port.clusterIP);
    const addressKey = `${port.clusterIP} . ${port.protocol} . ${port.port}`;
    if (port.internalEndpoints.length > 0) {
      const chain = addChain(chains, 'service', port, [
        ...(options.clusterCIDR === undefined
          ? []
          : [`ip daddr ${port.clusterIP} ip saddr != ${options.clusterCIDR} jump mark-for-masquerade`]),
        ...pick(chains, affinities, port, port.internalEndpoints),
      ]);
      serviceAddresses.set(addressKey, `goto ${chain}`);
    } else {
      noEndpointAddresses.set(addressKey, port.anyEndpoints ? 'drop' : 'goto reject-chain');
    }

    const externalKeys = port.externalAddresses.map((address) => `${address} . ${port.protocol} . ${port.port}`);
    if (port.externalEndpoints.length > 0) {
      if (port.nodePort === undefined && externalKeys.length === 0) continue;
      const chain = addChain(chains, 'external', port, [
        ...(port.externalLocal ? [] : ['jump mark-for-masquerade']),
        ...pick(chains, affinities, port, port.externalEndpoints),
      ]);
      for (const key of externalKeys) serviceAddresses.set(key, `goto ${chain}`);
      if (port.nodePort !== undefined) nodePorts.set(`${port.protocol} . ${port.nodePort}`, `goto ${chain}`);
    } else {
      const verdict = port.anyEndpoints ? 'drop' : 'goto reject-chain';
      for (const key of externalKeys) noEndpointAddresses.set(key, verdict);
      if (port.nodePort !== undefined) noEndpointNodePorts.set(`${port.protocol} . ${port.nodePort}`, verdict);
    }
  }

  const refuseNoEndpoints = [
    'ip daddr . meta l4proto . th dport vmap @no-endpoint-services',
    'ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports',
  ];
  const refuseUnknownPorts =
    options.serviceCIDR === undefined
      ? []
      : [`ip daddr ${options.serviceCIDR} ip daddr @cluster-ips goto reject-chain`];
  const base: [string, NftChain][] = [
    ['reject-chain', { rules: ['meta l4proto tcp reject with tcp reset', 'reject'] }],
    ['mark-for-masquerade', { rules: [`meta mark set meta mark or ${masqueradeMark}`] }],
    [
      'masquerading',
      {
        rules: [
          `meta mark and ${masqueradeMark} == 0 return`,
          `meta mark set meta mark xor ${masqueradeMark}`,
          'masquerade fully-random',
        ],
      },
    ],
    [
      'services',
      {
        rules: [
          'ip daddr . meta l4proto . th dport vmap @service-ips',
          'ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports',
        ],
      },
    ],
    [
      'filter-input',
      { hook: 'type filter hook input priority -110;', rules: refuseNoEndpoints.map((rule) => `ct state new ${rule}`) },
    ],
    [
      'filter-forward',
      {
        hook: 'type filter hook forward priority -110;',
        rules: [...refuseNoEndpoints, ...refuseUnknownPorts].map((rule) => `ct state new ${rule}`),
      },
    ],
    [
      'filter-output',
      {
        hook: 'type filter hook output priority -90;',
        rules: [...refuseNoEndpoints, ...refuseUnknownPorts].map((rule) => `ct state new ${rule}`),
      },
    ],
    ['nat-prerouting', { hook: 'type nat hook prerouting priority dstnat;', rules: ['jump services'] }],
    ['nat-output', { hook: 'type nat hook output priority -100;', rules: ['jump services'] }],
    ['nat-postrouting', { hook: 'type nat hook postrouting priority srcnat;', rules: ['jump masquerading'] }],
  ];
  return {
    family: 'ip',
    name: options.tableName,
    chains: new Map([...base, ...chains]),
    maps: new Map([
      ['service-ips', { type: 'ipv4_addr . inet_proto . inet_service : verdict', elements: serviceAddresses }],
      ['service-nodeports', { type: 'inet_proto . inet_service : verdict', elements: nodePorts }],
      [
        'no-endpoint-services',
        { type: 'ipv4_addr . inet_proto . inet_service : verdict', elements: noEndpointAddresses },
      ],
      ['no-endpoint-nodeports', { type: 'inet_proto . inet_service : verdict', elements: noEndpointNodePorts }],
    ]),
    sets: new Map([
      ['nodeport-ips', { type: 'ipv4_addr', elements: new Set(options.nodeAddresses) }],
      ['cluster-ips', { type: 'ipv4_addr', elements: knownClusterIPs }],
      ...affinities,
    ]),
  };
}

/** A client with an affinity goes where it went before, any other to an endpoint at random. */
function pick(
  chains: Map<string, NftChain>,
  affinities: Map<string, NftSet>,
  port: ServicePort,
  endpoints: readonly Endpoint[],
): string[] {
  const targets = endpoints.map((endpoint) => {
    const affinity = affinitySet(affinities, port, endpoint);
    return { chain: endpointChain(chains, port, endpoint, affinity), affinity };
  });
  if (targets.length === 1) return targets.map(({ chain }) => `goto ${chain}`);
  const again = targets.flatMap(({ chain, affinity }) =>
    affinity === undefined ? [] : [`ip saddr @${affinity} goto ${chain}`],
  );
  const cases = targets.map(({ chain }, index) => `${index} : goto ${chain}`).join(', ');
  return [...again, `numgen random mod ${targets.length} vmap { ${cases} }`];
}

/** The clients that an endpoint keeps. The name tells the timeout, which the kernel does not change. */
function affinitySet(
  affinities: Map<string, NftSet>,
  port: ServicePort,
  { address, port: target }: Endpoint,
): string | undefined {
  const timeoutSeconds = port.affinitySeconds;
  if (timeoutSeconds === undefined) return undefined;
  const name = chainName('affinity', `${port.key}/${port.protocol}/${address}/${target}/${timeoutSeconds}`, port.key);
  affinities.set(name, { type: 'ipv4_addr', timeoutSeconds, elements: new Set() });
  return name;
}

/** A pod that reaches itself through its Service must not see its own address as the source. */
function endpointChain(
  chains: Map<string, NftChain>,
  port: ServicePort,
  { address, port: target }: Endpoint,
  affinity: string | undefined,
): string {
  const name = chainName('endpoint', `${port.key}/${port.protocol}/${address}/${target}`, port.key);
  if (!chains.has(name)) {
    chains.set(name, {
      rules: [
        `ip saddr ${address} jump mark-for-masquerade`,
        ...(affinity === undefined ? [] : [`update @${affinity} { ip saddr }`]),
        `meta l4proto ${port.protocol} dnat to ${address}:${target}`,
      ],
    });
  }
  return name;
}

function addChain(chains: Map<string, NftChain>, kind: string, port: ServicePort, rules: string[]): string {
  const name = chainName(kind, `${port.key}/${port.protocol}`, port.key);
  // Endpoint chains came first: a chain may only refer to chains that are there.
  chains.set(name, { rules });
  return name;
}

/** Unique by its hash, readable by its end; nft allows 128 characters of this alphabet. */
function chainName(kind: string, identity: string, key: string): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  return `${kind}-${hash}-${key.replaceAll(/[^A-Za-z0-9]/g, '-')}`.slice(0, 120);
}
