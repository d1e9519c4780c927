/** The HTTP/2 session with one of several endpoints; when it is lost, or does not answer, with another one. */
import http2, { type ClientHttp2Session } from 'node:http2';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { trust } from '@typernetes/openapi/client';
import { GrpcError, grpcCodes } from './grpc-error.ts';

export interface SessionOptions {
  /** `https://host:port` or `http://host:port`. */
  endpoints: readonly string[];
  /** PEM. Absent: the system's authorities. */
  ca?: Buffer | undefined;
  /** Asked for each connection, so that a renewed certificate is used from the next one on. */
  identity?: (() => Promise<ClientIdentity>) | undefined;
}

/** PEM of the client certificate and its key. */
export interface ClientIdentity {
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
}

/** After that another endpoint is tried. */
const connectTimeoutMs = 2_000;
const keepaliveMs = 30_000;
const keepaliveTimeoutMs = 10_000;
/** Lists come in pages of many megabytes. */
const windowBytes = 8 * 1024 * 1024;

export class Sessions {
  readonly #options: SessionOptions;
  #session: Promise<ClientHttp2Session> | undefined;
  #opening: ClientHttp2Session | undefined;
  #opened: ClientHttp2Session | undefined;
  /** Index of the endpoint that is tried next. */
  #next = 0;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** `deadline` is a time of `Date.now()`. Throws GrpcError. */
  async connected(deadline: number): Promise<ClientHttp2Session> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()), undefined);
    try {
      const session = await Promise.race([this.#current(), promise]);
      if (session !== undefined) return session;
    } finally {
      clearTimeout(timer);
    }
    throw new GrpcError(grpcCodes.deadlineExceeded, 'No connection established in time', true);
  }

  #current(): Promise<ClientHttp2Session> {
    // Not every error of TLS closes a session with an event.
    if (this.#opened?.destroyed === true) this.#session = this.#opened = undefined;
    if (this.#session === undefined) {
      this.#opened = undefined;
      const connecting = this.#connect();
      this.#session = connecting;
      connecting.catch(() => this.#forget(connecting));
    }
    return this.#session;
  }

  #forget(session: Promise<ClientHttp2Session>): void {
    if (this.#session === session) this.#session = undefined;
  }

  /** To the first endpoint that takes the connection. */
  async #connect(): Promise<ClientHttp2Session> {
    const { endpoints } = this.#options;
    const reasons: string[] = [];
    for (const _ of endpoints) {
      const endpoint = endpoints[this.#next % endpoints.length]!;
      try {
        const session = await this.#open(endpoint);
        const own = this.#session;
        session.on('close', () => own !== undefined && this.#forget(own));
        session.on('goaway', () => own !== undefined && this.#forget(own));
        return session;
      } catch (error) {
        reasons.push(`${endpoint}: ${(error as Error).message}`);
        this.#next += 1;
      }
    }
    throw new GrpcError(grpcCodes.unavailable, `No connection established: ${reasons.join('; ')}`, true);
  }

  async #open(endpoint: string): Promise<ClientHttp2Session> {
    const { ca, identity } = this.#options;
    const { cert, key } = (await identity?.()) ?? {};
    if (this.#closed) throw new Error('the client is closed');
    const socket = socketTo(new URL(endpoint), { ...trust(ca), ...(cert && { cert }), ...(key && { key }) });
    const session = http2.connect(endpoint, {
      createConnection: () => socket,
      settings: { initialWindowSize: windowBytes },
    });
    this.#opening = session;
    session.setTimeout(connectTimeoutMs, () => session.destroy(new Error('it does not answer')));
    await new Promise<void>((resolve, reject) => {
      session.once('error', reject);
      // Of a certificate that is refused after the handshake the session says nothing.
      socket.on('error', reject);
      session.once('close', () => reject(new Error('the connection was closed')));
      // Its settings tell that a server of HTTP/2 is there.
      session.once('remoteSettings', () => resolve());
    });
    this.#opening = undefined;
    this.#opened = session;
    session.setTimeout(0);
    session.on('error', () => session.destroy());
    session.setLocalWindowSize(2 * windowBytes);
    keepAlive(session);
    return session;
  }

  /** Others may do better: one that does not answer is left, where there are others. */
  leave(session: ClientHttp2Session): void {
    if (this.#options.endpoints.length === 1 || session.closed) return;
    this.#session = undefined;
    this.#next += 1;
    session.close();
  }

  close(): void {
    this.#closed = true;
    this.#opening?.destroy();
    void this.#session?.then(
      (session) => session.destroy(),
      () => undefined,
    );
  }
}

function socketTo({ protocol, hostname, port }: URL, options: ConnectionOptions): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return connectPlain({ host, port: Number(port || 80) });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ ...options, ...servername, host, port: Number(port || 443), ALPNProtocols: ['h2'] });
}

function keepAlive(session: ClientHttp2Session): void {
  let answered = true;
  const timer = setInterval(() => {
    answered = false;
    session.ping(() => (answered = true));
    setTimeout(() => answered || session.destroy(), keepaliveTimeoutMs).unref();
  }, keepaliveMs).unref();
  session.on('close', () => clearInterval(timer));
}
