/**
 * The HTTP face: an Express application whose one route is our handler chain, and the same chain for connections that
 * ask for an upgrade. It owns the requests in flight and ends them on shutdown. Requests for resources and health take
 * the short way to the chain: they need nothing of Express, whose routing is 3 % of what a get costs, and whose loading
 * is an eighth of what a start costs. It is loaded for the first request of another kind.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Listener } from './express-app.ts';
import type { Handler, RequestContext } from './request-context.ts';
import { resolveRequestInfo } from './request-info.ts';
import { sendText } from './respond.ts';

const anonymous = { name: '', groups: [] };
const shortWay = /^\/(?:apis?\/|livez|readyz|healthz)/;
const unknownInfo = resolveRequestInfo('', '', new URLSearchParams());

export interface ApiApp {
  /** For the server's `request` event. */
  readonly listener: Listener;
  /** The same without Express, which takes requests of HTTP/1.1 only: it gives them its own prototypes. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** For the server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Ends watches, all at once or over the time given, and waits for everything else that is in flight, at most
   * `limitMs`; then streams are ended too.
   */
  drain(limitMs: number, watchGraceMs?: number): Promise<void>;
}

export interface AppOptions {
  cbor?: boolean;
  /** How long the rest of a body may take that nobody wants any more. */
  lingerMs?: number;
}

export function createApp(chain: Handler, options: AppOptions = {}): ApiApp {
  const { lingerMs = 5000 } = options;
  const inFlight = new Set<RequestContext>();
  const leaving = new Set<() => void>();
  const all = (which: (context: RequestContext) => boolean): number => [...inFlight].filter(which).length;
  /** Until nothing is left of what `count` counts, or the time has come. */
  const settled = async (count: () => number, limit: number): Promise<void> => {
    while (count() > 0 && Date.now() < limit) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          leaving.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.max(0, limit - Date.now()));
        leaving.add(wake);
      });
    }
  };

  const serve = async (
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: { socket: Duplex; head: Buffer },
  ): Promise<void> => {
    const context = makeContext(request, response, upgrade, options.cbor === true);
    if (context === undefined) return;
    inFlight.add(context);
    try {
      await chain(context);
    } catch {
      response.destroy();
    } finally {
      inFlight.delete(context);
      for (const wake of leaving) wake();
      if (upgrade === undefined && !request.complete) dropUnfinished(request, response, lingerMs);
    }
  };

  let routed: Promise<Listener> | undefined;
  const route = async (): Promise<Listener> => {
    const { expressApp } = await import('./express-app.ts');
    return expressApp((request, response) => void serve(request, response));
  };
  return {
    listener(request, response) {
      if (shortWay.test(request.url ?? '')) void serve(request, response);
      else void (routed ??= route()).then((app) => app(request, response));
    },
    handle: (request, response) => void serve(request, response),
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const response = new ServerResponse(request);
      response.assignSocket(socket as never);
      response.shouldKeepAlive = false;
      response.on('finish', () => socket.end());
      void serve(request, response, { socket, head });
    },
    async drain(limitMs, watchGraceMs = 0) {
      const limit = Date.now() + limitMs;
      for (const { response } of inFlight) response.shouldKeepAlive = false;
      const watches = [...inFlight].filter(({ info }) => info.verb === 'watch');
      await Promise.all([endOver(watches, watchGraceMs), settled(() => all((context) => !context.longRunning), limit)]);
      for (const context of inFlight) context.abort(goodbye());
      await settled(() => all(() => true), limit);
      for (const context of inFlight) context.response.destroy();
    },
  };
}

/** Whoever was answered before all was sent may send on for a while: not for ever, since anybody can be refused. */
function dropUnfinished(request: IncomingMessage, response: ServerResponse, lingerMs: number): void {
  // Of HTTP/2 it is the stream that ends, with the answer.
  if (request.httpVersionMajor > 1) return;
  const { socket } = request;
  const linger = (): void => {
    const timer = setTimeout(() => {
      if (!request.complete) socket.destroy();
    }, lingerMs).unref();
    request.once('close', () => clearTimeout(timer));
  };
  if (response.writableFinished) linger();
  else response.once('finish', linger);
}

function goodbye(): Error {
  return new Error('the server is shutting down');
}

/** Not fewer than this in a second, however long there is. */
const slowestEnd = 200;
const stepMs = 50;

/** Ends watches evenly over the time, so that their clients do not all come to the next server at once. */
async function endOver(watches: readonly RequestContext[], graceMs: number): Promise<void> {
  const perSecond = graceMs > 0 ? Math.max(slowestEnd, (watches.length * 1000) / graceMs) : Number.POSITIVE_INFINITY;
  const perStep = Math.ceil((perSecond * stepMs) / 1000);
  for (let from = 0; from < watches.length; from += perStep) {
    if (from > 0) await new Promise((resolve) => setTimeout(resolve, stepMs));
    for (const context of watches.slice(from, from + perStep)) context.abort(goodbye());
  }
}

function makeContext(
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: { socket: Duplex; head: Buffer } | undefined,
  cbor: boolean,
): RequestContext | undefined {
  const rawUrl = request.url ?? '/';
  const question = rawUrl.indexOf('?');
  const rawPath = question < 0 ? rawUrl : rawUrl.slice(0, question);
  const controller = new AbortController();
  const context: RequestContext = {
    request,
    response,
    method: request.method ?? 'GET',
    path: rawPath,
    rawUrl,
    query: new URLSearchParams(question < 0 ? '' : rawUrl.slice(question + 1)),
    receivedAt: performance.now(),
    filterStartedAt: 0,
    cbor,
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    ...(upgrade === undefined ? {} : { upgrade }),
    info: unknownInfo,
    user: anonymous,
    auditId: '',
    longRunning: false,
    endpointFound: false,
    waitedMs: 0,
    warnings: new Set(),
    auditAnnotations: new Map(),
    requestAuditAnnotations: new Map(),
    outcome: { code: 0, bytes: 0 },
  };
  const gone = upgrade?.socket ?? response;
  gone.once('close', () => {
    if (!response.writableFinished || upgrade !== undefined) controller.abort(new Error('the client went away'));
  });
  if (!rawPath.includes('%')) return context;
  try {
    return Object.assign(context, { path: decodeURIComponent(rawPath) });
  } catch {
    sendText(context, 400, '400 Bad Request: malformed path\n');
    return undefined;
  }
}
