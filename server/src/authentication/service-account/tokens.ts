/**
 * Issues and verifies service account tokens: JWTs bound to an audience, a time, and often a pod, node or secret. A
 * token dies with what it is bound to: every verification looks those objects up. (A cache in front keeps an accepted
 * token for some seconds, as upstream's does.)
 */
import { timingSafeEqual } from 'node:crypto';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ServiceAccount } from '@typernetes/openapi/types/core/v1';
import { compactVerify } from 'jose';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { AuthenticatorResponse, TokenAuthenticator } from '../authenticator.ts';
import type { ServiceAccountTokenUses } from '../metrics.ts';
import {
  type KubernetesClaims,
  legacyIssuer,
  legacyName,
  legacyNamespace,
  legacySecret,
  legacyUid,
  peekIssuer,
  type TokenClaims,
} from './claims.ts';
import { jsonWebKey, type TokenKeys } from './keys.ts';
import { localSigner, type TokenSigner } from './signer.ts';
import { serviceAccountUser, serviceAccountUsername, splitServiceAccountUsername } from './user.ts';

export interface ServiceAccountTokenOptions {
  /** --service-account-issuer: the first signs, all are accepted. */
  issuers: readonly string[];
  /** --api-audiences; the default is the issuers. */
  audiences?: readonly string[];
  /** --service-account-signing-key-file, PEM. Without it tokens are verified only. */
  signingKey?: string;
  /** --service-account-key-file, PEM; the signing key always verifies too. */
  verificationKeys?: readonly string[];
  /** --service-account-signing-endpoint: instead of keys. */
  signer?: TokenSigner | undefined;
  /** `update` notes the day on which a Secret's token was last used. */
  registry: Pick<RegistryReader, 'get'> & Partial<Pick<RegistryReader, 'update'>>;
  /** --service-account-jwks-uri */
  jwksUri?: string;
  /** --service-account-lookup: a Secret's token counts only while the Secret and the account are there. Default true. */
  lookup?: boolean;
  uses?: ServiceAccountTokenUses;
  now?: () => Date;
  newId?: () => string;
}

export interface IssueRequest {
  audiences: readonly string[];
  expirationSeconds: number;
  /** Seconds from now after which use is worth a warning. */
  warnAfterSeconds?: number;
  claims: Omit<KubernetesClaims, 'warnafter'>;
}

/** Clocks differ by this much between honest machines. */
const leewaySeconds = 60;
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

export class ServiceAccountTokens implements TokenAuthenticator {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly #issuers: ReadonlySet<string>;
  readonly #keys: TokenKeys;
  readonly #sign: TokenSigner['sign'];
  readonly #registry: ServiceAccountTokenOptions['registry'];
  readonly #jwksUri: string | undefined;
  readonly #lookup: boolean;
  readonly #uses: ServiceAccountTokenUses | undefined;
  readonly #now: () => Date;
  readonly #newId: () => string;

  constructor(options: ServiceAccountTokenOptions) {
    const [issuer] = options.issuers;
    if (issuer === undefined || issuer === '') throw new Error('service account tokens need an issuer');
    this.issuer = issuer;
    this.#issuers = new Set(options.issuers);
    this.audiences =
      options.audiences === undefined || options.audiences.length === 0 ? options.issuers : options.audiences;
    const signer = options.signer ?? localSigner(options.signingKey, options.verificationKeys ?? []);
    this.#keys = signer.keys;
    this.#sign = (claims) => signer.sign(claims);
    this.#registry = options.registry;
    this.#jwksUri = options.jwksUri;
    this.#lookup = options.lookup ?? true;
    this.#uses = options.uses;
    this.#now = options.now ?? (() => new Date());
    this.#newId = options.newId ?? (() => crypto.randomUUID());
  }

