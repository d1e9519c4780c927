/**
 * The API server's verbs as methods. One RestClient is one identity and one connection pool; `resource()` narrows it to
 * a resource. Failures are StatusError (the server answered) or ConnectionError (it did not).
 */
import type { IncomingMessage } from 'node:http';
import type { KubernetesList, KubernetesObject } from '../meta/index.ts';
import { type Clock, delay, systemClock } from './clock.ts';
import type { ClientConfig } from './config.ts';
import { ResourceClient } from './resource-client.ts';
import type { ResourceType } from './resource-type.ts';
import { responseError } from './response-error.ts';
import { TokenBucket } from './token-bucket.ts';
import { ConnectionError, type RawRequest, readBody, Transport } from './transport.ts';

/** Told of each request that was sent, for metrics. */
export interface RestClientObserver {
  /** `status`: undefined where no answer came. */
  answered(method: string, host: string, status: number | undefined, seconds: number, sentBytes: number): void;
  received(method: string, host: string, bytes: number): void;
}

export interface RestClientOptions {
  observer?: RestClientObserver | undefined;
  clock?: Clock;
  /** Sockets for requests (streams not counted). Default 16. */
  maxSockets?: number;
  /** How often a 429 or 5xx with Retry-After is tried again. Default 10. */
  maxRetries?: number;
}

export interface RestRequest extends RawRequest {
  /** Sent as JSON. */
  json?: unknown;
  contentType?: string;
  accept?: string;
}

export interface RestResponse {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export class RestClient {
  readonly config: Readonly<ClientConfig>;
  readonly observer: RestClientObserver | undefined;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #limiter: TokenBucket | undefined;
  readonly #maxRetries: number;

  constructor(config: ClientConfig, options: RestClientOptions = {}, shareWith?: Transport) {
    this.config = config;
    this.#clock = options.clock ?? systemClock;
    this.#transport = new Transport(config, this.#clock, { ...options, ...(shareWith ? { shareWith } : {}) });
    this.#maxRetries = options.maxRetries ?? 10;
    this.observer = options.observer;
    this.#limiter = config.qps ? new TokenBucket(this.#clock, config.qps, config.burst ?? config.qps) : undefined;
  }

  resource<T extends KubernetesObject>(resource: ResourceType<T>): ResourceClient<T> {
    return new ResourceClient<T>(this, resource);
  }

  /**
   * Another identity on the same sockets: a token in place of whatever this client identifies itself by, which must not
   * be a certificate (a certificate belongs to the connection and would win).
   */
  withToken(token: NonNullable<ClientConfig['token']>, userAgent = this.config.userAgent): RestClient {
    const {
      tokenFile: _file,
      username: _username,
      password: _password,
      impersonate: _impersonate,
      ...config
    } = this.config;
    if (config.cert !== undefined) throw new Error('a client certificate cannot be combined with a token');
    const identity: ClientConfig = { ...config, token, ...(userAgent === undefined ? {} : { userAgent }) };
    const options = { clock: this.#clock, maxRetries: this.#maxRetries, observer: this.observer };
    return new RestClient(identity, options, this.#transport);
  }

  /** A whole answer, whose status is 2xx. */
  async request(request: RestRequest): Promise<RestResponse> {
    const response = await this.#send(request);
    try {
      const body = await readBody(response);
      this.observer?.received(request.method, this.#transport.base.host, body.length);
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    } catch (error) {
      throw this.#connectionBroke(request, error);
    }
  }

  /** A whole answer, parsed as JSON. */
  async requestJson<T>(request: RestRequest): Promise<T> {
    const { body } = await this.request(request);
    return JSON.parse(body.toString('utf8')) as T;
  }

  /** The answer's body as it arrives; its status is 2xx. The caller reads it to its end or destroys it. */
  async stream(request: RestRequest): Promise<IncomingMessage> {
    return this.#send({ ...request, stream: true });
  }

  /** Every page of a list, `pageSize` objects at a time. */
  async *pages<T extends KubernetesObject>(
    resource: ResourceType<T>,
    namespace?: string,
    options: { pageSize?: number; labelSelector?: string; fieldSelector?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<KubernetesList<T>> {
    const { pageSize = 500, ...rest } = options;
    let token: string | undefined;
    do {
      const page: KubernetesList<T> = await this.resource(resource).list(namespace, {
        ...rest,
        limit: pageSize,
        continue: token,
      });
      yield page;
      token = page.metadata?.continue || undefined;
    } while (token);
  }

  /** URL, TLS options and headers (with credentials) for a connection made elsewhere, such as a websocket. */
  async connection(
    path: string,
    query?: RawRequest['query'],
  ): Promise<{ url: URL; tls: ReturnType<Transport['tls']>; headers: Record<string, string> }> {
    return {
      url: this.#transport.url(path, query),
      tls: this.#transport.tls(),
      headers: await this.#transport.identityHeaders(),
    };
  }

  close(): void {
    this.#transport.close();
  }

  async #send(request: RestRequest): Promise<IncomingMessage> {
    const { json, contentType, accept, ...rest } = request;
    const body = json === undefined ? rest.body : JSON.stringify(json);
    const headers: Record<string, string> = { accept: accept ?? 'application/json', ...rest.headers };
    if (body !== undefined) {
      headers['content-type'] = contentType ?? 'application/json';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    const raw: RawRequest = { ...rest, headers, ...(body === undefined ? {} : { body }) };
    for (let attempt = 0; ; attempt++) {
      await this.#limiter?.take(request.signal);
      let response: IncomingMessage;
      const started = performance.now();
      const answered = (status: number | undefined): void => {
        const seconds = (performance.now() - started) / 1000;
        const sentBytes = body === undefined ? 0 : Buffer.byteLength(body);
        this.observer?.answered(request.method, this.#transport.base.host, status, seconds, sentBytes);
      };
      try {
        response = await this.#transport.send(raw);
        answered(response.statusCode);
      } catch (error) {
        answered(undefined);
        // A kept-alive socket that the server has just closed; reading again does no harm.
        if (attempt === 0 && request.method === 'GET' && isReset(error)) continue;
        throw error;
      }
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) return response;
      const text = (
        await readBody(response).catch((error: unknown) => {
          throw this.#connectionBroke(request, error);
        })
      ).toString('utf8');
      if (code === 401) this.#transport.forgetToken();
      const retryAfter = Number.parseInt(response.headers['retry-after'] ?? '', 10);
      if ((code === 429 || code >= 500) && Number.isFinite(retryAfter) && attempt < this.#maxRetries) {
        await delay(this.#clock, retryAfter * 1000, request.signal);
        request.signal?.throwIfAborted();
        continue;
      }
      throw responseError(code, text, request, retryAfter);
    }
  }

  #connectionBroke(request: RestRequest, error: unknown): unknown {
    if (request.signal?.aborted || error instanceof ConnectionError) return error;
    const { code = 'ECONNRESET', message } = error as NodeJS.ErrnoException;
    return new ConnectionError(code, `${request.method} ${request.path}: ${message}`, { cause: error });
  }
}

function isReset(error: unknown): boolean {
  return error instanceof ConnectionError && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
