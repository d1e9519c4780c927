/** The serving certificate of a server that was given none: made once, and kept in --cert-dir. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { createCertificateAuthority, issueCertificate, writeFileAtomically } from '../../certificates/index.ts';
import { readIfPresent } from '../../certificates/files.ts';

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
