/**
 * Calls the HTTPS endpoint of a `WebhookClientConfig`: admission webhooks and CRD conversion.
 * Certificates are verified with `caBundle`, or with the system's where it is empty. Redirects are not followed.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { posix } from 'node:path';
import { LruMap, type RestClientObserver, trust } from '@typernetes/openapi/client';
import { propagated, tracedRequest } from '../tracing/propagation.ts';
import type { WebhookCredential, WebhookCredentials } from './credentials.ts';
import { networkErrorText } from './network-error.ts';
import type { ResolvedService, ServiceResolver } from './service-resolver.ts';

/** `admissionregistration.k8s.io/v1` and `apiextensions.k8s.io/v1` share this shape; exactly one of url and service. */
export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM in base64, as in JSON. */
  caBundle?: string;
}

export interface WebhookResponse {
  status: number;
  body: Buffer;
}

export interface WebhookCall {
  timeoutMs: number;
  /** Added to the endpoint's own query. */
  query?: Record<string, string>;
  signal?: AbortSignal;
}

/** The call never got an answer: no connection, a bad certificate, a timeout. */
export class WebhookCallError extends Error {
  override name = 'WebhookCallError';
  readonly timedOut: boolean;
  constructor(message: string, timedOut: boolean, options?: ErrorOptions) {
    super(message, options);
    this.timedOut = timedOut;
  }
}

class StaleConnection extends Error {}

const maximumBody = 16 * 1024 * 1024;
const maximumAgents = 64;

export class WebhookClients {
  readonly #resolve: ServiceResolver;
  readonly #credentials: WebhookCredentials | undefined;
  readonly #observer: RestClientObserver | undefined;
  /** One pool of connections per CA bundle and client certificate. */
  readonly #agents = new LruMap<Agent>(maximumAgents);

  constructor(resolve: ServiceResolver, observer?: RestClientObserver, credentials?: WebhookCredentials) {
    this.#resolve = resolve;
    this.#observer = observer;
    this.#credentials = credentials;
  }

  /** To the same Services, as somebody; closed on its own. */
  withCredentials(credentials: WebhookCredentials): WebhookClients {
    return new WebhookClients(this.#resolve, this.#observer, credentials);
  }

  /** As upstream names it: a Service's is `https://NAME.NAMESPACE.svc:PORT/PATH`, with its port even if it is 443. */
  static url({ url, service }: WebhookClientConfig, query: Record<string, string> = {}): string {
    const parameters = new URLSearchParams(query).toString();
    const suffix = parameters === '' ? '' : `?${parameters}`;
    if (url !== undefined || service === undefined) {
      const [, origin = '', path = ''] = /^([^/]*\/\/[^/]*)(.*)$/.exec(url ?? '') ?? [];
      return `${origin}${cleanPath(path)}${suffix}`;
    }
    const { namespace, name, path = '', port = 443 } = service;
    return `https://${name}.${namespace}.svc:${port}${cleanPath(path)}${suffix}`;
  }

  /** Posts JSON; any HTTP status is an answer. Throws WebhookCallError. */
  async post(config: WebhookClientConfig, body: unknown, call: WebhookCall): Promise<WebhookResponse> {
    const text = WebhookClients.url(config, call.query);
    const timeout = AbortSignal.timeout(call.timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    try {
      const url = new URL(text);
      const { service } = config;
      const credential = this.#credentials?.for(url.hostname, url.port === '' ? 443 : Number(url.port)) ?? {
        headers: {},
      };
      const target =
        service === undefined ? undefined : await this.#resolve(service.namespace, service.name, service.port ?? 443);
      const bytes = Buffer.from(JSON.stringify(body));
      // A connection that the server closes just when it is used again says nothing about the server.
      const send = () => this.#send(url, target, config.caBundle ?? '', credential, bytes, signal);
      const sendTwice = () =>
        send().catch((error: unknown) => {
          if (!(error instanceof StaleConnection)) throw error;
          return send();
        });
      const answer = tracedRequest('POST', url, sendTwice, ({ status }) => status);
      return await this.#observed(service === undefined ? url.host : hostOf(url), bytes.length, answer);
    } catch (error) {
      if (error instanceof WebhookCallError) throw error;
      const reason = timeout.aborted
        ? 'context deadline exceeded'
        : signal.aborted
          ? 'context canceled'
          : networkErrorText(error as Error);
      throw new WebhookCallError(`Post "${text}": ${reason}`, timeout.aborted, { cause: error });
    }
  }

  async #observed(host: string, sentBytes: number, answer: Promise<WebhookResponse>): Promise<WebhookResponse> {
    if (this.#observer === undefined) return answer;
    const started = performance.now();
    const answered = (status: number | undefined): void =>
      this.#observer?.answered('POST', host, status, (performance.now() - started) / 1000, sentBytes);
    try {
      const response = await answer;
      answered(response.status);
      this.#observer.received('POST', host, response.body.length);
      return response;
    } catch (error) {
      answered(undefined);
      throw error;
    }
  }

  close(): void {
    for (const agent of this.#agents.clear()) agent.destroy();
  }

  #send(
    url: URL,
    target: ResolvedService | undefined,
    caBundle: string,
    credential: WebhookCredential,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<WebhookResponse> {
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest(
        {
          agent: this.#agent(caBundle, credential),
          method: 'POST',
          host: target?.host ?? url.hostname.replace(/^\[|\]$/g, ''),
          port: target?.port ?? (url.port === '' ? 443 : Number(url.port)),
          path: `${url.pathname}${url.search}`,
          ...(target === undefined ? {} : { servername: target.serverName }),
          headers: {
            Host: url.host,
            Accept: 'application/json',
            'Content-Type': 'application/json',
            'Content-Length': body.length,
            'User-Agent': 'kube-apiserver-admission',
            ...(credential.headers as OutgoingHttpHeaders),
            ...propagated(),
          },
          signal,
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let size = 0;
          incoming.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > maximumBody) incoming.destroy(new Error(`the answer is larger than ${maximumBody} bytes`));
            else chunks.push(chunk);
          });
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
          incoming.on('error', reject);
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
      });
      outgoing.end(body);
    });
  }

  #agent(caBundle: string, { cert, key }: WebhookCredential): Agent {
    const pool = `${caBundle}\n${cert ?? ''}`;
    const known = this.#agents.get(pool);
    if (known !== undefined) return known;
    const agent = new Agent({
      keepAlive: true,
      ...trust(Buffer.from(caBundle, 'base64')),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    const forgotten = this.#agents.set(pool, agent);
    if (forgotten !== undefined) retire(forgotten);
    return agent;
  }
}

/** What is under way ends by itself. */
function retire(agent: Agent): void {
  Object.assign(agent, { keepAlive: false });
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** A Service's, which is named with its port even if that is 443. */
const hostOf = ({ hostname, port }: URL): string => `${hostname}:${port === '' ? 443 : port}`;

/** As Go's clients ask for it: `//hooks/../hook/` is `/hook`. */
function cleanPath(path: string): string {
  const clean = posix.join('/', path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}
