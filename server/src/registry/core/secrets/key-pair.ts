/** Whether a TLS Secret's key belongs to its certificate, in Go's words. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { pemBlocks } from '../../../certificates/pem-blocks.ts';

const ALGORITHMS: ReadonlySet<string> = new Set(['rsa', 'ec', 'ed25519']);

interface Block {
  type: string;
  der: Buffer;
}

/** Blocks that hold something; what cannot be read is passed over, as by Go. */
function blocksOf(pem: Buffer): Block[] {
  return [...pemBlocks(pem.toString('latin1'))].flatMap(({ type, body }) => {
    const headersEnd = body.includes(':') ? body.search(/\n[ \t\r]*\n/) : 0;
    const text = body.slice(Math.max(headersEnd, 0)).replace(/\s+/g, '');
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return [];
    return [{ type, der: Buffer.from(text, 'base64') }];
  });
}

const isPrivateKey = ({ type }: Block): boolean => /(^| )PRIVATE KEY$/.test(type);

/** Why the two are no pair; undefined if they are one. */
export function keyPairProblem(certificate: Buffer, key: Buffer): string | undefined {
  const blocks = blocksOf(certificate);
  const leaf = blocks.find(({ type }) => type === 'CERTIFICATE');
  if (!leaf) {
    const [first] = blocks;
    if (!first) return 'tls: failed to find any PEM data in certificate input';
    if (blocks.length === 1 && first.type.endsWith('PRIVATE KEY'))
      return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after ${skipped(blocks)}`;
  }
  const keys = blocksOf(key);
  const own = keys.find(isPrivateKey);
  if (!own) {
    if (keys.length === 0) return 'tls: failed to find any PEM data in key input';
    if (keys.length === 1 && keys[0]?.type === 'CERTIFICATE')
      return 'tls: found a certificate rather than a key in the PEM for the private key';
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after ${skipped(keys)}`;
  }
  let publicKey: KeyObject;
  try {
    publicKey = new X509Certificate(leaf.der).publicKey;
  } catch {
    return 'x509: malformed certificate';
  }
  const privateKey = parsePrivateKey(own.der);
  if (typeof privateKey === 'string') return privateKey;
  if (!ALGORITHMS.has(publicKey.asymmetricKeyType ?? '')) return 'tls: unknown public key algorithm';
  if (privateKey.asymmetricKeyType !== publicKey.asymmetricKeyType)
    return 'tls: private key type does not match public key type';
  return createPublicKey(privateKey).equals(publicKey) ? undefined : 'tls: private key does not match public key';
}

function skipped(blocks: readonly Block[]): string {
  return `skipping PEM blocks of the following types: [${blocks.map(({ type }) => type).join(' ')}]`;
}

/** Whatever the block says that it holds. */
function parsePrivateKey(der: Buffer): KeyObject | string {
  for (const type of ['pkcs1', 'pkcs8', 'sec1'] as const) {
    try {
      const key = createPrivateKey({ key: der, format: 'der', type });
      return ALGORITHMS.has(key.asymmetricKeyType ?? '')
        ? key
        : 'tls: found unknown private key type in PKCS#8 wrapping';
    } catch {
      // Not of this type.
    }
  }
  return 'tls: failed to parse private key';
}
