import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Where a request says it came from: the proxies' chain, then the peer, which cannot be forged. */
export function sourceIps({ headers, socket }: IncomingMessage): string[] {
  const addresses = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  const real = String(headers['x-real-ip'] ?? '').trim();
  if (isIP(real) !== 0 && !addresses.includes(real)) addresses.push(real);
  const peer = addressOf(socket).replace(/^::ffff:(?=\d+\.)/, '');
  if (peer !== '' && addresses.at(-1) !== peer) addresses.push(peer);
  return addresses;
}

/** The socket of an HTTP/2 session throws once that has ended. */
function addressOf(socket: IncomingMessage['socket']): string {
  try {
    return socket.remoteAddress ?? '';
  } catch {
    return '';
  }
}
