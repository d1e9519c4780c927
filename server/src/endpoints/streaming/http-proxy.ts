/** Passing a request on to a pod, a Service's endpoint or a node, and its answer back. */
import http, { type IncomingMessage } from 'node:http';
import https, { type Agent } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { ConnectionOptions } from 'node:tls';
import { serviceUnavailable } from '@typernetes/openapi/meta';
import { proxyUpgrade } from '@typernetes/openapi/streaming';
import type { RestContext } from '../../registry/generic/rest.ts';
import { bodyFraming, endToEnd, forwardedFor, isHopByHop } from '../proxied-headers.ts';

export interface ProxyTarget {
  url: URL;
  agent?: Agent;
  tls?: ConnectionOptions;
  /** For links in redirects and pages: the path of this server that stands for the target's root. */
  prefix?: string;
}

/** Resolves when the exchange is over. Throws a StatusError where the target cannot be reached. */
export async function proxyRequest(context: RestContext, target: ProxyTarget): Promise<void> {
  const { request, response, socket, head } = context.http!;
  if (socket !== undefined) {
    detach(context);
    await proxyUpgrade(request, socket, head ?? Buffer.alloc(0), {
      url: target.url,
      ...(target.tls === undefined ? {} : { tls: target.tls }),
      headers: { 'X-Forwarded-Uri': request.url ?? '/' },
      signal: context.signal,
      unreachable: unreachableStatus,
    });
    return;
  }
  const answer = await send(context, target);
  const outgoing = response!;
  outgoing.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || isHopByHop(name)) continue;
    outgoing.setHeader(name, name === 'location' ? relocated(String(value), target) : value);
  }
  outgoing.flushHeaders();
  await pipeline(answer, outgoing).catch(() => outgoing.destroy());
}

/** A client that asked for an upgrade gets a Status too where there is nobody to pass it on to. */
export function unreachableStatus(message: string): { status: number; body: string; contentType: string } {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 };
  return { status: 500, body: `${JSON.stringify(status)}\n`, contentType: 'application/json' };
}

/** The socket now belongs to someone who writes to it directly. */
export function detach(context: RestContext): void {
  const { response, socket } = context.http!;
  if (response !== undefined && socket !== undefined) response.detachSocket(socket as never);
}

function send(context: RestContext, target: ProxyTarget): Promise<IncomingMessage> {
  const { request } = context.http!;
  const secure = target.url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      method: request.method ?? 'GET',
      headers: {
        ...endToEnd(request.headers),
        ...bodyFraming(request),
        'x-forwarded-for': forwardedFor(request.headers, request.socket.remoteAddress ?? ''),
      },
      signal: context.signal,
      ...(secure ? { ...target.tls, ...(target.agent === undefined ? {} : { agent: target.agent }) } : {}),
    };
    const outgoing = secure ? https.request(target.url, options) : http.request(target.url, options);
    outgoing.once('response', resolve);
    const fail = (message: string): void => reject(serviceUnavailable(`error trying to reach service: ${message}`));
    outgoing.on('error', (error) => fail(error.message));
    // Unheard, Node would drop the connection and tell nobody.
    outgoing.once('upgrade', (_, upgraded) => {
      upgraded.destroy();
      fail('unexpected change of protocols');
    });
    request.pipe(outgoing);
  });
}

/** A redirect within the target stays within the proxy's path. */
function relocated(location: string, { url, prefix }: ProxyTarget): string {
  if (prefix === undefined) return location;
  const absolute = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (absolute === undefined || absolute.host !== url.host) return location;
  return `${prefix}${absolute.pathname}${absolute.search}`;
}
