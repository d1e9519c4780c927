/** A component's own HTTPS endpoint: health for everyone, metrics for whom the API server lets. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger, RestClient } from '@typernetes/openapi/client';
import { createCertificateAuthority, type KeyPair } from '../../certificates/index.ts';
import type { SharedFlags } from './flags.ts';

export interface ServingOptions {
  bindAddress: string;
  /** 0: no endpoint. */
  port: number;
  /** Absent: a self-signed certificate for this start. */
  certificate?: KeyPair;
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

export async function serve(options: ServingOptions): Promise<Serving> {
  if (options.port === 0) return { port: 0, stop: () => Promise.resolve() };
  const { certificate, key } =
    options.certificate ?? (await createCertificateAuthority({ commonName: 'localhost', validDays: 365 }));
  const server = https.createServer({ cert: certificate, key, minVersion: 'TLSv1.2' }, (request, response) => {
    const answer = (code: number, body: string): void => {
      response
        .writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
        .end(body);
    };
    const { pathname } = new URL(request.url ?? '/', 'https://component');
    switch (pathname) {
      case '/healthz':
      case '/livez':
      case '/readyz': {
        const reason = options.unhealthy();
        return answer(reason === undefined ? 200 : 500, reason === undefined ? 'ok' : `${reason}\n`);
      }
      case '/metrics':
        authorize(options.client, request.headers.authorization, pathname)
          .then(async (code) =>
            code === 200
              ? answer(200, await options.metrics())
              : answer(code, code === 401 ? 'Unauthorized\n' : 'Forbidden\n'),
          )
          .catch((error: unknown) => {
            options.logger.warn({ error: String(error) }, 'cannot authorize a request for metrics');
            answer(500, 'Internal Server Error\n');
          });
        return undefined;
      default:
        return answer(404, '404 page not found\n');
    }
  });
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

/** The endpoint as a component's flags ask for it. */
export async function serveComponent(flags: SharedFlags, client: RestClient, logger: Logger): Promise<Serving> {
  const { bindAddress, securePort, tlsCertFile, tlsPrivateKeyFile } = flags;
  const certificate =
    tlsCertFile && tlsPrivateKeyFile
      ? { certificate: await readFile(tlsCertFile, 'utf8'), key: await readFile(tlsPrivateKeyFile, 'utf8') }
      : undefined;
  return serve({
    bindAddress,
    port: securePort,
    ...(certificate ? { certificate } : {}),
    metrics: async () => (await import('../metrics.ts')).metricsText(),
    unhealthy: () => undefined,
    client,
    logger,
  });
}

interface TokenReview {
  status?: {
    authenticated?: boolean;
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  };
}

/** Asks the API server who the caller is, and whether they may get the path. */
async function authorize(
  client: RestClient,
  authorization: string | undefined,
  path: string,
): Promise<200 | 401 | 403> {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return 401;
  const review = await client.requestJson<TokenReview>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    json: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  });
  if (!review.status?.authenticated) return 401;
  const { username, ...user } = review.status.user ?? {};
  const access = await client.requestJson<{ status?: { allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    json: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...user, user: username, nonResourceAttributes: { path, verb: 'get' } },
    },
  });
  return access.status?.allowed ? 200 : 403;
}
