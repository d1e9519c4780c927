/**
 * HTTP/2 beside HTTP/1.1 on one TLS port: ALPN decides for each connection. Requests come to the handler chain in the form
 * of HTTP/1.1 that Node's compatibility layer gives them, made complete where it falls short of what the chain reads.
 * Upgrades (websocket, SPDY) stay on HTTP/1.1, which is what their clients ask for by ALPN.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createServer,
  Http2ServerRequest,
  Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { ApiApp } from '../endpoints/app.ts';

/** Upstream's: most objects fit into one frame, and a connection can hold a frame of each stream. */
const frameBytes = 256 * 1024;
const defaultMaxStreams = 100;
const idleMs = 90_000;
/** MiB that a connection may have waiting before new streams are refused. */
const maxSessionMemory = 256;

const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

class ApiRequest extends Http2ServerRequest {
  constructor(...args: ConstructorParameters<typeof Http2ServerRequest>) {
    super(...args);
    const [stream, given] = args;
    const headers = Object.create(null) as NodeJS.Dict<string | string[]>;
    for (const name in given) if (!name.startsWith(':')) headers[name] = given[name];
    headers['host'] ??= given[':authority'];
    let distinct: NodeJS.Dict<string[]> | undefined;
    Object.defineProperties(this, {
      headers: { value: headers },
      headersDistinct: { get: () => (distinct ??= distinctHeaders(this.rawHeaders)) },
      // The same one for every request of a connection: what is known of its certificate is kept with it.
      socket: { value: stream.session?.socket },
    });
  }
}

/** Clients name headers: `constructor` is one like any other. */
function distinctHeaders(raw: readonly string[]): NodeJS.Dict<string[]> {
  const headers = Object.create(null) as NodeJS.Dict<string[]>;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!;
    if (!name.startsWith(':')) (headers[name] ??= []).push(raw[index + 1]!);
  }
  return headers;
}

class ApiResponse extends Http2ServerResponse<ApiRequest> {
  /** HTTP/2 has no headers about the connection: `Connection: close` becomes GOAWAY, as in Go's server. */
  override setHeader(name: string, value: number | string | readonly string[]): this {
    const lower = name.toLowerCase();
    if (!connectionHeaders.has(lower)) super.setHeader(name, value);
    else if (lower === 'connection' && value === 'close') this.stream.session?.close();
    return this;
  }
}

Object.defineProperty(ApiResponse.prototype, 'destroyed', {
  get(this: ApiResponse) {
    return (this.stream as ServerHttp2Stream | undefined)?.destroyed ?? true;
  },
});

export interface Http2Options {
  /** 0: upstream's default. */
  maxStreams: number;
}

export interface Http2Connections {
  /** GOAWAY: what is in flight may end, nothing new begins. */
  close(): void;
  destroy(): void;
}

/** Takes the connections that chose `h2` off an HTTPS server that offers it by ALPN. */
export function serveHttp2(server: Server, app: ApiApp, { maxStreams }: Http2Options): Http2Connections {
  const streams = maxStreams > 0 ? maxStreams : defaultMaxStreams;
  const http2 = createServer({
    Http2ServerRequest: ApiRequest,
    Http2ServerResponse: ApiResponse,
    maxSessionMemory,
    maxHeaderListPairs: 4096,
    settings: {
      maxConcurrentStreams: streams,
      initialWindowSize: frameBytes,
      maxFrameSize: frameBytes,
      maxHeaderListSize: 1024 * 1024,
    },
  });
  const sessions = new Map<Http2Session, number>();
  http2.on('session', (session) => {
    sessions.set(session, 0);
    session.once('close', () => sessions.delete(session));
    session.once('connect', () => session.setLocalWindowSize(frameBytes * streams));
    session.setTimeout(idleMs, () => {
      if (sessions.get(session) === 0) session.close();
    });
    session.on('stream', (stream) => {
      sessions.set(session, (sessions.get(session) ?? 0) + 1);
      stream.once('close', () => {
        const open = sessions.get(session);
        if (open !== undefined) sessions.set(session, open - 1);
      });
    });
  });
  http2.on('sessionError', (_, session) => session.destroy());
  http2.on('request', (request, response) =>
    app.handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  const [http1] = server.listeners('secureConnection') as ((this: Server, socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
    else http1?.call(server, socket);
  });
  return {
    close() {
      for (const session of sessions.keys()) session.close();
    },
    destroy() {
      for (const session of sessions.keys()) session.destroy();
    },
  };
}
