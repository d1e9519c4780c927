/**
 * Client certificates. The TLS server asks for one and lets every handshake through (rejectUnauthorized: false); here
 * the chain is checked against one bundle of CAs, because the server trusts two for different things: client CAs say
 * who a user is, the front proxy's CA says who may speak for others.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { certificateBlocks } from '../../certificates/pem-blocks.ts';
import type { Distribution } from '../../metrics/index.ts';
import type { Authenticator, UserInfo } from '../authenticator.ts';
import { credentialIdKey } from '../service-account/user.ts';

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
const uidAttribute = '1.3.6.1.4.1.57683.2';
const maxChain = 10;

/** A verified chain stays verified for the connection; only its time is looked at again. */
interface Verified {
  leaf: X509Certificate;
  notBefore: number;
  notAfter: number;
  leafNotAfter: number;
}

interface Peer {
  leaf: X509Certificate;
  others: readonly X509Certificate[];
}
const peers = new WeakMap<object, Peer>();

export class ClientCertificateVerifier {
  #roots: readonly X509Certificate[];
  readonly #now: () => Date;
  #seen = new WeakMap<object, Verified | Error>();

  /** `bundle`: PEM of one or more CA certificates. */
  constructor(bundle: string, now: () => Date = () => new Date()) {
    this.#roots = certificatesOf(bundle);
    this.#now = now;
  }

  /** Other CAs from now on, also for connections that were there before. */
  replace(bundle: string): void {
    this.#roots = certificatesOf(bundle);
    this.#seen = new WeakMap();
  }

  /** The client's certificate if it presented one; throws if it is not good. */
  verify(request: IncomingMessage): X509Certificate | undefined {
    const peer = peerOf(request.socket);
    if (peer === undefined) return undefined;
    let result = this.#seen.get(request.socket);
    if (result === undefined) {
      result = this.#verifyChain(peer.leaf, peer.others);
      this.#seen.set(request.socket, result);
    }
    if (result instanceof Error) throw result;
    const now = this.#now().getTime();
    if (now > result.notAfter || now < result.notBefore) {
      throw new Error('x509: certificate has expired or is not yet valid');
    }
    return result.leaf;
  }

  /** Of the client's own certificate, which must have been verified. */
  secondsLeft(request: IncomingMessage): number {
    const result = this.#seen.get(request.socket);
    if (result === undefined || result instanceof Error) return 0;
    return (result.leafNotAfter - this.#now().getTime()) / 1000;
  }

  #verifyChain(leaf: X509Certificate, others: readonly X509Certificate[]): Verified | Error {
    const chain = this.#path([leaf], others);
    if (chain === undefined) return new Error('x509: certificate signed by unknown authority');
    // Also the root's, as in Go.
    for (const certificate of chain) {
      const usages = certificate.keyUsage as readonly string[] | undefined;
      if (usages !== undefined && !usages.includes(clientAuth) && !usages.includes(anyUsage)) {
        return new Error('x509: certificate specifies an incompatible key usage');
      }
    }
    return {
      leaf,
      notBefore: Math.max(...chain.map((certificate) => certificate.validFromDate.getTime())),
      notAfter: Math.min(...chain.map((certificate) => certificate.validToDate.getTime())),
      leafNotAfter: leaf.validToDate.getTime(),
    };
  }

  /** Completes `chain` up to one of the roots. */
  #path(chain: readonly X509Certificate[], others: readonly X509Certificate[]): X509Certificate[] | undefined {
    const last = chain.at(-1);
    if (last === undefined || chain.length > maxChain) return undefined;
    if (this.#roots.some((root) => root.fingerprint256 === last.fingerprint256)) return [...chain];
    for (const root of this.#roots)
      if ((root.ca || isVersion1(root)) && isIssuedBy(last, root)) return [...chain, root];
    for (const other of others) {
      if (chain.some((seen) => seen.fingerprint256 === other.fingerprint256) || !other.ca || !isIssuedBy(last, other))
        continue;
      const path = this.#path([...chain, other], others);
      if (path !== undefined) return path;
    }
    return undefined;
  }
}

function certificatesOf(bundle: string): X509Certificate[] {
  const blocks = certificateBlocks(bundle);
  if (blocks.length === 0) throw new Error('no certificate found in the client CA bundle');
  return blocks.map((block) => new X509Certificate(block));
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key of a kind that cannot have signed this
  }
}

/** X.509 had no way then to say that a certificate is a CA's. Whoever trusts such a root means it, as Go takes it. */
function isVersion1({ raw }: X509Certificate): boolean {
  const versionTag = 0xa0;
  // Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, which the first version leaves out, …
  return raw[contentAt(raw, contentAt(raw, 0))] !== versionTag;
}

/** Where the content of the DER element begins. */
function contentAt(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

/**
 * What the client sent. Node gives the certificates beside the client's own away once, so they are kept with the
 * connection; and it gives none where the TLS server's own `ca` completes the chain: an intermediate CA therefore
 * belongs into the client CA bundle.
 */
function peerOf(socket: object): Peer | undefined {
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const leaf = (socket as Partial<TLSSocket>).getPeerX509Certificate?.();
  if (leaf === undefined) return undefined;
  const others: X509Certificate[] = [];
  let next = leaf.issuerCertificate;
  while (next !== undefined && others.length < maxChain) {
    others.push(next);
    next = next.issuerCertificate;
  }
  const peer = { leaf, others };
  peers.set(socket, peer);
  return peer;
}

/** --client-ca-file: the common name is the user, every organization a group. */
export function clientCertificateAuthenticator(
  verifier: ClientCertificateVerifier,
  /** Gets how long the certificate of each request is good yet. */
  lifetime?: Pick<Distribution, 'observe'>,
): Authenticator {
  const users = new WeakMap<X509Certificate, UserInfo>();
  return {
    async authenticateRequest(request) {
      const certificate = verifier.verify(request);
      if (certificate === undefined) return undefined;
      lifetime?.observe(verifier.secondsLeft(request));
      // A connection keeps its certificate, and reading one costs as much as a whole small request.
      let user = users.get(certificate);
      if (user === undefined) {
        user = userOf(certificate);
        if (user === undefined) return undefined;
        users.set(certificate, user);
      }
      return { user };
    },
  };
}

export function userOf(certificate: X509Certificate): UserInfo | undefined {
  const subject = subjectOf(certificate);
  const name = subject('CN').at(-1);
  if (!name) return undefined;
  const uids = subject(uidAttribute);
  if (uids.length > 1) throw new Error(`expected 1 UID, but found multiple: [${uids.join(' ')}]`);
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  return {
    name,
    groups: subject('O'),
    ...(uids[0] ? { uid: uids[0] } : {}),
    extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] },
  };
}

/** The values of one attribute, in order. From the parsed form: the printed one has to be unescaped. */
export function subjectOf(certificate: X509Certificate): (attribute: string) => string[] {
  const { subject } = certificate.toLegacyObject() as { subject?: Record<string, string | string[] | undefined> };
  return (attribute) => [subject?.[attribute] ?? []].flat();
}
