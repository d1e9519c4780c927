/** Keys for service account tokens, from PEM: private or public keys, or certificates, RSA or on a NIST curve. */
import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

export interface VerificationKey {
  /** Upstream's key id: SHA-256 of the public key's DER, base64url. */
  kid: string;
  algorithm: SigningAlgorithm;
  publicKey: KeyObject;
}

/** The keys that tokens are verified with. */
export interface TokenKeys {
  /** Those that a token may have been signed with which names this one; all, where it names none. */
  find(kid: string | undefined): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
  /** Those that are published for others to verify tokens with. */
  published(): readonly VerificationKey[];
  /** How long others may remember what is published. */
  maxAgeSeconds(): number;
}

export interface SigningKey extends VerificationKey {
  privateKey: KeyObject;
}

export function signingKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { ...describe(createPublicKey(privateKey)), privateKey };
}

/** Every key in the text; a private key counts as its public half. */
export function verificationKeys(pem: string): VerificationKey[] {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const keys = blocks
    .filter((block) => !block.startsWith('-----BEGIN EC PARAMETERS'))
    .map((block) => describe(createPublicKey(block)));
  if (keys.length === 0) throw new Error('no key found in the service account key file');
  return keys;
}

export function jsonWebKey(key: VerificationKey): JsonWebKey {
  const { kty, ...rest } = key.publicKey.export({ format: 'jwk' });
  // Upstream's order.
  return { use: 'sig', kty, kid: key.kid, alg: key.algorithm, ...rest };
}

/** A key by the id that its owner gives it; its DER. */
export function namedKey(kid: string, der: Buffer): VerificationKey {
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return { kid, algorithm: algorithmOf(publicKey), publicKey };
}

function describe(publicKey: KeyObject): VerificationKey {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { kid: createHash('sha256').update(der).digest('base64url'), algorithm: algorithmOf(publicKey), publicKey };
}

const curves: Record<string, SigningAlgorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function algorithmOf(key: KeyObject): SigningAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithm = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && algorithm !== undefined) return algorithm;
  throw new Error(
    `cannot sign service account tokens with a ${key.asymmetricKeyType ?? 'symmetric'} key: give an RSA key or one on P-256, P-384 or P-521`,
  );
}
