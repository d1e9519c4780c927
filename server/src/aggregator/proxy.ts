/** One request to a remote APIService, passed on and answered. */
import type { OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { proxyUpgrade } from '@typernetes/openapi/streaming';
import { encodePath } from '../endpoints/encode-path.ts';
import { bodyFraming, endToEnd, forwardedFor, isHopByHop } from '../endpoints/proxied-headers.ts';
import { header, type RequestContext } from '../endpoints/request-context.ts';
import { sendText } from '../endpoints/respond.ts';
import { propagated, tracedRequest } from '../tracing/propagation.ts';
import { type Backend, BackendError, hostPort } from './backend.ts';
import { isIdentityHeader } from './identity-headers.ts';

/** Discovery is cheap and asked for by everyone: a slow server must not hold it up. */
const discoveryTimeoutMs = 5000;

export interface ProxyOptions {
  /** --aggregator-reject-forwarding-redirect */
  rejectRedirects: boolean;
}

/** Always answers; failures are plain text, as upstream's. */
export async function proxyToBackend(context: RequestContext, backend: Backend, options: ProxyOptions): Promise<void> {
  if (!backend.available) return sendText(context, 503, 'service unavailable\n');
  const via = header(context, 'via').split(',');
  if (via.some((each) => each.trim().endsWith(` ${backend.via}`))) return sendText(context, 508, 'loop detected\n');
  try {
    if (context.upgrade === undefined) await forward(context, backend, options);
    else await forwardUpgrade(context, backend, context.upgrade);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (context.signal.aborted && context.response.destroyed) return;
    const message = error.unresolved ? 'service unavailable' : `error trying to reach service: ${error.message}`;
    sendText(context, 503, `${message}\n`);
  }
}

async function forward(context: RequestContext, backend: Backend, options: ProxyOptions): Promise<void> {
  const { request, response, method } = context;
  const framing = bodyFraming(request);
  const hasBody = framing['transfer-encoding'] !== undefined || Number(header(context, 'content-length')) > 0;
  const signal = isDiscovery(context)
    ? AbortSignal.any([context.signal, AbortSignal.timeout(discoveryTimeoutMs)])
    : context.signal;
  const path = location(context);
  const { namespace, name } = backend.service;
  const send = () =>
    backend.request({
      method,
      path,
      user: context.user,
      headers: { ...forwardedHeaders(context), ...framing },
      signal,
      ...(hasBody ? { body: request } : {}),
    });
  const url = new URL(`https://${name}.${namespace}.svc${path}`);
  const answer = await tracedRequest(method, url, send, ({ statusCode }) => statusCode ?? 0);
  const code = answer.statusCode ?? 502;
  if (options.rejectRedirects && code >= 300 && code <= 399 && (answer.headers.location ?? '') !== '') {
    answer.destroy();
    return sendText(context, 502, 'the backend attempted to redirect this request, which is not permitted');
  }
  context.outcome = { code, bytes: Number(answer.headers['content-length'] ?? 0) };
  response.statusCode = code;
  for (const [name, value] of Object.entries(answer.headersDistinct)) {
    if (value === undefined || isHopByHop(name) || name.startsWith('access-control-')) continue;
    response.setHeader(name, value.length === 1 ? value[0]! : value);
  }
  response.flushHeaders();
  await pipeline(answer, response).catch(() => response.destroy());
}

async function forwardUpgrade(
  context: RequestContext,
  backend: Backend,
  upgrade: NonNullable<RequestContext['upgrade']>,
): Promise<void> {
  const { host, port } = await backend.resolve();
  const { request, response } = context;
  context.outcome = { code: 101, bytes: 0 };
  response.detachSocket(upgrade.socket as never);
  const headers = backend.headers(context.user, { ...forwardedHeaders(context), host: hostPort(host, port) });
  await proxyUpgrade(request, upgrade.socket, upgrade.head, {
    url: `https://${hostPort(host, port)}`,
    path: location(context),
    tls: backend.tls,
    unreachable: (message) => ({ status: 503, body: `${message}\n` }),
    headers,
    dropHeaders: Object.keys(request.headers).filter((name) => isIdentityHeader(name) || name.startsWith(':')),
    signal: context.signal,
  });
}

function isDiscovery({ info, path }: RequestContext): boolean {
  return !info.isResourceRequest && path.replace(/^\/+|\/+$/g, '').split('/').length === 3;
}

/** The path that was authorized, encoded anew: the other server must not be able to read another one out of it. */
function location(context: RequestContext): string {
  const path = encodePath(context.path);
  const query = new URLSearchParams(context.query);
  query.sort();
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function forwardedHeaders(context: RequestContext): OutgoingHttpHeaders {
  const { request } = context;
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(endToEnd(request.headers))) {
    // We have answered an `Expect` ourselves.
    if (name.startsWith(':') || name === 'expect' || isIdentityHeader(name)) continue;
    headers[name] = value;
  }
  headers['x-forwarded-for'] = forwardedFor(request.headers, request.socket.remoteAddress ?? '');
  headers['x-forwarded-uri'] = context.path;
  const host = request.headers[':authority'] ?? request.headers.host;
  if (host !== undefined) headers['x-forwarded-host'] = host;
  headers['x-forwarded-proto'] = 'https';
  headers['audit-id'] = context.auditId;
  return { ...headers, ...propagated() };
}
