/** The serving certificate of a server that was given none: made once, and kept in --cert-dir. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { readIfPresent } from '../../certificates/files.ts';
import { createCertificateAuthority, issueCertificate, writeFileAtomically } from '../../certificates/index.ts';
import { type ApiserverOptions, advertisedAddress } from '../config.ts';
import { kubernetesServiceIp } from '../hooks/index.ts';

/** Where the files are; both are there when it resolves. */
export async function ensureServingCertificate(
  directory: string,
  { addresses, names }: { addresses: readonly string[]; names: readonly string[] },
): Promise<{ tlsCertFile: string; tlsPrivateKeyFile: string }> {
  const tlsCertFile = path.join(directory, 'apiserver.crt');
  const tlsPrivateKeyFile = path.join(directory, 'apiserver.key');
  const present = await Promise.all([readIfPresent(tlsCertFile), readIfPresent(tlsPrivateKeyFile)]);
  if (present.every((content) => content !== undefined)) return { tlsCertFile, tlsPrivateKeyFile };
  await mkdir(directory, { recursive: true });
  const ca = await createCertificateAuthority({ commonName: `${hostname()}-ca`, validDays: 365 });
  const pair = await issueCertificate({
    ca,
    subject: { commonName: hostname() },
    dnsNames: names,
    ipAddresses: addresses,
    usages: ['serverAuth'],
  });
  await writeFileAtomically(tlsPrivateKeyFile, pair.key, 0o600);
  // With its authority, so that clients can be given the file as one to trust.
  await writeFileAtomically(tlsCertFile, `${pair.certificate}${ca.certificate}`, 0o644);
  return { tlsCertFile, tlsPrivateKeyFile };
}

/** Without one of its own files, a server makes itself a certificate for where it is reached. */
export async function withServingCertificate(options: ApiserverOptions): Promise<ApiserverOptions> {
  if (options.tlsCertFile !== undefined || options.tlsPrivateKeyFile !== undefined) return options;
  const { bindAddress } = options;
  const everywhere = bindAddress === '0.0.0.0' || bindAddress === '::';
  const files = await ensureServingCertificate(options.certDir, {
    names: ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes', ...(everywhere ? ['localhost'] : [])],
    addresses: [
      ...new Set([
        advertisedAddress(options),
        kubernetesServiceIp(options.serviceClusterIpRange),
        ...(everywhere ? [] : [bindAddress]),
      ]),
    ],
  });
  return { ...options, ...files };
}
