/**
 * The HTTP face: an Express application whose one route is our handler chain, and the same chain for connections that
 * ask for an upgrade. It owns the requests in flight and ends them on shutdown.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express } from 'express';
import type { Handler, RequestContext } from './request-context.ts';
import { resolveRequestInfo } from './request-info.ts';
import { sendText } from './respond.ts';

const anonymous = { name: '', groups: [] };

export interface ApiApp {
  readonly express: Express;
  /** The same without Express, which takes requests of HTTP/1.1 only: it gives them its own prototypes. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** For the server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends watches and streams, then waits for everything else that is in flight, at most `limitMs`. */
  drain(limitMs: number): Promise<void>;
}

export function createApp(chain: Handler, options: { cbor?: boolean } = {}): ApiApp {
  const inFlight = new Set<RequestContext>();
  const idle: (() => void)[] = [];

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
      if (inFlight.size === 0) for (const wake of idle.splice(0)) wake();
    }
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response) => void serve(request, response));
  return {
    express: app,
    handle: (request, response) => void serve(request, response),
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const response = new ServerResponse(request);
      response.assignSocket(socket as never);
      response.shouldKeepAlive = false;
      response.on('finish', () => socket.end());
      void serve(request, response, { socket, head });
    },
    async drain(limitMs) {
      for (const context of inFlight) if (context.longRunning) context.abort(new Error('the server is shutting down'));
      if (inFlight.size === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, limitMs);
      });
      await Promise.race([new Promise<void>((resolve) => idle.push(resolve)), limit]);
      clearTimeout(timer);
      for (const context of inFlight) context.response.destroy();
    },
  };
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
    cbor,
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    ...(upgrade === undefined ? {} : { upgrade }),
    info: resolveRequestInfo('', '', new URLSearchParams()),
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
