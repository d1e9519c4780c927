/** The kubelet's HTTPS server: everyone is authenticated and authorized before anything is looked at. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, ConnectionError, type Logger, type RestClient } from '@typernetes/openapi/client';
import { StatusError } from '@typernetes/openapi/meta';
import { refuseUpgrade } from '@typernetes/openapi/streaming';
import { isCriError } from 'cri-client';
import type { Kubelet } from '../kubelet.ts';
import { KubeletHandlers } from './handlers.ts';
import { HttpError } from './http-error.ts';
import { KubeletAccess, subresourcesOf, verbOf } from './identity.ts';
import { isStreamPath, proxyStream } from './streams.ts';

export interface KubeletServerOptions {
  client: RestClient;
  nodeName: string;
  clock: Clock;
  logger: Logger;
  address: string;
  /** 0: a free one. */
  port: number;
  tls: { cert: string | Buffer; key: string | Buffer; clientCa: string | Buffer | undefined };
}

export interface ServedKubelet {
  kubelet: Kubelet;
  configuration: object;
  systemLogs: string;
}

/** The port is known before the kubelet is (its node names it): requests until then get 503. */
export class KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #server: https.Server;
  readonly #access: KubeletAccess;
  readonly #abort = new AbortController();
  #served: { kubelet: Kubelet; handlers: KubeletHandlers } | undefined;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#access = new KubeletAccess(options.client, options.nodeName, options.clock);
    const { cert, key, clientCa } = options.tls;
    this.#server = https.createServer({
      cert,
      key,
      ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
      minVersion: 'TLSv1.2',
      // The words of a command that is executed stand in the URL.
      maxHeaderSize: 1024 * 1024,
    });
    this.#server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#request(request, response),
    );
    this.#server.on(
      'upgrade',
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    );
    this.#server.on('tlsClientError', () => undefined);
  }

  async listen(): Promise<number> {
    const { address, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: address, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  serve({ kubelet, configuration, systemLogs }: ServedKubelet): void {
    this.#served = { kubelet, handlers: new KubeletHandlers({ kubelet, configuration, systemLogs }) };
  }

  /** Throws HttpError for who may not come in. */
  async #admit(request: IncomingMessage, path: string): Promise<void> {
    const caller = await this.#access.authenticate(request);
    if (caller === undefined) throw new HttpError(401, 'Unauthorized');
    const verb = verbOf(request.method);
    const subresources = subresourcesOf(path);
    if (verb !== '' && (await this.#access.authorize(caller, verb, subresources))) return;
    throw new HttpError(
      403,
      `Forbidden (user=${caller.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`,
    );
  }

  #refusal(error: unknown): HttpError {
    if (error instanceof HttpError) return error;
    if (error instanceof URIError) return new HttpError(400, 'malformed path');
    const message = error instanceof Error ? error.message : String(error);
    // Whether the caller may come in could not be found out.
    if (error instanceof StatusError || error instanceof ConnectionError)
      return new HttpError(500, `Internal Server Error: ${message}`);
    if (isCriError(error, 'NOT_FOUND')) return new HttpError(404, message);
    this.#options.logger.warn({ error: message }, 'request failed');
    return new HttpError(500, message);
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'https://kubelet');
      await this.#admit(request, url.pathname);
      if (this.#served === undefined) throw new HttpError(503, 'the kubelet is starting');
      if (isStreamPath(url.pathname) && url.pathname.split('/')[1] !== 'run')
        throw new HttpError(400, 'unable to upgrade: missing upgrade headers in request');
      await this.#served.handlers.handle(request, response, url);
    } catch (error) {
      const { status, message } = this.#refusal(error);
      if (response.headersSent) response.destroy();
      else {
        response.writeHead(status, {
          'content-type': 'text/plain; charset=utf-8',
          'content-length': Buffer.byteLength(message),
        });
        response.end(message);
      }
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    try {
      const url = new URL(request.url ?? '/', 'https://kubelet');
      await this.#admit(request, url.pathname);
      if (this.#served === undefined) throw new HttpError(503, 'the kubelet is starting');
      if (!isStreamPath(url.pathname)) throw new HttpError(404, '404 page not found\n');
      await proxyStream(this.#served.kubelet, request, socket, head, url, this.#abort.signal);
    } catch (error) {
      const { status, message } = this.#refusal(error);
      refuseUpgrade(socket, status, message);
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
