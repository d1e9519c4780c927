/**
 * Certificates are renewed while the server runs: what their files contain counts from the next connection on, and for
 * the authorities of clients from the next request on.
 */
import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Aggregator } from '../aggregator/index.ts';
import type { Authentication } from '../authentication/index.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { ApiserverOptions } from './config.ts';
import type { ApiserverFiles } from './files.ts';
import type { ServingTls } from './serving/serving-tls.ts';
import { followFile } from './structured/config-file.ts';

export interface CertificateUsers {
  server: Pick<Server, 'setSecureContext'>;
  tls: Pick<ServingTls, 'contextOptions'>;
  authentication: Pick<Authentication, 'trust'>;
  aggregator: Pick<Aggregator, 'identify'>;
  /** Tells extension API servers. */
  aggregation: { trust(authorities: Pick<ApiserverFiles, 'clientCa' | 'frontProxyCa'>): void };
}

type Content = Pick<ApiserverFiles, 'cert' | 'key' | 'clientCa' | 'frontProxyCa' | 'proxyCert' | 'proxyKey'>;

/** Returns what ends it. */
export function followCertificates(
  options: ApiserverOptions,
  files: ApiserverFiles,
  { server, tls, authentication, aggregator, aggregation }: CertificateUsers,
  logger: Logger,
): () => void {
  const current: Content = { ...files };
  /** What the files say; a key comes before or after its certificate. */
  const found: Content = { ...files };
  const serve = (): void => server.setSecureContext(tls.contextOptions(current));
  /** Together: what is used only when all of it fits. */
  const follow = (
    named: Partial<Record<keyof Content, string | undefined>>,
    check: () => void,
    apply: () => void,
  ): (() => void)[] =>
    (Object.keys(named) as (keyof Content)[]).map((field) => {
      const file = named[field];
      const initial = files[field];
      if (file === undefined || initial === undefined) return () => undefined;
      return followFile(file, initial, (text) => {
        found[field] = text;
        try {
          check();
        } catch (error) {
          const { message } = error as Error;
          logger.warn({ file, error: message }, 'a certificate file has changed, but cannot be used yet');
          return;
        }
        for (const each of Object.keys(named) as (keyof Content)[]) Object.assign(current, { [each]: found[each] });
        apply();
        logger.info({ file }, 'a certificate file was read again');
      });
    });
  const checkServing = (): void => void createSecureContext({ cert: found.cert, key: found.key });
  const checkProxy = (): void => void createSecureContext({ cert: found.proxyCert ?? '', key: found.proxyKey ?? '' });
  const checkAuthorities = (): void => {
    for (const bundle of [found.clientCa, found.frontProxyCa])
      if (bundle !== undefined) void new X509Certificate(bundle);
  };
  const trust = (): void => {
    authentication.trust({ clientCA: current.clientCa, frontProxyCA: current.frontProxyCa });
    aggregation.trust(current);
    serve();
  };
  const identify = (): void => aggregator.identify({ cert: current.proxyCert ?? '', key: current.proxyKey ?? '' });
  const stops = [
    ...follow({ cert: options.tlsCertFile, key: options.tlsPrivateKeyFile }, checkServing, serve),
    ...follow(
      { clientCa: options.clientCaFile, frontProxyCa: options.requestheaderClientCaFile },
      checkAuthorities,
      trust,
    ),
    ...follow({ proxyCert: options.proxyClientCertFile, proxyKey: options.proxyClientKeyFile }, checkProxy, identify),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
