/** Signs what others ask for: the subject, names and key are the request's, usages and life the signer's decision. */
import type { webcrypto } from 'node:crypto';
import { importSigningKey, type KeyPair, loadX509, pem, serialNumber } from './authority.ts';

export interface RequestDetails {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emailAddresses: string[];
  uris: string[];
}

const backdateMs = 5 * 60_000;
/** A certificate that lives no longer than this is not backdated: it would lose too much of its life. */
const shortMs = 8 * 3_600_000;

/** Throws if `request` is no PEM of a PKCS #10 request, or if its own signature does not verify. */
export async function inspectRequest(request: string): Promise<RequestDetails> {
  const { subjectName, names } = await parse(request);
  const of = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: subjectName.getField('CN').at(-1) ?? '',
    organizations: subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/** @param options.usages as a CertificateSigningRequest names them; throws for one that does not exist */
export async function signRequest(
  request: string,
  ca: KeyPair,
  options: { usages: readonly string[]; lifeMs: number; now: number },
): Promise<string> {
  const [x509, signer, parsed] = await Promise.all([loadX509(), importSigningKey(ca.key), parse(request)]);
  const issuer = new x509.X509Certificate(ca.certificate);
  const { flags, extended } = usagesOf(options.usages);
  const backdate = options.lifeMs > shortMs ? backdateMs : 0;
  const notAfter = Math.min(options.now - backdate + options.lifeMs, issuer.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name(subjectOf(parsed.subjectName)),
    issuer: issuer.subjectName,
    notBefore: new Date(options.now - backdateMs),
    notAfter: new Date(notAfter),
    publicKey: parsed.publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
    extensions: [
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(parsed.names.length > 0 ? [new x509.SubjectAlternativeNameExtension(parsed.names)] : []),
    ],
  });
  return pem('CERTIFICATE', certificate.rawData);
}

/** Those that Go's library knows, in its order; an object identifier where the library has no name for one. */
const subjectAttributes = ['C', 'O', 'OU', 'L', 'ST', '2.5.4.9', '2.5.4.17'];

/**
 * Nothing but what was read of the request, and approved, each value as text. The library's own form of a name must not
 * come between: there a value that begins with `#` is one in hexadecimal, which would say `system:masters` unseen.
 */
function subjectOf(name: ParsedRequest['subjectName']): Record<string, JsonText[]>[] {
  const texts = (values: readonly string[]): JsonText[] => values.map((value) => ({ utf8String: value }));
  const single = (id: string): string[] => name.getField(id).slice(-1);
  return [
    ...subjectAttributes.map((id) => ({ [id]: texts(name.getField(id)) })),
    { CN: texts(single('CN')) },
    { '2.5.4.5': texts(single('2.5.4.5')) },
  ].filter((attribute) => Object.values(attribute).flat().length > 0);
}

interface JsonText {
  utf8String: string;
}

interface ParsedRequest {
  subjectName: { getField(name: string): string[] };
  publicKey: webcrypto.CryptoKey;
  names: { type: 'dns' | 'ip' | 'email' | 'url'; value: string }[];
}

async function parse(text: string): Promise<ParsedRequest> {
  if (!text.includes('-----BEGIN CERTIFICATE REQUEST-----'))
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(text);
  if (!(await request.verify())) throw new Error('the signature of the request does not verify');
  const extension = request.extensions.find(({ type }) => type === '2.5.29.17');
  const names = extension ? new x509.SubjectAlternativeNameExtension(extension.rawData).names.toJSON() : [];
  const isKnown = (name: { type: string; value: string }): name is ParsedRequest['names'][number] =>
    ['dns', 'ip', 'email', 'url'].includes(name.type);
  return {
    subjectName: request.subjectName,
    publicKey: await request.publicKey.export(),
    names: names.filter(isKnown),
  };
}

/** By upstream's names: bits of the key usage, and object identifiers of the extended one. */
const keyUsages: Record<string, number> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};
const extendedUsages: Record<string, string> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

function usagesOf(usages: readonly string[]): { flags: number; extended: string[] } {
  let flags = 0;
  const extended = new Set<string>();
  for (const usage of usages) {
    const flag = keyUsages[usage];
    const oid = extendedUsages[usage];
    if (flag !== undefined) flags |= flag;
    else if (oid !== undefined) extended.add(oid);
    else throw new Error(`unrecognized usage: ${usage}`);
  }
  return { flags, extended: [...extended].sort() };
}
