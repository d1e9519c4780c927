/** Whether bytes are a PKCS #10 request signed with its own key: read at once, without the library that issues. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { pemBlocks } from './pem-blocks.ts';

interface Element {
  tag: number;
  /** With tag and length. */
  whole: Buffer;
  content: Buffer;
}

const sequence = 0x30;
const bitString = 0x03;
const objectIdentifier = 0x06;

/** Signature algorithms by the hex of their identifiers: what hash, and how Go names a failure. */
const algorithms: Record<string, { hash: string | null; failure: string }> = {
  '2a864886f70d010105': { hash: 'sha1', failure: 'x509: cannot verify signature: insecure algorithm SHA1-RSA' },
  '2a864886f70d01010b': { hash: 'sha256', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010c': { hash: 'sha384', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010d': { hash: 'sha512', failure: 'crypto/rsa: verification error' },
  '2a8648ce3d040302': { hash: 'sha256', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040303': { hash: 'sha384', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040304': { hash: 'sha512', failure: 'x509: ECDSA verification failure' },
  '2b6570': { hash: null, failure: 'x509: Ed25519 verification failure' },
};

/** What is wrong with it; undefined: nothing. `pem`: text of the request. */
export function requestProblem(pem: string): string | undefined {
  const [block] = pemBlocks(pem);
  if (block?.type !== 'CERTIFICATE REQUEST' || !/^[A-Za-z0-9+/=\s]*$/.test(block.body))
    return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    return signatureProblem(Buffer.from(block.body, 'base64'));
  } catch (error) {
    return (error as Error).message;
  }
}

function signatureProblem(der: Buffer): string | undefined {
  const [request, ...rest] = elements(der);
  if (request?.tag !== sequence || rest.length > 0) throw new Error("asn1: structure error: tags don't match");
  const [info, algorithm, signature] = elements(request.content);
  if (info?.tag !== sequence || algorithm?.tag !== sequence || signature?.tag !== bitString)
    throw new Error("asn1: structure error: tags don't match");
  const [, subject, publicKey] = elements(info.content);
  if (subject?.tag !== sequence || publicKey?.tag !== sequence)
    throw new Error("asn1: structure error: tags don't match");
  const [identifier] = elements(algorithm.content);
  const known = identifier?.tag === objectIdentifier ? algorithms[identifier.content.toString('hex')] : undefined;
  if (known === undefined) return 'x509: cannot verify signature: algorithm unimplemented';
  if (known.hash === 'sha1') return known.failure;
  const key = keyOf(publicKey.whole);
  // The first byte counts unused bits, of which there are none.
  return verify(known.hash, info.whole, key, signature.content.subarray(1)) ? undefined : known.failure;
}

function keyOf(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    throw new Error('x509: failed to parse the public key');
  }
}

/** The elements in a row that fill `bytes`. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1];
    let start = at + 2;
    if (length === undefined) throw new Error('asn1: syntax error: truncated tag or length');
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size === 0 || size > 4) throw new Error('asn1: syntax error: indefinite length found (not DER)');
      if (start + size > bytes.length) throw new Error('asn1: syntax error: truncated tag or length');
      length = bytes.readUIntBE(start, size);
      start += size;
    }
    const end = start + length;
    if (end > bytes.length) throw new Error('asn1: syntax error: data truncated');
    found.push({ tag, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
    at = end;
  }
  return found;
}
