/** Who may come in, and the tokens this server hands out: authentication built from the flags. */
import {
  type Authentication,
  buildAuthenticator,
  type ServiceAccountTokenOptions,
  ServiceAccountTokens,
  type TokenIssuer,
  tokenIssuer,
} from '../authentication/index.ts';
import { AuthenticationMetrics } from '../authentication/metrics.ts';
import { withTokenCache } from '../authentication/token/cache.ts';
import { webhookTokenAuthenticator } from '../authentication/token/webhook.ts';
import { parseAuthorizationModes } from '../authorization/index.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import { ReviewClient } from '../webhooks/index.ts';
import type { ApiserverOptions } from './config.ts';
import type { ApiserverFiles } from './files.ts';
import { structuredAuthentication } from './structured/authentication.ts';
import type { TokenSigning } from './token-signing.ts';

export interface Identity {
  authentication: Authentication;
  /** Undefined without keys. */
  serviceAccounts: ServiceAccountTokens | undefined;
  /** Undefined without a key to sign with. */
  issueToken: TokenIssuer | undefined;
  stop(): void;
}

const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

export function buildIdentity(
  options: ApiserverOptions,
  files: ApiserverFiles,
  registry: RegistryReader,
  metrics: MetricsRegistry,
  signing: TokenSigning,
  logger: Logger,
): Identity {
  const authenticationMetrics = new AuthenticationMetrics(metrics);
  const serviceAccounts = buildServiceAccounts(options, files, registry, {
    signer: signing.external,
    uses: authenticationMetrics.serviceAccountTokens,
  });
  const webhook = tokenWebhook(options);
  const structured = structuredAuthentication(options, files, issuersOf(options), logger);
  const authentication = buildAuthenticator({
    ...(files.clientCa === undefined ? {} : { clientCA: files.clientCa }),
    ...(files.frontProxyCa === undefined ? {} : { frontProxy: frontProxy(options, files.frontProxyCa) }),
    ...(files.tokens === undefined ? {} : { tokenFile: { text: files.tokens, file: options.tokenAuthFile ?? '' } }),
    ...(serviceAccounts === undefined ? {} : { serviceAccounts }),
    ...(options.enableBootstrapTokenAuth ? { bootstrapTokens: { registry } } : {}),
    ...(options.apiAudiences.length > 0 ? { audiences: options.apiAudiences } : {}),
    // Who is not known must not do everything: upstream turns anonymous requests off beside AlwaysAllow.
    anonymous: allowsAll(options.authorizationMode) ? { enabled: false } : structured.anonymous,
    metrics: authenticationMetrics,
    otherTokens: [structured.tokens, webhook?.tokens].filter((tokens) => tokens !== undefined),
  });
  const issueToken =
    serviceAccounts === undefined || (files.signingKey === undefined && signing.external === undefined)
      ? undefined
      : tokenIssuer({
          tokens: serviceAccounts,
          registry,
          maxExpirationSeconds: signing.maxExpirationSeconds,
          extendedExpirationSeconds: signing.extendedExpirationSeconds,
          extendExpiration: options.serviceAccountExtendTokenExpiration,
        });
  const stop = (): void => {
    structured.stop();
    webhook?.client.close();
    signing.close();
  };
  return { authentication, serviceAccounts, issueToken, stop };
}

function issuersOf(options: ApiserverOptions): readonly string[] {
  return options.serviceAccountIssuer.length > 0 ? options.serviceAccountIssuer : [defaultIssuer];
}

function tokenWebhook(options: ApiserverOptions) {
  const { authenticationTokenWebhookConfigFile: file, authenticationTokenWebhookVersion: version } = options;
  if (file === undefined) return undefined;
  if (version !== 'v1' && version !== 'v1beta1')
    throw new Error(`unsupported webhook token authenticator version ${JSON.stringify(version)}`);
  const client = new ReviewClient(file);
  const implicit = options.apiAudiences.length > 0 ? options.apiAudiences : issuersOf(options);
  const tokens = webhookTokenAuthenticator(client, version, implicit);
  const ttlMs = options.authenticationTokenWebhookCacheTtlMs;
  return { client, tokens: ttlMs > 0 ? withTokenCache(tokens, { ttlMs }) : tokens };
}

function buildServiceAccounts(
  options: ApiserverOptions,
  files: ApiserverFiles,
  registry: RegistryReader,
  more: Pick<ServiceAccountTokenOptions, 'signer' | 'uses'>,
) {
  if (more.signer === undefined && files.signingKey === undefined && files.verificationKeys.length === 0)
    return undefined;
  return new ServiceAccountTokens({
    issuers: issuersOf(options),
    audiences: options.apiAudiences,
    ...(files.signingKey === undefined ? {} : { signingKey: files.signingKey }),
    verificationKeys: files.verificationKeys,
    registry,
    lookup: options.serviceAccountLookup,
    ...more,
    ...(options.serviceAccountJwksUri === undefined ? {} : { jwksUri: options.serviceAccountJwksUri }),
  });
}

const allowsAll = (modes: string): boolean => parseAuthorizationModes(modes).includes('AlwaysAllow');

const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());

function frontProxy(options: ApiserverOptions, ca: string) {
  return {
    ca,
    allowedNames: options.requestheaderAllowedNames,
    headers: {
      username: lower(options.requestheaderUsernameHeaders),
      uid: lower(options.requestheaderUidHeaders),
      group: lower(options.requestheaderGroupHeaders),
      extraPrefixes: lower(options.requestheaderExtraHeadersPrefix),
    },
  };
}

/** All headers by which a front proxy names a user, lower case; a trailing `*` is a prefix. */
export function frontProxyHeaders(options: ApiserverOptions): string[] {
  return lower([
    ...options.requestheaderUsernameHeaders,
    ...options.requestheaderUidHeaders,
    ...options.requestheaderGroupHeaders,
    ...options.requestheaderExtraHeadersPrefix.map((prefix) => `${prefix}*`),
  ]);
}
