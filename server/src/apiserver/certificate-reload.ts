/**
 * Certificates are renewed while the server runs: what their files contain counts from the next connection on, and for
 * the authorities of clients from the next request on.
 */
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Aggregator } from '../aggregator/index.ts';
import type { Authentication } from '../authentication/index.ts';
import { ClientCertificateVerifier } from '../authentication/request/client-certificate.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { NodeConnector } from '../endpoints/streaming/node-connection.ts';
import type { ApiserverOptions } from './config.ts';
import type { ApiserverFiles } from './files.ts';
import { followTogether } from './follow-files.ts';
import type { ServingFiles, ServingTls } from './serving/serving-tls.ts';

export interface CertificateUsers {
  server: Pick<Server, 'setSecureContext'>;
  tls: Pick<ServingTls, 'contextOptions' | 'named' | 'renew'>;
  authentication: Pick<Authentication, 'trust'>;
  aggregator: Pick<Aggregator, 'identify'>;
  nodes: Pick<NodeConnector, 'identify'>;
  /** Tells extension API servers. */
  aggregation: { trust(authorities: Pick<ApiserverFiles, 'clientCa' | 'frontProxyCa'>): void };
}

/** Returns what ends it. */
export function followCertificates(
  options: ApiserverOptions,
  files: ApiserverFiles,
  { server, tls, authentication, aggregator, nodes, aggregation }: CertificateUsers,
  logger: Logger,
): () => void {
  let serving: ServingFiles = files;
  const serve = (changed: Partial<ServingFiles>): void => {
    serving = { ...serving, ...changed };
    server.setSecureContext(tls.contextOptions(serving));
  };
  const stops = [
    followTogether(
      {
        cert: { file: options.tlsCertFile, text: files.cert },
        key: { file: options.tlsPrivateKeyFile, text: files.key },
      },
      (pair) => serve(fitting(pair)),
      logger,
    ),
    ...tls.named.map((named) =>
      followTogether(
        { cert: { file: named.certFile, text: named.cert }, key: { file: named.keyFile, text: named.key } },
        (pair) => {
          tls.renew(named, fitting(pair));
          serve({});
        },
        logger,
      ),
    ),
    followTogether(
      {
        clientCa: { file: options.clientCaFile, text: files.clientCa },
        frontProxyCa: { file: options.requestheaderClientCaFile, text: files.frontProxyCa },
      },
      ({ clientCa, frontProxyCa }) => {
        for (const bundle of [clientCa, frontProxyCa]) {
          // Throws unless every certificate of the bundle can be read.
          if (bundle !== undefined) void new ClientCertificateVerifier(bundle);
        }
        authentication.trust({ clientCA: clientCa, frontProxyCA: frontProxyCa });
        aggregation.trust({ clientCa, frontProxyCa });
        serve({ clientCa, frontProxyCa });
      },
      logger,
    ),
    followTogether(
      {
        cert: { file: options.proxyClientCertFile, text: files.proxyCert },
        key: { file: options.proxyClientKeyFile, text: files.proxyKey },
      },
      (pair) => aggregator.identify(fitting(pair)),
      logger,
    ),
    followTogether(
      {
        cert: { file: options.kubeletClientCertificate, text: files.kubeletCert },
        key: { file: options.kubeletClientKey, text: files.kubeletKey },
      },
      (pair) => nodes.identify(fitting(pair)),
      logger,
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Throws unless certificate and key belong together. */
function fitting({ cert = '', key = '' }: { cert: string | undefined; key: string | undefined }) {
  createSecureContext({ cert, key });
  return { cert, key };
}
