/** Passes an upgrade request on to another server, byte for byte, and pipes both ways (exec to a node or runtime). */
import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { dialForClient, refuseAs, type UpgradeTarget } from './upgrade.ts';

export interface ProxyUpgradeTarget extends UpgradeTarget {
  /** Instead of the request's own. */
  method?: string;
  signal?: AbortSignal;
  /** Request headers that must not reach the target, in lower case, besides those that `headers` replaces. */
  dropHeaders?: readonly string[];
}

/** Never given to the next server: they belong to this connection or to the caller. */
const hopHeaders = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
]);

/** What is neither an upgrade nor an error is not passed on: a client may follow a redirect, with its credentials. */
const leastError = 400;

/**
 * Resolves when both sockets are done. An error of the target's goes back as it is; where the target cannot be
 * reached, the client is told as the target says.
 */
export async function proxyUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: ProxyUpgradeTarget,
): Promise<void> {
  const answer = await dialForClient(socket, {
    ...target,
    method: target.method ?? request.method ?? 'GET',
    headers: forwardedHeaders(request, target),
  });
  if (answer === undefined) return;
  if (!answer.upgraded) {
    const { statusCode = 0 } = answer.response;
    if (statusCode < leastError) {
      answer.response.destroy();
      refuseAs(target, socket, `invalid upgrade response: status code ${statusCode}`);
      return;
    }
    socket.write(responseHead(answer.response, true));
    await finished(answer.response, socket);
    return;
  }
  const upstream = answer.socket;
  if (socket.destroyed) {
    upstream.destroy();
    return;
  }
  // Two pipelines listen to each, besides whoever made them.
  for (const each of [socket, upstream]) each.setMaxListeners(32);
  const stop = (): void => void upstream.destroy();
  target.signal?.addEventListener('abort', stop, { once: true });
  socket.write(responseHead(answer.response, false));
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) upstream.write(head);
  await Promise.all([finished(upstream, socket), finished(socket, upstream)]);
  target.signal?.removeEventListener('abort', stop);
  socket.destroy();
  upstream.destroy();
}

/** An end goes on to the other side; an error on either side ends both. */
function finished(from: NodeJS.ReadableStream, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    pipeline(from, to, () => resolve());
  });
}

function forwardedHeaders(request: IncomingMessage, target: ProxyUpgradeTarget): Record<string, string | string[]> {
  const replaced = new Set(Object.keys(target.headers ?? {}).map((name) => name.toLowerCase()));
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || hopHeaders.has(name) || replaced.has(name) || target.dropHeaders?.includes(name))
      continue;
    headers[name] = value;
  }
  for (const [name, value] of Object.entries(target.headers ?? {})) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return headers;
}

/** The answer's head as the target sent it; a body comes decoded, and ends with the connection. */
function responseHead(response: IncomingMessage, withBody: boolean): string {
  const lines = [`HTTP/1.1 ${response.statusCode ?? 502} ${response.statusMessage ?? ''}`];
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (withBody && (lower === 'connection' || lower === 'transfer-encoding' || lower === 'keep-alive')) continue;
    lines.push(`${name}: ${response.rawHeaders[index + 1] ?? ''}`);
  }
  if (withBody) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
