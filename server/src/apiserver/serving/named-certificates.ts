/** --tls-sni-cert-key: other certificates, for clients that ask for other names of this server. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dns1123Subdomain } from '@typernetes/openapi/meta';

export interface NamedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** What the flag says: host names, `*.` in front is any first label. Undefined: those of the certificate. */
  readonly given: readonly string[] | undefined;
  cert: string;
  key: string;
}

/** One for each flag, in their order. */
export function readNamedCertificates(flags: readonly string[]): Promise<NamedCertificate[]> {
  return Promise.all(
    flags.map(async (flag) => {
      const [files, names] = split(flag);
      const [certFile, keyFile, ...more] = files.split(',').map((file) => file.trim());
      if (!certFile || !keyFile || more.length > 0) {
        throw new Error(`--tls-sni-cert-key ${flag}: expected CERTIFICATE,KEY or CERTIFICATE,KEY:NAME,NAME`);
      }
      const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
      return { certFile, keyFile, cert, key, given: names?.split(',').map((name) => name.trim()) };
    }),
  );
}

function split(flag: string): [files: string, names: string | undefined] {
  const at = flag.lastIndexOf(':');
  return at < 0 ? [flag, undefined] : [flag.slice(0, at), flag.slice(at + 1)];
}

/** Which certificate a name is for. A name that a flag gives counts before one of a certificate; then the first flag. */
export function byName(certificates: readonly NamedCertificate[]): Map<string, NamedCertificate> {
  const found = new Map<string, NamedCertificate>();
  const explicit = certificates.filter(({ given }) => given !== undefined);
  const others = certificates.filter(({ given }) => given === undefined);
  for (const certificate of [...explicit, ...others]) {
    for (const name of certificate.given ?? namesOf(certificate.cert)) {
      const lower = name.toLowerCase();
      if (!found.has(lower)) found.set(lower, certificate);
    }
  }
  return found;
}

/** The common name, if it is one of a host, and the DNS names that a certificate is for. */
function namesOf(pem: string): string[] {
  const { subject, subjectAltName } = new X509Certificate(pem);
  const common = /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
  const isHost = common === '*' || (isIP(common) === 0 && dns1123Subdomain(common.replace(/^\*\./, '')).length === 0);
  const others = (subjectAltName ?? '').split(', ').flatMap((each) => /^DNS:(.*)$/.exec(each)?.[1] ?? []);
  return [...(isHost ? [common] : []), ...others];
}
