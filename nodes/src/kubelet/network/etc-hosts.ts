/** /etc/hosts of a pod: written by the kubelet, mounted into every container that does not mount its own. */
import type { HostAlias } from '@typernetes/openapi/types/core/v1';

const managed = '# Kubernetes-managed hosts file.\n';

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}

export function podHosts(
  podIPs: readonly string[],
  hostname: string,
  domain: string,
  aliases: readonly HostAlias[],
): string {
  const fixed = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'fe00::\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const own = podIPs.map((ip) => (domain === '' ? `${ip}\t${hostname}` : `${ip}\t${hostname}.${domain}\t${hostname}`));
  return `${managed}${[...fixed, ...own].join('\n')}\n${aliasLines(aliases)}`;
}

/** In the host's network: the node's file and the aliases. */
export const hostNetworkHosts = (nodeHosts: string, aliases: readonly HostAlias[]): string =>
  `${managed.replace('file.', 'file (host network).')}${nodeHosts}${aliasLines(aliases)}`;
