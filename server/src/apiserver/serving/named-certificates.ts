/** --tls-sni-cert-key: other certificates, for clients that ask for other names of this server. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface NamedCertificate {
  cert: string;
  key: string;
  /** Host names, `*.` in front is any first label. */
  names: readonly string[];
}

/** Of a certificate whose names the flag gives and one whose names it has itself, the first counts; else the earlier. */
export async function readNamedCertificates(flags: readonly string[]): Promise<NamedCertificate[]> {
  const read = await Promise.all(
    flags.map(async (flag) => {
      const [files = '', given] = split(flag);
      const [certFile, keyFile, ...more] = files.split(',').map((file) => file.trim());
      if (!certFile || !keyFile || more.length > 0) {
        throw new Error(`--tls-sni-cert-key ${flag}: expected CERTIFICATE,KEY or CERTIFICATE,KEY:NAME,NAME`);
      }
      const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
      const explicit = given !== undefined;
      return { cert, key, explicit, names: explicit ? given.split(',').map((name) => name.trim()) : namesOf(cert) };
    }),
  );
  return [...read.filter(({ explicit }) => explicit), ...read.filter(({ explicit }) => !explicit)];
}

function split(flag: string): string[] {
  const at = flag.lastIndexOf(':');
  return at < 0 ? [flag] : [flag.slice(0, at), flag.slice(at + 1)];
}

/** The common name and the DNS names that a certificate is for. */
function namesOf(pem: string): string[] {
  const { subject, subjectAltName } = new X509Certificate(pem);
  const common = /^CN=(.*)$/m.exec(subject)?.[1];
  const others = (subjectAltName ?? '').split(', ').flatMap((each) => /^DNS:(.*)$/.exec(each)?.[1] ?? []);
  return [...new Set([...(common === undefined ? [] : [common]), ...others])];
}
