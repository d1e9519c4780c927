import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiApp } from '../endpoints/app.ts';
import type { ApiserverFiles } from './files.ts';

/** The HTTPS server around an app; it does not listen yet. */
export function httpsServer(app: ApiApp, files: ApiserverFiles): Server {
  const clientCas = [files.clientCa, files.frontProxyCa].filter((ca) => ca !== undefined);
  const server = createServer(
    {
      cert: files.cert,
      key: files.key,
      ...(clientCas.length > 0 ? { ca: clientCas } : {}),
      // Certificates are asked for and judged by the authenticators: a bad one is a 401, not a broken handshake.
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: 180_000,
      headersTimeout: 32_000,
      // Watches and uploads have limits of their own.
      requestTimeout: 0,
      noDelay: true,
      // Other upgrades (h2c) are declined by answering as if they had not been asked for.
      shouldUpgradeCallback: (request) => /websocket|spdy/i.test(request.headers.upgrade ?? ''),
    },
    app.express,
  );
  server.on('upgrade', (request, socket, head) => app.upgrade(request, socket, head));
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

/** Resolves to the port. */
export function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
