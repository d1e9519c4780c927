/** An HTTPS server on a free port of loopback, with a certificate of a CA of its own, for the remote parties of tests. */
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createCertificateAuthority, issueCertificate } from '../index.ts';

export interface HttpsServer {
  /** Says nothing until a handler of `request` is added. */
  readonly server: Server;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** The same in base64, as webhooks, APIServices and kubeconfigs take it. */
  readonly caBundle: string;
  /** The server's own certificate alone, in base64. */
  readonly certificate: string;
  /** Ends open connections as well. */
  readonly stop: () => Promise<void>;
}

export interface HttpsServerOptions extends Omit<ServerOptions, 'cert' | 'key'> {
  /** What the certificate is good for instead of 127.0.0.1. */
  dnsNames?: string[];
}

export async function startHttpsServer(
  name: string,
  { dnsNames, ...options }: HttpsServerOptions = {},
): Promise<HttpsServer> {
  const ca = await createCertificateAuthority({ commonName: `${name}-ca` });
  const { certificate, key } = await issueCertificate({
    ca,
    subject: { commonName: name },
    ...(dnsNames === undefined ? { ipAddresses: ['127.0.0.1'] } : { dnsNames }),
    usages: ['serverAuth'],
  });
  const server = createServer({ cert: certificate, key, ...options }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    server,
    port: address.port,
    ca: ca.certificate,
    caBundle: Buffer.from(ca.certificate).toString('base64'),
    certificate: Buffer.from(certificate).toString('base64'),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
