/**
 * Makes the keys and certificates a cluster needs: PEM in, PEM out, so that what we made and what an administrator
 * brought are the same thing. Keys are ECDSA P-256 unless a CA's own key says otherwise. The certificate library is
 * loaded on the first issue only: a start that finds its files on disk never pays for it.
 */
import { createPrivateKey, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, both PEM; the key is PKCS #8. */
export interface KeyPair {
  certificate: string;
  key: string;
}

export interface CertificateAuthorityRequest {
  commonName: string;
  /** Default 3650. */
  validDays?: number;
  now?: Date;
}

export type ExtendedUsage = 'serverAuth' | 'clientAuth';

export interface CertificateRequest {
  ca: KeyPair;
  subject: { commonName: string; organizations?: readonly string[] };
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  usages: readonly ExtendedUsage[];
  /** Default 365. */
  validDays?: number;
  now?: Date;
}

const dayMs = 86_400_000;
/** Certificates start a little early, so that a peer whose clock is behind accepts a fresh one. */
const backdateMs = 5 * 60_000;
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const extendedUsageOids: Record<ExtendedUsage, string> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

export async function loadX509() {
  return (await import('./x509.ts')).x509;
}

/** A self-signed CA certificate as kubeadm makes it. */
export async function createCertificateAuthority(request: CertificateAuthorityRequest): Promise<KeyPair> {
  const [x509, keys] = await Promise.all([loadX509(), generateKeys()]);
  const now = request.now ?? new Date();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [request.commonName] }],
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter: new Date(now.getTime() + (request.validDays ?? 3650) * dayMs),
    keys,
    signingAlgorithm: p256,
    extensions: [
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      new x509.BasicConstraintsExtension(true, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: request.commonName }]),
    ],
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key: await exportKey(keys.privateKey) };
}

/** A leaf certificate signed by `ca`, with a key of its own. */
export async function issueCertificate(request: CertificateRequest): Promise<KeyPair> {
  const [x509, keys, signer] = await Promise.all([loadX509(), generateKeys(), importSigningKey(request.ca.key)]);
  const issuer = new x509.X509Certificate(request.ca.certificate);
  const now = request.now ?? new Date();
  const wantedEnd = now.getTime() + (request.validDays ?? 365) * dayMs;
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [
      ...(request.subject.organizations ?? []).map((name) => ({ O: [name] })),
      { CN: [request.subject.commonName] },
    ],
    issuer: issuer.subjectName,
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter: new Date(Math.min(wantedEnd, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => extendedUsageOids[usage])),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key: await exportKey(keys.privateKey) };
}

/** A key pair without a certificate: what signs and verifies service account tokens. */
export async function createSigningKeys(): Promise<{ privateKey: string; publicKey: string }> {
  const keys = await generateKeys();
  const spki = await crypto.subtle.exportKey('spki', keys.publicKey);
  return { privateKey: await exportKey(keys.privateKey), publicKey: pem('PUBLIC KEY', spki) };
}

/** Whether the pair fits together, was signed by `ca`, names exactly these hosts, and is good for `marginMs` more. */
export function isUsable(
  pair: KeyPair,
  expected: {
    ca: string;
    commonName: string;
    organizations: readonly string[];
    names: readonly string[];
    now: Date;
    marginMs: number;
  },
): boolean {
  try {
    const certificate = new X509Certificate(pair.certificate);
    const ca = new X509Certificate(expected.ca);
    const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>;
    return (
      certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
      certificate.checkIssued(ca) &&
      certificate.verify(ca.publicKey) &&
      certificate.validToDate.getTime() - expected.now.getTime() > expected.marginMs &&
      subject['CN'] === expected.commonName &&
      sameSet([subject['O'] ?? []].flat(), expected.organizations) &&
      namesHosts(certificate, expected.names)
    );
  } catch {
    return false; // unreadable is not usable: it is made anew
  }
}

function namesHosts(certificate: X509Certificate, names: readonly string[]): boolean {
  const present = certificate.subjectAltName?.split(', ').length ?? 0;
  return (
    present === names.length &&
    names.every((name) =>
      isIP(name) === 0
        ? certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined
        : certificate.checkIP(name) !== undefined,
    )
  );
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  const set = new Set(left);
  return set.size === new Set(right).size && right.every((item) => set.has(item));
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
}

/** The CA may have been brought by the administrator: RSA and the other NIST curves sign too. */
export async function importSigningKey(
  keyPem: string,
): Promise<{ key: webcrypto.CryptoKey; algorithm: SigningAlgorithm }> {
  const key = createPrivateKey(keyPem);
  const algorithm = signingAlgorithm(key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']), algorithm };
}

type SigningAlgorithm =
  | { name: 'ECDSA'; namedCurve: string; hash: string }
  | { name: 'RSASSA-PKCS1-v1_5'; hash: string };

function signingAlgorithm(type: string | undefined, curve: string | undefined): SigningAlgorithm {
  if (type === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (type === 'ec' && curve === 'prime256v1') return { ...p256 };
  if (type === 'ec' && curve === 'secp384r1') return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
  if (type === 'ec' && curve === 'secp521r1') return { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' };
  throw new Error(`cannot sign with a ${type ?? 'unknown'} key: give an RSA key or one on P-256, P-384 or P-521`);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key));
}

export function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Positive, 127 random bits. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
