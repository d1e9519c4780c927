/**
 * The server behind a remote APIService: where it is (asked anew for each request), how its certificate is judged, and
 * the certificate by which it knows that headers about the user come from us.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import https, { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { trust } from '@typernetes/openapi/client';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { ResolvedService, ServiceResolver } from '../webhooks/index.ts';
import { type ServiceReference, serviceOf } from './api-service.ts';
import { connectionMessage } from './connection-errors.ts';
import { identityHeaders } from './identity-headers.ts';

export interface BackendOptions {
  resolve: ServiceResolver;
  /** --proxy-client-cert-file and --proxy-client-key-file. */
  clientCertificate?: { cert: string; key: string };
  /** Names this server in `Via`, by which a request that comes back is known. */
  via: string;
}

export interface BackendRequest {
  method?: string;
  /** With the query, as it is sent. */
  path: string;
  user: UserInfo;
  headers?: OutgoingHttpHeaders;
  body?: Readable;
  signal: AbortSignal;
}

export interface Fetched {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** No answer: the service cannot be resolved, or does not take the connection. */
export class BackendError extends Error {
  override name = 'BackendError';
  readonly unresolved: boolean;
  constructor(message: string, unresolved: boolean, options?: ErrorOptions) {
    super(message, options);
    this.unresolved = unresolved;
  }
}

/** Documents of a whole API may be large, but not without end. */
const maximumDocument = 64 * 1024 * 1024;

export class Backend {
  readonly service: ServiceReference;
  readonly available: boolean;
  readonly tls: ConnectionOptions;
  readonly #options: BackendOptions;
  readonly #agent: Agent;

  /** `before` lends its connections where nothing about them has changed. */
  constructor(apiService: Readonly<APIService>, available: boolean, options: BackendOptions, before?: Backend) {
    this.service = serviceOf(apiService)!;
    this.available = available;
    this.#options = options;
    const { caBundle, insecureSkipTLSVerify } = apiService.spec ?? {};
    this.tls = {
      servername: `${this.service.name}.${this.service.namespace}.svc`,
      ...options.clientCertificate,
      ...(insecureSkipTLSVerify === true ? { rejectUnauthorized: false } : {}),
      ...trust(Buffer.from(caBundle ?? '', 'base64').toString('utf8')),
    };
    if (before !== undefined && JSON.stringify(before.tls) === JSON.stringify(this.tls)) this.#agent = before.#agent;
    else {
      before?.close();
      this.#agent = new Agent({ ...this.tls, keepAlive: true });
    }
  }

  get via(): string {
    return this.#options.via;
  }

  /** Ends the connections that are not in use; the others end with their requests. */
  close(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  destroy(): void {
    this.#agent.destroy();
  }

  async resolve(): Promise<ResolvedService> {
    const { namespace, name, port } = this.service;
    try {
      return await this.#options.resolve(namespace, name, port);
    } catch (error) {
      throw new BackendError((error as Error).message, true, { cause: error });
    }
  }

  /** Resolves with the head of the answer. Throws BackendError. */
  async request(request: BackendRequest, target?: ResolvedService): Promise<IncomingMessage> {
    const { host, port } = target ?? (await this.resolve());
    const address = hostPort(host, port);
    const send = (): Promise<IncomingMessage> => this.#send(request, host, port, address);
    try {
      return await send().catch((error: unknown) => {
        if (error instanceof StaleConnection) return send();
        throw error;
      });
    } catch (error) {
      throw new BackendError(connectionMessage(error, address), false, { cause: error });
    }
  }

  /** The whole answer. Throws BackendError. */
  async fetch(
    request: Omit<BackendRequest, 'signal'> & { timeoutMs: number; signal: AbortSignal },
    target?: ResolvedService,
  ): Promise<Fetched> {
    const timeout = AbortSignal.timeout(request.timeoutMs);
    const answer = await this.request({ ...request, signal: AbortSignal.any([timeout, request.signal]) }, target);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maximumDocument) throw new Error(`the answer is larger than ${maximumDocument} bytes`);
      }
    } catch (error) {
      throw new BackendError(connectionMessage(error, ''), false, { cause: error });
    }
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks, size) };
  }

  /** What tells the other server who asks, and through whom. */
  headers(user: UserInfo, headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
    const before = headers['via'];
    const via = `1.1 ${this.#options.via}`;
    return { ...headers, via: before === undefined ? via : `${String(before)}, ${via}`, ...identityHeaders(user) };
  }

  #send(request: BackendRequest, host: string, port: number, address: string): Promise<IncomingMessage> {
    const { method = 'GET', path, user, body, signal } = request;
    return new Promise((resolve, reject) => {
      const outgoing = https.request({
        agent: this.#agent,
        ...this.tls,
        host,
        port,
        method,
        path,
        signal,
        headers: this.headers(user, { ...request.headers, host: address }),
      });
      outgoing.once('response', resolve);
      // Unheard, Node would drop the connection and tell nobody.
      outgoing.once('upgrade', (_, socket) => {
        socket.destroy();
        reject(new Error('unexpected change of protocols'));
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The other side closed an idle connection just as we took it.
        const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && body === undefined;
        reject(stale && !signal.aborted ? new StaleConnection() : signal.aborted ? (signal.reason as Error) : error);
      });
      if (body === undefined) outgoing.end();
      else body.pipe(outgoing);
    });
  }
}

class StaleConnection extends Error {}

export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
