/** The port: TLS, HTTP/1.1 and HTTP/2 on it, certificates that are renewed under it, and how it is given up. */
import { createApp } from '../endpoints/app.ts';
import type { Handler, Logger } from '../endpoints/request-context.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { type CertificateUsers, followCertificates } from './certificate-reload.ts';
import type { ApiserverOptions } from './config.ts';
import type { ApiserverFiles } from './files.ts';
import { serveHttp2 } from './http2.ts';
import { httpsServer, listen, ownConnections } from './listener.ts';
import type { ServingTls } from './serving/serving-tls.ts';

export interface SecureServingDependencies {
  options: ApiserverOptions;
  files: ApiserverFiles;
  tls: ServingTls;
  chain: Handler;
  cbor: boolean;
  metrics: MetricsRegistry;
  /** Who else hears of renewed certificates. */
  users: Omit<CertificateUsers, 'server' | 'tls'>;
  logger: Logger;
}

export interface SecureServing {
  /** Resolves to the port. */
  listen(): Promise<number>;
  /** No new connections, nor new requests on those that there are over HTTP/2. */
  close(): void;
  /** Ends watches, and waits for the other requests in flight. */
  drain(): Promise<void>;
  /** Ends what is left; resolves when the port is free. */
  end(): Promise<void>;
}

export function secureServing(dependencies: SecureServingDependencies): SecureServing {
  const { options, files, tls, chain, cbor, metrics, users, logger } = dependencies;
  const app = createApp(chain, { cbor });
  const handshakeErrors = metrics.counter(
    'apiserver_tls_handshake_errors_total',
    'ALPHA',
    "Number of requests dropped with 'TLS handshake error from' error",
  );
  const server = httpsServer(app, tls, files, !options.disableHttp2Serving);
  server.on('tlsClientError', () => handshakeErrors.with().inc());
  const endConnections = ownConnections(server);
  const http2 = options.disableHttp2Serving
    ? undefined
    : serveHttp2(server, app, { maxStreams: options.http2MaxStreamsPerConnection });
  const stopFollowing = followCertificates(options, files, { ...users, server, tls }, logger);
  let closed: Promise<void> | undefined;
  const close = (): void => {
    if (closed !== undefined) return;
    stopFollowing();
    closed = new Promise((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    http2?.close();
  };
  return {
    listen: () => listen(server, options.securePort, options.bindAddress, options.permitPortSharing),
    close,
    drain: () => app.drain(options.requestTimeoutMs, options.shutdownWatchTerminationGracePeriodMs),
    async end() {
      close();
      server.closeAllConnections();
      http2?.destroy();
      endConnections();
      await closed;
    },
  };
}
