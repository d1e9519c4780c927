/**
 * One OpenID Connect issuer: its discovery document, and its keys, fetched when first needed and again when a token is
 * signed with one that is not among them.
 */
import { request as httpsRequest } from 'node:https';
import { trust } from '@typernetes/openapi/client';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Claims } from './claims.ts';

export interface ProviderOptions {
  issuer: string;
  /** Where the discovery document is, if not below the issuer's own URL. */
  discoveryUrl?: string;
  /** PEM of what signs the issuer's serving certificate; absent: the system's roots. */
  ca?: string;
  audiences: readonly string[];
  algorithms: readonly string[];
  now: () => Date;
}

const timeoutMs = 30_000;
const maximumBody = 4 * 1024 * 1024;
/** Unknown keys make the set be fetched again, but a flood of made-up ones must not become a flood of requests. */
const refetchPauseMs = 500;
const retryMs = 10_000;

export class Provider {
  readonly #options: ProviderOptions;
  #jwksUri: string | undefined;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  /** Looks for the discovery document, again and again until it is there. */
  start(report: (error: Error) => void): void {
    this.discover().catch((error: unknown) => {
      report(error as Error);
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.start(report), retryMs);
      this.#timer.unref();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async discover(): Promise<void> {
    const { issuer, discoveryUrl, ca } = this.#options;
    const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const document = (await fetchJson(url, ca)) as { issuer?: unknown; jwks_uri?: unknown };
    if (document.issuer !== issuer) {
      const got = JSON.stringify(document.issuer);
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuer)} got ${got}`,
      );
    }
    if (typeof document.jwks_uri !== 'string' || !URL.canParse(document.jwks_uri))
      throw new Error('oidc: the discovery document names no jwks_uri');
    this.#jwksUri = document.jwks_uri;
  }

  /** The claims of a token that this issuer signed for one of the audiences, now. */
  async verify(token: string): Promise<Claims> {
    const uri = this.#jwksUri;
    if (uri === undefined) throw new Error('oidc: authenticator not initialized');
    if (this.#keys === undefined) await this.#fetchKeys(uri);
    try {
      return await this.#check(token);
    } catch (error) {
      // A key of the same name may have been exchanged as well.
      const stale = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
      if (!stale || performance.now() - this.#fetchedAt < refetchPauseMs) throw describe(error);
      await this.#fetchKeys(uri);
      return this.#check(token).catch((again: unknown) => {
        throw describe(again);
      });
    }
  }

  async #check(token: string): Promise<Claims> {
    const keys = this.#keys;
    if (keys === undefined) throw new Error('oidc: authenticator not initialized');
    const { audiences, algorithms, now, issuer } = this.#options;
    const options = { algorithms: [...algorithms], issuer: [issuer, ...googleAlias(issuer)], currentDate: now() };
    const verified = await jwtVerify(token, keys, options).catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return verifyWithAny(token, error, options);
    });
    const claims = verified.payload as Claims;
    if (typeof claims['exp'] !== 'number')
      throw new Error('oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)');
    const own = [claims['aud'] ?? []].flat();
    if (!own.some((audience) => audiences.includes(audience as string))) {
      const list = (items: readonly unknown[]): string => `[${items.map((item) => JSON.stringify(item)).join(' ')}]`;
      throw new Error(`oidc: expected audience in ${list([...audiences].sort())} got ${list(own)}`);
    }
    return claims;
  }

  #fetchKeys(uri: string): Promise<void> {
    this.#fetching ??= fetchJson(uri, this.#options.ca)
      .then((set) => {
        this.#keys = createLocalJWKSet(set as JSONWebKeySet);
        this.#fetchedAt = performance.now();
      })
      .catch((error: unknown) => {
        throw new Error(`failed to verify signature: fetching keys oidc: get keys failed ${(error as Error).message}`, {
          cause: error,
        });
      })
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }
}

/** A token without a key id may be signed with any of them. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: Parameters<typeof jwtVerify>[2],
): Promise<{ payload: object }> {
  for await (const key of candidates) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** Google's older tokens name themselves without a scheme. */
function googleAlias(issuer: string): string[] {
  return issuer === 'https://accounts.google.com' ? ['accounts.google.com'] : [];
}

/** In the words that clients of kube-apiserver know, where there are such. */
function describe(error: unknown): Error {
  if (error instanceof errors.JWTExpired) {
    const seconds = typeof error.payload.exp === 'number' ? error.payload.exp : 0;
    return new Error(`oidc: token is expired (Token Expiry: ${new Date(seconds * 1000).toISOString()})`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return new Error('failed to verify signature: failed to verify id token signature');
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new Error(`oidc: id token signed with unsupported algorithm: ${error.message}`);
  return error as Error;
}

function fetchJson(url: string, ca: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = {
      signal: AbortSignal.timeout(timeoutMs),
      agent: false as const,
      ...trust(ca),
    };
    const request = httpsRequest(url, { ...options, headers: { accept: 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBody) response.destroy(new Error(`${url} answers more than ${maximumBody} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode !== 200) return reject(new Error(`${response.statusCode}: ${text.slice(0, 500)}`));
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(new Error(`${url} answers no JSON: ${(error as Error).message}`));
        }
      });
    });
    request.on('error', (error) => reject(new Error(`Get ${JSON.stringify(url)}: ${error.message}`, { cause: error })));
    request.end();
  });
}