  async issue(request: IssueRequest): Promise<{ token: string; id: string }> {
    const now = Math.floor(this.#now().getTime() / 1000);
    const { namespace, serviceaccount } = request.claims;
    const id = this.#newId();
    const kubernetes: KubernetesClaims = {
      ...request.claims,
      ...(request.warnAfterSeconds === undefined ? {} : { warnafter: now + request.warnAfterSeconds }),
    };
    const token = await this.#sign({
      aud: [...request.audiences],
      exp: now + request.expirationSeconds,
      iat: now,
      iss: this.issuer,
      jti: id,
      'kubernetes.io': kubernetes,
      nbf: now,
      sub: serviceAccountUsername(namespace, serviceaccount.name),
    });
    return { token, id };
  }

  /** The token that never expires for a Secret of type kubernetes.io/service-account-token. */
  async issueForSecret(account: { namespace: string; name: string; uid: string }, secretName: string): Promise<string> {
    return this.#sign({
      iss: legacyIssuer,
      [legacyNamespace]: account.namespace,
      [legacySecret]: secretName,
      [legacyName]: account.name,
      [legacyUid]: account.uid,
      sub: serviceAccountUsername(account.namespace, account.name),
    });
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<AuthenticatorResponse | undefined> {
    const issuer = peekIssuer(token);
    if (issuer === undefined || (issuer !== legacyIssuer && !this.#issuers.has(issuer))) return undefined;
    const claims = await this.#verifySignature(token);
    if (claims.iss !== issuer) throw new Error(`token issuer ${JSON.stringify(claims.iss)} is invalid`);
    // A legacy token names no audience: it is for this API server and no one else.
    const named = [claims.aud ?? []].flat();
    if (named.length === 0) this.#uses?.legacy.with().inc();
    const own = named.length === 0 ? [...this.audiences] : named;
    const wanted = audiences.length === 0 ? this.audiences : audiences;
    const accepted = own.filter((audience) => wanted.includes(audience));
    if (accepted.length === 0) {
      throw new Error(`token audiences ${printList(own)} is invalid for the target audiences ${printList(wanted)}`);
    }
    const user = issuer === legacyIssuer ? await this.#checkLegacy(claims, token) : await this.#checkBound(claims);
    return { user, audiences: accepted };
  }

  async #verifySignature(token: string): Promise<TokenClaims> {
    const candidates = await this.#keys.find(keyIdOf(token));
    if (candidates.length === 0) throw new Error('invalid signature, no keys found');
    for (const { publicKey, algorithm } of candidates) {
      try {
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] });
        return JSON.parse(Buffer.from(payload).toString('utf8')) as TokenClaims;
      } catch {
        // not this key's
      }
    }
    throw new Error('invalid signature');
  }

  async #checkBound(claims: TokenClaims) {
    const now = this.#now().getTime() / 1000;
    if (!(now - leewaySeconds <= (claims.exp ?? 0))) throw new Error('service account token has expired');
    if (claims.nbf !== undefined && now + leewaySeconds < claims.nbf)
      throw new Error('service account token is not valid yet');
    if (claims.iat !== undefined && now + leewaySeconds < claims.iat)
      throw new Error('service account token is issued in the future');
    const kubernetes = claims['kubernetes.io'];
    if (!kubernetes?.namespace || !kubernetes.serviceaccount?.name)
      throw new Error('service account token lacks its claims');
    const { namespace, serviceaccount, pod, secret, node } = kubernetes;
    await this.#checkServiceAccount(namespace, serviceaccount.name, serviceaccount.uid ?? '');
    if (secret) await this.#checkAlive('secret', 'secrets', namespace, secret);
    if (pod) await this.#checkAlive('pod', 'pods', namespace, pod);
    // A pod's token names the node for information only; a node's own token lives as long as the node.
    else if (node) await this.#checkAlive('node', 'nodes', '', node);
    const { warnafter = 0 } = kubernetes;
    if (warnafter !== 0) (now > warnafter ? this.#uses?.stale : this.#uses?.valid)?.with().inc();
    return serviceAccountUser({
      namespace,
      name: serviceaccount.name,
      uid: serviceaccount.uid ?? '',
      pod,
      node,
      tokenId: claims.jti,
    });
  }

  async #checkLegacy(claims: TokenClaims, token: string) {
    const namespace = claims[legacyNamespace];
    const secretName = claims[legacySecret];
    const name = claims[legacyName];
    const uid = claims[legacyUid];
    if (!namespace) throw new Error('namespace claim is missing');
    if (!secretName) throw new Error('secretName claim is missing');
    if (!name) throw new Error('serviceAccountName claim is missing');
    if (!uid) throw new Error('serviceAccountUID claim is missing');
    const subject = splitServiceAccountUsername(claims.sub ?? '');
    if (subject?.namespace !== namespace || subject.name !== name) throw new Error('sub claim is invalid');
    if (!this.#lookup) return serviceAccountUser({ namespace, name, uid });
    const secret = await this.#registry.get<KubernetesObject & { data?: Record<string, string> }>(
      { group: '', resource: 'secrets' },
      namespace,
      secretName,
    );
    if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined)
      throw new Error('Token has been invalidated');
    if (!sameBytes(Buffer.from(secret.data?.['token'] ?? '', 'base64'), Buffer.from(token))) {
      throw new Error("Token does not match server's copy");
    }
    const account = await this.#checkServiceAccount(namespace, name, uid);
    if (secret.metadata?.labels?.[invalidSinceLabel]) {
      this.#uses?.invalidLegacyAuto.with().inc();
      await this.#noteUse(secret);
      throw new Error(
        `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
      );
    }
    const automatic = account.secrets?.some((reference) => reference.name === secretName) ?? false;
    (automatic ? this.#uses?.legacyAuto : this.#uses?.legacyManual)?.with().inc();
    await this.#noteUse(secret);
    return serviceAccountUser({ namespace, name, uid });
  }

  /** For whoever wants to know which of these tokens nobody needs. At most once a day; a failure costs nobody a request. */
  async #noteUse(secret: KubernetesObject): Promise<void> {
    const day = (offset: number): string =>
      new Date(this.#now().getTime() + offset * 86_400_000).toISOString().slice(0, 10);
    const { name = '', namespace = '', labels } = secret.metadata ?? {};
    const noted = labels?.[lastUsedLabel];
    // Another server's clock may be a little ahead.
    if (this.#registry.update === undefined || noted === day(0) || noted === day(1)) return;
    const noteDay = (current: KubernetesObject): KubernetesObject => {
      const metadata = { ...current.metadata, labels: { ...current.metadata?.labels, [lastUsedLabel]: day(0) } };
      return { ...current, metadata };
    };
    await this.#registry.update({ group: '', resource: 'secrets' }, namespace, name, noteDay).catch(() => undefined);
  }

  async #checkServiceAccount(namespace: string, name: string, uid: string): Promise<ServiceAccount> {
    const account = await this.#registry.get<ServiceAccount & KubernetesObject>(
      { group: '', resource: 'serviceaccounts' },
      namespace,
      name,
    );
    if (account === undefined) throw new Error(`serviceaccounts ${JSON.stringify(name)} not found`);
    if (account.metadata?.uid !== uid) {
      throw new Error(`service account UID (${account.metadata?.uid ?? ''}) does not match claim (${uid})`);
    }
    if (this.#isDeleted(account)) throw new Error(`service account ${namespace}/${name} has been deleted`);
    return account;
  }

  async #checkAlive(
    kind: string,
    resource: string,
    namespace: string,
    claim: { name: string; uid?: string },
  ): Promise<void> {
    const object = await this.#registry.get({ group: '', resource }, namespace, claim.name);
    if (object === undefined) throw new Error('service account token has been invalidated');
    if (object.metadata?.uid !== claim.uid) {
      throw new Error(
        `${kind} UID (${object.metadata?.uid ?? ''}) does not match service account ${kind} ref claim (${claim.uid ?? ''})`,
      );
    }
    if (this.#isDeleted(object)) throw new Error('service account token has been invalidated');
  }

  /** What is terminating may still use its token until its own grace period (the deletion timestamp) has passed. */
  #isDeleted(object: KubernetesObject): boolean {
    const deleted = object.metadata?.deletionTimestamp;
    return deleted !== undefined && Date.parse(deleted) < this.#now().getTime() - leewaySeconds * 1000;
  }

  /** The document at /openid/v1/jwks. */
  jwks(): { keys: ReturnType<typeof jsonWebKey>[] } {
    return { keys: this.#keys.published().map(jsonWebKey) };
  }

  /** How long others may remember both documents. */
  get documentsMaxAgeSeconds(): number {
    return this.#keys.maxAgeSeconds();
  }

  /**
   * The document at /.well-known/openid-configuration; undefined where the issuer is no https URL, or no key is
   * published: nobody could make use of it, nor of the keys.
   */
  openIdConfiguration(externalAddress?: string): Record<string, unknown> | undefined {
    const keys = this.#keys.published();
    if (!URL.canParse(this.issuer) || keys.length === 0) return undefined;
    const issuer = new URL(this.issuer);
    if (issuer.protocol !== 'https:' || issuer.search !== '' || issuer.hash !== '') return undefined;
    const jwksUri =
      this.#jwksUri ?? (externalAddress === undefined ? undefined : `https://${externalAddress}/openid/v1/jwks`);
    if (jwksUri === undefined || !jwksUri.startsWith('https:')) return undefined;
    return {
      issuer: this.issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.algorithm))].sort(),
    };
  }
}

function keyIdOf(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'));
    const kid = (header as { kid?: unknown } | null)?.kid;
    return typeof kid === 'string' && kid !== '' ? kid : undefined;
  } catch {
    return undefined;
  }
}

function sameBytes(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function printList(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(' ')}]`;
}
