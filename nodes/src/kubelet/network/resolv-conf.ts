/** A pod's resolv.conf, as CRI's DNSConfig, from its dnsPolicy, its dnsConfig and the node's own file. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { identityOf, isHostNetwork, specOf } from '../pod/pod.ts';

export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface ClusterDns {
  /** Addresses of the cluster's DNS; none: pods get the node's resolvers. */
  servers: readonly string[];
  domain: string;
}

const limits = { servers: 3, searches: 32, searchCharacters: 2048 };

export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) config.servers.push(values[0]);
    else if (keyword === 'search')
      config.searches = values.map((value) => (value === '.' ? value : value.replace(/\.$/, '')));
    else if (keyword === 'options') config.options = values;
  }
  return config;
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** Options by name, later ones replacing earlier ones. */
function mergeOptions(first: readonly string[], second: readonly { name?: string; value?: string }[]): string[] {
  const merged = new Map<string, string>();
  for (const option of first) merged.set(option.split(':', 1)[0] ?? option, option);
  for (const { name = '', value } of second)
    if (name !== '') merged.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  return [...merged.values()];
}

function bounded(config: DnsConfig): DnsConfig {
  let searches = config.searches.slice(0, limits.searches);
  while (searches.join(' ').length > limits.searchCharacters) searches = searches.slice(0, -1);
  return { ...config, servers: config.servers.slice(0, limits.servers), searches };
}

export function podDns(pod: Pod, cluster: ClusterDns, host: DnsConfig): DnsConfig {
  const spec = specOf(pod);
  const policy = spec.dnsPolicy ?? 'ClusterFirst';
  const clusterFirst = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !isHostNetwork(pod));
  let config: DnsConfig;
  if (policy === 'None') config = { servers: [], searches: [], options: [] };
  else if (clusterFirst && cluster.servers.length > 0) {
    const own =
      cluster.domain === ''
        ? []
        : [`${identityOf(pod).namespace}.svc.${cluster.domain}`, `svc.${cluster.domain}`, cluster.domain];
    config = { servers: [...cluster.servers], searches: unique([...own, ...host.searches]), options: ['ndots:5'] };
  } else config = { ...host };
  const extra = spec.dnsConfig;
  if (extra === undefined) return bounded(config);
  return bounded({
    servers: unique([...config.servers, ...(extra.nameservers ?? [])]),
    searches: unique([...config.searches, ...(extra.searches ?? [])]),
    options: mergeOptions(config.options, extra.options ?? []),
  });
}

export const formatResolvConf = ({ servers, searches, options }: DnsConfig): string =>
  [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
