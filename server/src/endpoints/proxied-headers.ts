/** Headers of a request that is passed on, or of the answer to it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** Of one connection, not of the message; `host` is the next server's own. */
const hopByHop = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** Those that go on: neither of the connection, nor named by the `Connection` header. */
export function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set(
    (headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isHopByHop(name) && !named.has(name)));
}

/**
 * A body of unknown length goes on in chunks, whatever the method: Node frames none for GET or DELETE by itself, and the
 * next server would read the body as more requests of ours.
 */
export function bodyFraming(request: IncomingMessage): { 'transfer-encoding'?: 'chunked' } {
  const { headers, httpVersionMajor } = request;
  if (headers['content-length'] !== undefined) return {};
  const hasBody =
    httpVersionMajor === 2
      ? !(request as unknown as Http2ServerRequest).stream.endAfterHeaders
      : headers['transfer-encoding'] !== undefined;
  return hasBody ? { 'transfer-encoding': 'chunked' } : {};
}

/** Who asked, after those that passed it on before. */
export function forwardedFor(headers: IncomingHttpHeaders, client: string): string {
  const before = headers['x-forwarded-for'];
  return before === undefined ? client : `${String(before)}, ${client}`;
}
