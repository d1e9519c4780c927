/**
 * One HTTPS connection pool to one API server: adds identity to requests, and hands back raw responses. Requests share
 * keep-alive sockets; streams (watches, logs) get sockets of their own, so that they never hold back a request.
 */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { Clock } from './clock.ts';
import type { ClientConfig } from './config.ts';
import { type Trust, trust } from './trust.ts';

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface RawRequest {
  method: string;
  /** Absolute path without query, such as `/api/v1/nodes`. */
  path: string;
  query?: Query;
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Long-running: a socket of its own, and no timeout. */
  stream?: boolean;
  /** Gives up after this long without an answer. Default 60 s, 0 for never; not for streams. */
  timeoutMs?: number;
}

/** The server could not be reached, or the connection broke. `code` is Node's (`ECONNREFUSED`, …) or `ETIMEDOUT`. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const tokenFileMaxAgeMs = 60_000;

export class Transport {
  readonly base: URL;
  readonly #config: ClientConfig;
  readonly #clock: Clock;
  readonly #secure: boolean;
  readonly #agent: http.Agent;
  readonly #streamAgent: http.Agent;
  #tokenFile: { token: string; readAt: number } | undefined;

  /** @param options.shareWith a transport to the same server with the same TLS identity, whose sockets this one uses too */
  constructor(config: ClientConfig, clock: Clock, options: { maxSockets?: number; shareWith?: Transport } = {}) {
    this.#config = config;
    this.#clock = clock;
    this.base = new URL(config.server.includes('://') ? config.server : `https://${config.server}`);
    this.#secure = this.base.protocol === 'https:';
    if (options.shareWith) {
      this.#agent = options.shareWith.#agent;
      this.#streamAgent = options.shareWith.#streamAgent;
      return;
    }
    const maxSockets = options.maxSockets ?? 16;
    // A burst keeps all its sockets for the next: a handshake costs more than many requests.
    const pool = {
      keepAlive: true,
      maxSockets,
      maxFreeSockets: maxSockets,
      scheduling: 'lifo' as const,
    };
    this.#agent = this.#secure ? new https.Agent({ ...pool, ...this.tls() }) : new http.Agent(pool);
    const streams = { keepAlive: true, maxFreeSockets: 2 };
    this.#streamAgent = this.#secure ? new https.Agent({ ...streams, ...this.tls() }) : new http.Agent(streams);
  }

  /** The TLS options that reach this server, for connections made elsewhere (websockets). */
  tls(): Trust & { cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean } {
    const { ca, cert, key, tlsServerName, insecureSkipTlsVerify } = this.#config;
    return {
      ...trust(ca),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      ...(insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    };
  }

  url(path: string, query: Query = {}): URL {
    const prefix = this.base.pathname.replace(/\/$/, '');
    const url = new URL(prefix + path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      if (typeof value === 'object') for (const entry of value) url.searchParams.append(name, entry);
      else url.searchParams.set(name, String(value));
    }
    return url;
  }

  /** Headers that say who calls. Contains credentials: never log it. */
  async identityHeaders(): Promise<Record<string, string>> {
    const headers: Record<string, string> = { 'user-agent': this.#config.userAgent ?? 'typernetes' };
    const token = await this.#token();
    if (token) headers['authorization'] = `Bearer ${token}`;
    else if (this.#config.username !== undefined) {
      const pair = `${this.#config.username}:${this.#config.password ?? ''}`;
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    const { impersonate } = this.#config;
    if (impersonate) {
      headers['impersonate-user'] = impersonate.user;
      if (impersonate.uid) headers['impersonate-uid'] = impersonate.uid;
    }
    return headers;
  }

  async #token(): Promise<string | undefined> {
    const { token, tokenFile } = this.#config;
    if (tokenFile) {
      const now = this.#clock.now();
      if (!this.#tokenFile || now - this.#tokenFile.readAt > tokenFileMaxAgeMs) {
        this.#tokenFile = { token: (await readFile(tokenFile, 'utf8')).trim(), readAt: now };
      }
      return this.#tokenFile.token;
    }
    return typeof token === 'function' ? await token() : token;
  }

  /** After a 401: the next request reads the token file again. */
  forgetToken(): void {
    this.#tokenFile = undefined;
  }

  /** Resolves when response headers are there; the caller reads or destroys the body. */
  async send(request: RawRequest): Promise<http.IncomingMessage> {
    request.signal?.throwIfAborted();
    const identity = await this.identityHeaders();
    const url = this.url(request.path, request.query);
    const options: https.RequestOptions = {
      method: request.method,
      agent: request.stream ? this.#streamAgent : this.#agent,
      headers: { ...identity, ...request.headers },
      ...(request.signal ? { signal: request.signal } : {}),
    };
    return new Promise((resolve, reject) => {
      const outgoing = this.#secure ? https.request(url, options) : http.request(url, options);
      const { impersonate } = this.#config;
      if (impersonate?.groups?.length) outgoing.setHeader('impersonate-group', impersonate.groups);
      for (const [key, values] of Object.entries(impersonate?.extra ?? {})) {
        outgoing.setHeader(`impersonate-extra-${encodeURIComponent(key)}`, values);
      }
      const timeoutMs = request.stream ? 0 : (request.timeoutMs ?? 60_000);
      const timer =
        timeoutMs > 0
          ? this.#clock.timer(timeoutMs, () => {
              outgoing.destroy(
                new ConnectionError('ETIMEDOUT', `${request.method} ${request.path}: no answer within ${timeoutMs} ms`),
              );
            })
          : undefined;
      outgoing.on('response', (response) => {
        response.once('close', () => timer?.stop());
        resolve(response);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        timer?.stop();
        reject(
          error instanceof ConnectionError || request.signal?.aborted
            ? error
            : new ConnectionError(error.code ?? 'UNKNOWN', `${request.method} ${request.path}: ${error.message}`, {
                cause: error,
              }),
        );
      });
      if (request.stream) outgoing.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
      outgoing.end(request.body);
    });
  }

  /** Ends idle connections; requests under way break. */
  close(): void {
    this.#agent.destroy();
    this.#streamAgent.destroy();
  }
}

export async function readBody(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
