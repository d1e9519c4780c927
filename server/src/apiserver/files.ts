import { readFile } from 'node:fs/promises';
import type { ApiserverOptions } from './config.ts';
import { readNamedCertificates } from './serving/named-certificates.ts';

/** What the flags' files contain; undefined where the flag is not given. */
export async function readFiles(options: ApiserverOptions) {
  const { cert, key, ...others } = await readAll({
    cert: options.tlsCertFile,
    key: options.tlsPrivateKeyFile,
    clientCa: options.clientCaFile,
    frontProxyCa: options.requestheaderClientCaFile,
    tokens: options.tokenAuthFile,
    signingKey: options.serviceAccountSigningKeyFile,
    kubeletCa: options.kubeletCertificateAuthority,
    kubeletCert: options.kubeletClientCertificate,
    kubeletKey: options.kubeletClientKey,
    authenticationConfig: options.authenticationConfig,
    oidcCa: options.oidcCaFile,
    proxyCert: options.proxyClientCertFile,
    proxyKey: options.proxyClientKeyFile,
  });
  const verificationKeys = await Promise.all(options.serviceAccountKeyFile.map((file) => readFile(file, 'utf8')));
  if (cert === undefined || key === undefined)
    throw new Error('--tls-cert-file and --tls-private-key-file need each other');
  const named = await readNamedCertificates(options.tlsSniCertKey);
  return { cert, key, ...others, verificationKeys, named };
}

export type ApiserverFiles = Awaited<ReturnType<typeof readFiles>>;

async function readAll<Name extends string>(
  files: Record<Name, string | undefined>,
): Promise<Record<Name, string | undefined>> {
  const read = Object.entries<string | undefined>(files).map(
    async ([name, file]) => [name, file === undefined ? undefined : await readFile(file, 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(read)) as Record<Name, string | undefined>;
}
