/** A component's own HTTPS endpoint: health for everyone, the rest for whom the API server lets. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Logger, type RestClient, systemClock } from '@typernetes/openapi/client';
import { createCertificateAuthority, type KeyPair } from '../../certificates/index.ts';
import { DelegatedAccess, publishedClientCa } from './access.ts';
import type { SharedFlags } from './flags.ts';

export interface ServingOptions {
  bindAddress: string;
  /** 0: no endpoint. */
  port: number;
  /** Absent: a self-signed certificate for this start. */
  certificate?: KeyPair;
  /** PEM: whose client certificates are taken. Absent: those that the API server takes, by what it publishes. */
  clientCa?: string;
  /** Prometheus text. */
  metrics: () => Promise<string>;
  /** Undefined: healthy. */
  unhealthy: () => string | undefined;
  client: RestClient;
  logger: Logger;
}

export interface Serving {
  port: number;
  stop(): Promise<void>;
}

const healthPaths = new Set(['/healthz', '/livez', '/readyz']);

export async function serve(options: ServingOptions): Promise<Serving> {
  if (options.port === 0) return { port: 0, stop: () => Promise.resolve() };
  const { certificate, key } =
    options.certificate ?? (await createCertificateAuthority({ commonName: 'localhost', validDays: 365 }));
  const context = { cert: certificate, key, minVersion: 'TLSv1.2' } as const;
  const access = new DelegatedAccess(options.client, systemClock);
  let trusting = options.clientCa !== undefined;
  const server = https.createServer(
    { ...context, requestCert: true, rejectUnauthorized: false, ...(trusting ? { ca: options.clientCa } : {}) },
    (request, response) => {
      respond(options, access, request, response).catch((error: unknown) => {
        options.logger.warn({ error: String(error) }, 'cannot answer a request');
        answer(response, 500, 'Internal Server Error\n');
      });
    },
  );
  // Without a CA of ours, the usual authorities would vouch for clients.
  server.on('secureConnection', (socket) => {
    if (!trusting) socket.authorized = false;
  });
  if (!trusting) {
    publishedClientCa(options.client).then(
      (ca) => {
        if (ca === undefined) return;
        server.setSecureContext({ ...context, ca });
        trusting = true;
      },
      (error: unknown) => options.logger.warn({ error: String(error) }, 'client certificates are not taken'),
    );
  }
  server.listen(options.port, options.bindAddress);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function respond(
  options: ServingOptions,
  access: DelegatedAccess,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://component');
  if (healthPaths.has(pathname)) {
    const reason = options.unhealthy();
    return answer(response, reason === undefined ? 200 : 500, reason === undefined ? 'ok' : `${reason}\n`);
  }
  const refusal = await access.refusal(request, pathname);
  if (refusal !== undefined) {
    return answer(response, refusal.code, JSON.stringify(refusal.status), 'application/json');
  }
  if (pathname !== '/metrics') return answer(response, 404, '404 page not found\n');
  answer(response, 200, await options.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
}

function answer(response: ServerResponse, code: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
}

/** The endpoint as a component's flags ask for it. */
export async function serveComponent(
  flags: SharedFlags,
  client: RestClient,
  metrics: () => Promise<string>,
  logger: Logger,
): Promise<Serving> {
  const { bindAddress, securePort, tlsCertFile, tlsPrivateKeyFile, clientCaFile } = flags;
  if (securePort === 0) return serve({ bindAddress, port: 0, metrics, unhealthy: () => undefined, client, logger });
  const read = (file: string): Promise<string> => readFile(file, 'utf8');
  const certificate =
    tlsCertFile && tlsPrivateKeyFile
      ? { certificate: await read(tlsCertFile), key: await read(tlsPrivateKeyFile) }
      : undefined;
  return serve({
    bindAddress,
    port: securePort,
    ...(certificate ? { certificate } : {}),
    ...(clientCaFile ? { clientCa: await read(clientCaFile) } : {}),
    metrics,
    unhealthy: () => undefined,
    client,
    logger,
  });
}
