/** Passing a request on to a pod, a Service's endpoint or a node, and its answer back. */
import http, { type IncomingMessage } from 'node:http';
import https, { type Agent } from 'node:https';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ConnectionOptions } from 'node:tls';
import { createGunzip, createInflate } from 'node:zlib';
import { serviceUnavailable } from '@typernetes/openapi/meta';
import { proxyUpgrade } from '@typernetes/openapi/streaming';
import type { RestContext } from '../../registry/generic/rest.ts';
import { bodyFraming, endToEnd, forwardedFor, isHopByHop } from '../proxied-headers.ts';
import { type ProxiedFrom, proxiedLink } from './proxied-links.ts';

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
  const { prefix } = target;
  const from =
    prefix === undefined ? undefined : { host: target.url.host, requestHost: request.headers.host ?? '', prefix };
  const rewrites = from !== undefined && request.method !== 'HEAD' && isPage(answer);
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || isHopByHop(name)) continue;
    if (rewrites && (name === 'content-length' || name === 'content-encoding')) continue;
    outgoing.setHeader(name, name === 'location' && from !== undefined ? proxiedLink(String(value), from) : value);
  }
  outgoing.flushHeaders();
  await (rewrites ? sendPage(answer, outgoing, from) : pipeline(answer, outgoing)).catch(() => outgoing.destroy());
}

/** HTML whose links can be read. A redirect's page is not looked at, as upstream. */
function isPage({ headers, statusCode = 0 }: IncomingMessage): boolean {
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length) ?? 'utf-8';
  return (
    type === 'text/html' &&
    /^"?(utf-8|us-ascii)"?$/.test(charset) &&
    headers.location === undefined &&
    statusCode !== 204 &&
    statusCode !== 304 &&
    ['identity', 'gzip', 'deflate'].includes(headers['content-encoding'] ?? 'identity')
  );
}

async function sendPage(answer: IncomingMessage, outgoing: http.ServerResponse, from: ProxiedFrom): Promise<void> {
  // Loaded with the first page.
  const { LinkRewriter } = await import('./link-rewriter.ts');
  const encoding = answer.headers['content-encoding'];
  const inflated = encoding === 'gzip' ? [createGunzip()] : encoding === 'deflate' ? [createInflate()] : [];
  (inflated[0] ?? answer).setEncoding('utf8');
  await pipeline([answer, ...inflated, new LinkRewriter(from), outgoing]);
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
        ...(target.prefix === undefined ? {} : { 'x-forwarded-uri': posix.join(target.prefix, target.url.pathname) }),
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
