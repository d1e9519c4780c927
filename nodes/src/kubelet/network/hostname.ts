/** A pod's hostname and domain. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { identityOf, isHostNetwork, specOf } from '../pod/pod.ts';

/** Linux's limit; what a longer name ends in after the cut must not be a dash or a dot. */
const truncate = (name: string): string => (name.length <= 63 ? name : name.slice(0, 63).replace(/[-.]+$/, ''));

export function podHostname(pod: Pod, nodeName: string, clusterDomain: string): { hostname: string; domain: string } {
  const { name, namespace } = identityOf(pod);
  const { hostname, subdomain, hostnameOverride, setHostnameAsFQDN } = specOf(pod);
  if (hostnameOverride !== undefined) return { hostname: hostnameOverride, domain: '' };
  const domain = subdomain ? `${subdomain}.${namespace}.svc.${clusterDomain}` : '';
  if (isHostNetwork(pod)) return { hostname: nodeName, domain };
  const short = hostname ? hostname : truncate(name);
  return setHostnameAsFQDN === true && domain !== ''
    ? { hostname: `${short}.${domain}`, domain }
    : { hostname: short, domain };
}
