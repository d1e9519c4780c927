/** W3C Trace Context: how a span is named to other processes. */
import type { IncomingHttpHeaders } from 'node:http';
import { currentSpan, type SpanContext, type SpanOptions, traced } from './span.ts';

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const longestState = 512;

/** The caller's span; undefined where there is none, or none that can be read. */
export function extract(headers: IncomingHttpHeaders): SpanContext | undefined {
  const { traceparent, tracestate } = headers;
  const match = typeof traceparent === 'string' ? form.exec(traceparent.trim()) : null;
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = Array.isArray(tracestate) ? tracestate.join(',') : (tracestate ?? '');
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: state.length > longestState ? '' : state,
  };
}

/** Headers that name the current span; none where there is none. */
export function propagated(): Record<string, string> {
  const context = currentSpan()?.context;
  if (context === undefined) return {};
  const { traceId, spanId, sampled, state } = context;
  const traceparent = `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
  return state === '' ? { traceparent } : { traceparent, tracestate: state };
}

/** A request to another server: a span of its own around `send`, which puts `propagated()` among its headers. */
export function tracedRequest<T>(
  method: string,
  url: URL,
  send: () => Promise<T>,
  statusOf: (answer: T) => number,
): Promise<T> {
  const options = (): SpanOptions => ({
    kind: 'client',
    scope: 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp',
    attributes: {
      'http.request.method': method,
      'url.full': `${url.origin}${url.pathname}${url.search}`,
      'server.address': url.hostname,
      ...(url.port === '' ? {} : { 'server.port': Number(url.port) }),
    },
  });
  return traced(`HTTP ${method}`, options, async (span) => {
    try {
      const answer = await send();
      if (span === undefined) return answer;
      const code = statusOf(answer);
      span.set({ 'http.response.status_code': code });
      if (code >= 400) span.fail('');
      return answer;
    } catch (error) {
      span?.fail((error as Error).message);
      throw error;
    }
  });
}

/** A gRPC call of etcd. */
export function tracedCall<T>(service: string, method: string, call: () => Promise<T>): Promise<T> {
  const name = `etcdserverpb.${service}/${method}`;
  const options = (): SpanOptions => ({
    kind: 'client',
    scope: 'go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc',
    attributes: { 'rpc.method': name, 'rpc.system.name': 'grpc' },
  });
  return traced(name, options, async (span) => {
    try {
      return await call();
    } catch (error) {
      span?.fail((error as Error).message);
      throw error;
    }
  });
}
