/** Tokens of OpenID Connect issuers. Several are told apart by `iss`; the list may be exchanged while the server runs. */
import type { AuthenticatorResponse, TokenAuthenticator } from '../authenticator.ts';
import { peekIssuer } from '../service-account/claims.ts';
import { type Claims, claimsMapper } from './claims.ts';
import type { JwtAuthenticatorConfig } from './configuration.ts';
import { Provider } from './provider.ts';

/** Whatever a public key can verify. */
export const allSigningAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

export interface OidcOptions {
  algorithms?: readonly string[];
  now?: () => Date;
  /** Told why an issuer cannot be reached, each time that is tried. */
  report: (error: Error) => void;
}

interface Issuer {
  provider: Provider;
  user: (claims: Claims) => AuthenticatorResponse['user'];
}

export class OidcAuthenticator implements TokenAuthenticator {
  readonly #options: OidcOptions;
  #issuers = new Map<string, Issuer>();

  constructor(configs: readonly JwtAuthenticatorConfig[], options: OidcOptions) {
    this.#options = options;
    this.#issuers = this.#build(configs);
    for (const { provider } of this.#issuers.values()) provider.start(options.report);
  }

  /** Takes the new list once all of its issuers answer; until then, and if that fails, the old one stays. */
  async replace(configs: readonly JwtAuthenticatorConfig[]): Promise<void> {
    const next = this.#build(configs);
    try {
      await Promise.all([...next.values()].map(({ provider }) => provider.discover()));
    } catch (error) {
      for (const { provider } of next.values()) provider.close();
      throw error;
    }
    this.stop();
    this.#issuers = next;
  }

  stop(): void {
    for (const { provider } of this.#issuers.values()) provider.close();
  }

  async authenticateToken(token: string): Promise<AuthenticatorResponse | undefined> {
    const named = peekIssuer(token);
    const issuer = this.#issuers.get(named === 'accounts.google.com' ? `https://${named}` : (named ?? ''));
    if (issuer === undefined) return undefined;
    let claims: Claims;
    try {
      claims = await issuer.provider.verify(token);
    } catch (error) {
      const { message } = error as Error;
      if (message === 'oidc: authenticator not initialized') throw error;
      throw new Error(`oidc: verify token: ${message}`, { cause: error });
    }
    return { user: issuer.user(claims) };
  }

  #build(configs: readonly JwtAuthenticatorConfig[]): Map<string, Issuer> {
    const { algorithms = allSigningAlgorithms, now = () => new Date() } = this.#options;
    return new Map(
      configs.map((config): [string, Issuer] => {
        const { url, discoveryURL, certificateAuthority, audiences } = config.issuer;
        const provider = new Provider({
          issuer: url,
          ...(discoveryURL ? { discoveryUrl: discoveryURL } : {}),
          ...(certificateAuthority ? { ca: certificateAuthority } : {}),
          audiences,
          algorithms,
          now,
        });
        return [url, { provider, user: claimsMapper(config) }];
      }),
    );
  }
}
