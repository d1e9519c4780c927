/** The certificate of the HTTPS server: the files given, or a self-signed one that is kept in the certificate directory. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

export interface ServingCertificate {
  cert: string;
  key: string;
}

const oneYearMs = 365 * 24 * 3600 * 1000;

async function selfSigned(nodeName: string, addresses: readonly string[]): Promise<ServingCertificate> {
  // Loaded only here: most kubelets are given a certificate.
  const { x509 } = await import('./x509.ts');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${nodeName}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + oneYearMs),
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        [nodeName, ...addresses].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

const isGood = (cert: string, nodeName: string): boolean => {
  const parsed = new X509Certificate(cert);
  return Date.parse(parsed.validTo) - Date.now() > oneYearMs / 12 && parsed.checkHost(nodeName) !== undefined;
};

export async function servingCertificate(options: {
  certFile: string | undefined;
  keyFile: string | undefined;
  certDir: string;
  nodeName: string;
  addresses: readonly string[];
}): Promise<ServingCertificate> {
  const { certFile, keyFile, certDir, nodeName, addresses } = options;
  if (certFile !== undefined && keyFile !== undefined) {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { cert, key };
  }
  const files = { cert: join(certDir, 'kubelet.crt'), key: join(certDir, 'kubelet.key') };
  const [cert, key] = await Promise.all([
    readFile(files.cert, 'utf8').catch(() => ''),
    readFile(files.key, 'utf8').catch(() => ''),
  ]);
  if (cert !== '' && key !== '' && isGood(cert, nodeName)) return { cert, key };
  const made = await selfSigned(nodeName, addresses);
  await mkdir(certDir, { recursive: true, mode: 0o700 });
  await Promise.all([
    writeFile(files.cert, made.cert, { mode: 0o644 }),
    writeFile(files.key, made.key, { mode: 0o600 }),
  ]);
  return made;
}
