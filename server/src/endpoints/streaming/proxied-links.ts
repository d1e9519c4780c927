/** Links in pages and redirects that come through a proxy: what leads to the target's root has to lead back through it. */
import { posix } from 'node:path';

export interface ProxiedFrom {
  /** Of the target. */
  host: string;
  /** Whom the client asked: its Host header. */
  requestHost: string;
  /** The path of this server that stands for the target's root. */
  prefix: string;
}

const urlParts = /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/** Other hosts and relative paths stay as they are. */
export function proxiedLink(link: string, { host, requestHost, prefix }: ProxiedFrom): string {
  const [, linkHost = '', path = '', rest = ''] = urlParts.exec(link) ?? [];
  const elsewhere = linkHost !== '' && linkHost !== host && linkHost !== requestHost;
  if (elsewhere || !path.startsWith('/')) return link;
  const origin = linkHost === requestHost ? link.slice(0, link.length - path.length - rest.length) : '';
  return `${origin}${path.startsWith(prefix) ? path : posix.join(prefix, path)}${rest}`;
}
