/** All ways in, in upstream's order: front proxy, client certificate, bearer token, websocket token, anonymous. */
import type { RegistryReader } from '../registry/generic/rest.ts';
import type { Authenticator, TokenAuthenticator } from './authenticator.ts';
import type { AuthenticationMetrics } from './metrics.ts';
import { bearerTokenAuthenticator, websocketTokenAuthenticator } from './request/bearer-token.ts';
import { ClientCertificateVerifier, clientCertificateAuthenticator } from './request/client-certificate.ts';
import { type FrontProxyHeaders, frontProxyAuthenticator } from './request/front-proxy.ts';
import {
  type AnonymousOptions,
  inAuthenticatedGroup,
  unionAuthenticator,
  withAnonymous,
  withAuthenticatedGroup,
} from './request/union.ts';
import type { ServiceAccountTokens } from './service-account/tokens.ts';
import { bootstrapTokenAuthenticator } from './token/bootstrap-token.ts';
import { type TokenCacheOptions, withTokenCache } from './token/cache.ts';
import { tokenFileAuthenticator } from './token/token-file.ts';
import { unionTokens } from './token/union.ts';

export interface AuthenticationOptions {
  /** --client-ca-file, PEM. */
  clientCA?: string;
  /** --requestheader-client-ca-file and its companions. */
  frontProxy?: { ca: string; allowedNames: readonly string[]; headers?: FrontProxyHeaders };
  /** --token-auth-file, content and name. */
  tokenFile?: { text: string; file: string };
  serviceAccounts?: ServiceAccountTokens;
  /** --enable-bootstrap-token-auth */
  bootstrapTokens?: { registry: Pick<RegistryReader, 'get'> };
  /** OIDC, webhooks: asked after our own kinds. */
  otherTokens?: readonly TokenAuthenticator[];
  /** --api-audiences; the default is the service accounts' issuers. */
  audiences?: readonly string[];
  /** Default: enabled for every path. */
  anonymous?: AnonymousOptions;
  tokenCache?: TokenCacheOptions;
  metrics?: AuthenticationMetrics;
  now?: () => Date;
}

export interface Authentication extends Authenticator {
  /** For TokenReview: the same tokens, system:authenticated added. */
  tokens: TokenAuthenticator;
  /** What a token must be for, for this server to take it. */
  audiences: readonly string[];
  /** Other authorities of client certificates from now on; those left out stay. */
  trust(authorities: { clientCA?: string | undefined; frontProxyCA?: string | undefined }): void;
}

export function buildAuthenticator(options: AuthenticationOptions): Authentication {
  const now = options.now ?? (() => new Date());
  const audiences = options.audiences ?? options.serviceAccounts?.audiences ?? [];
  const kinds: TokenAuthenticator[] = [];
  if (options.tokenFile !== undefined)
    kinds.push(tokenFileAuthenticator(options.tokenFile.text, options.tokenFile.file));
  if (options.serviceAccounts !== undefined) kinds.push(options.serviceAccounts);
  if (options.bootstrapTokens !== undefined)
    kinds.push(bootstrapTokenAuthenticator(options.bootstrapTokens.registry, now));
  kinds.push(...(options.otherTokens ?? []));
  const cache = { observer: options.metrics?.tokenCache, ...options.tokenCache };
  const tokens = withImplicitAudiences(withTokenCache(unionTokens(...kinds), cache), audiences);

  const requests: Authenticator[] = [];
  let proxies: ClientCertificateVerifier | undefined;
  let clients: ClientCertificateVerifier | undefined;
  if (options.frontProxy !== undefined) {
    proxies = new ClientCertificateVerifier(options.frontProxy.ca, now);
    requests.push(frontProxyAuthenticator(proxies, options.frontProxy.allowedNames, options.frontProxy.headers));
  }
  if (options.clientCA !== undefined) {
    clients = new ClientCertificateVerifier(options.clientCA, now);
    requests.push(clientCertificateAuthenticator(clients, options.metrics?.certificateSeconds));
  }
  requests.push(bearerTokenAuthenticator(tokens, audiences), websocketTokenAuthenticator(tokens, audiences));
  const known = withAuthenticatedGroup(unionAuthenticator(...requests));
  return {
    ...withAnonymous(known, options.anonymous ?? { enabled: true }),
    audiences,
    trust({ clientCA, frontProxyCA }) {
      if (clientCA !== undefined) clients?.replace(clientCA);
      if (frontProxyCA !== undefined) proxies?.replace(frontProxyCA);
    },
    tokens: {
      async authenticateToken(token, wanted) {
        const response = await tokens.authenticateToken(token, wanted);
        return response === undefined ? undefined : { ...response, user: inAuthenticatedGroup(response.user) };
      },
    },
  };
}

/** Tokens without audiences of their own (files, bootstrap) are for this API server: they pass only where it is asked for. */
function withImplicitAudiences(inner: TokenAuthenticator, implicit: readonly string[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const response = await inner.authenticateToken(token, audiences);
      if (response === undefined || response.audiences !== undefined || audiences.length === 0) return response;
      const accepted = implicit.filter((audience) => audiences.includes(audience));
      return accepted.length === 0 ? undefined : { ...response, audiences: accepted };
    },
  };
}
