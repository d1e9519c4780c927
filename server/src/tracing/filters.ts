/** Spans around the filters and handlers of a request, named and nested as upstream's. */
import { sourceIps } from '../audit/source-ips.ts';
import type { WatchObserver } from '../endpoints/metrics.ts';
import { type Filter, type Handler, header, type RequestContext } from '../endpoints/request-context.ts';
import { statusErrorOf } from '../endpoints/respond.ts';
import { extract } from './propagation.ts';
import { type Attributes, currentSpan, type Span, traced, within } from './span.ts';
import type { Tracer } from './tracer.ts';

const filterScope = 'k8s.op/apiserver/pkg/endpoints/filterlatency';
const httpScope = 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp';
/** Callers that may decide what is sampled. */
const trusted = new Set(['system:masters', 'system:monitoring']);

/** The filter, in a span of this name that lasts as long as everything further in. */
export function filterSpan(tracer: Tracer, name: string, filter: Filter): Filter {
  return (next) => {
    const handler = filter(next);
    const options = { scope: filterScope };
    return (context) => {
      const span = currentSpan()?.child(name, options) ?? tracer.start(name, undefined, options);
      return within(span, () => handler(context));
    };
  };
}

/** The server's span: part of the caller's where the caller is trusted, else the first of its own trace, linked to it. */
export function withServerSpan(tracer: Tracer): Filter {
  return (next) => (context) => {
    const remote = extract(context.request.headers);
    const isTrusted = context.user.groups.some((group) => trusted.has(group));
    const parent = isTrusted ? (remote ?? currentSpan()?.context) : undefined;
    const span = tracer.start(spanName(context), parent, {
      kind: 'server',
      scope: httpScope,
      startMs: context.receivedAt,
      links: isTrusted || remote === undefined ? [] : [remote],
    });
    return within(span, async () => {
      if (span.context.sampled) span.set(requestAttributes(context));
      try {
        await next(context);
        finish(span, context.outcome);
      } catch (error) {
        // It becomes an answer further out.
        finish(span, { code: statusErrorOf(error).status.code ?? 500, bytes: 0 });
        throw error;
      }
    });
  };
}

/** A handler's span; connections and watches have none. */
export function handlerSpan(context: RequestContext, handler: Handler): Promise<void> {
  const name = handlerName(context);
  if (name === undefined) return handler(context);
  return traced(
    name,
    () => ({ attributes: attributesOf(context) }),
    () => handler(context),
  );
}

/** A span from the beginning of a watch to the bookmark that ends its initial events, for one that asks for these. */
export function tracedWatch(context: RequestContext, observer: WatchObserver): WatchObserver {
  const { query } = context;
  const listed = query.get('sendInitialEvents') === 'true' && query.get('allowWatchBookmarks') === 'true';
  const span = listed ? currentSpan()?.child('WatchList', { attributes: attributesOf(context) }) : undefined;
  if (span === undefined) return observer;
  return {
    sent: (bytes) => observer.sent(bytes),
    initialEventsSent() {
      observer.initialEventsSent();
      span.end();
    },
  };
}

function attributesOf(context: RequestContext): Attributes {
  const { info, request } = context;
  return {
    accept: header(context, 'accept'),
    'audit-id': context.auditId,
    client: sourceIps(request)[0] ?? '',
    'api-group': info.apiGroup,
    'api-version': info.apiVersion,
    name: info.name,
    subresource: info.subresource,
    namespace: info.namespace,
    protocol: `HTTP/${request.httpVersionMajor}.${request.httpVersionMinor}`,
    resource: info.resource,
    scope: info.name !== '' || info.verb === 'create' ? 'resource' : info.namespace === '' ? 'cluster' : 'namespace',
    url: context.path,
    'user-agent': header(context, 'user-agent'),
    verb: info.verb === 'list' ? 'LIST' : info.verb === 'deletecollection' ? 'DELETECOLLECTION' : context.method,
  };
}

const names: Record<string, string> = {
  get: 'Get',
  list: 'List',
  create: 'Create',
  update: 'Update',
  patch: 'Patch',
  delete: 'Delete',
  deletecollection: 'Delete',
};

function handlerName({ info, longRunning }: RequestContext): string | undefined {
  return longRunning ? undefined : names[info.verb];
}

/** The method, and of resources the path with its names left out. */
function spanName({ info, method }: RequestContext): string {
  if (!info.isResourceRequest) return method;
  const parts = [
    info.apiPrefix,
    info.apiGroup,
    info.apiVersion,
    info.namespace === '' ? '' : 'namespaces/{:namespace}',
    info.resource,
    info.name === '' ? '' : '{:name}',
    info.subresource,
  ];
  return `${method} /${parts.filter((part) => part !== '').join('/')}`;
}

function requestAttributes(context: RequestContext): Record<string, string | number> {
  const { request, method, path, rawUrl, auditId } = context;
  const host = /^(.*?)(?::(\d+))?$/.exec(request.headers.host ?? String(request.headers[':authority'] ?? ''));
  const length = Number(header(context, 'content-length'));
  return {
    'server.address': (host?.[1] ?? '').replace(/^\[|\]$/g, ''),
    'http.request.method': method,
    'url.scheme': 'https',
    ...(host?.[2] === undefined ? {} : { 'server.port': Number(host[2]) }),
    'network.peer.address': request.socket.remoteAddress ?? '',
    'network.peer.port': request.socket.remotePort ?? 0,
    'user_agent.original': header(context, 'user-agent'),
    'client.address': sourceIps(request)[0] ?? '',
    'url.path': path,
    'network.protocol.version': `${request.httpVersionMajor}.${request.httpVersionMinor}`,
    'http.target': rawUrl,
    'audit-id': auditId,
    ...(length > 0 ? { 'http.request.body.size': length } : {}),
  };
}

function finish(span: Span, { code, bytes }: RequestContext['outcome']): void {
  if (bytes > 0) span.set({ 'http.response.body.size': bytes });
  span.set({ 'http.response.status_code': code });
  if (code >= 500) span.fail('');
}
