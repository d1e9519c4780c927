import { readFile } from 'node:fs/promises';
import type { ApiserverOptions } from './config.ts';

/** What the flags' files contain; undefined where the flag is not given. */
export async function readFiles(options: ApiserverOptions) {
  const read = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : readFile(file, 'utf8');
  const [
    cert,
    key,
    clientCa,
    frontProxyCa,
    tokens,
    signingKey,
    kubeletCa,
    kubeletCert,
    kubeletKey,
    authenticationConfig,
    oidcCa,
    proxyCert,
    proxyKey,
  ] = await Promise.all(
    [
      options.tlsCertFile,
      options.tlsPrivateKeyFile,
      options.clientCaFile,
      options.requestheaderClientCaFile,
      options.tokenAuthFile,
      options.serviceAccountSigningKeyFile,
      options.kubeletCertificateAuthority,
      options.kubeletClientCertificate,
      options.kubeletClientKey,
      options.authenticationConfig,
      options.oidcCaFile,
      options.proxyClientCertFile,
      options.proxyClientKeyFile,
    ].map(read),
  );
  const verificationKeys = await Promise.all(options.serviceAccountKeyFile.map((file) => readFile(file, 'utf8')));
  if (cert === undefined || key === undefined)
    throw new Error('--tls-cert-file and --tls-private-key-file are required');
  return {
    cert,
    key,
    clientCa,
    frontProxyCa,
    tokens,
    signingKey,
    kubeletCa,
    kubeletCert,
    kubeletKey,
    proxyCert,
    proxyKey,
    verificationKeys,
    authenticationConfig,
    oidcCa,
  };
}

export type ApiserverFiles = Awaited<ReturnType<typeof readFiles>>;
