/** OpenID Connect issuers and anonymous access, from --authentication-config or from the --oidc-* flags. */
import type { AnonymousOptions } from '../../authentication/index.ts';
import { allSigningAlgorithms, OidcAuthenticator } from '../../authentication/oidc/authenticator.ts';
import {
  type AuthenticationConfiguration,
  checkAuthenticationConfiguration,
  type JwtAuthenticatorConfig,
  parseAuthenticationConfiguration,
} from '../../authentication/oidc/configuration.ts';
import type { Logger } from '../../endpoints/request-context.ts';
import type { ApiserverOptions } from '../config.ts';
import { followFile } from './config-file.ts';

export interface StructuredAuthentication {
  tokens: OidcAuthenticator | undefined;
  anonymous: AnonymousOptions;
  stop(): void;
}

/** `files`: what --authentication-config and --oidc-ca-file contain. Throws where they cannot be used. */
export function structuredAuthentication(
  options: ApiserverOptions,
  files: { authenticationConfig: string | undefined; oidcCa: string | undefined },
  serviceAccountIssuers: readonly string[],
  logger: Logger,
): StructuredAuthentication {
  const report = (error: Error): void =>
    logger.warn({ error: error.message }, 'an OpenID Connect issuer cannot be used');
  const { authenticationConfig: file, oidcIssuerUrl, oidcClientId } = options;
  if (file !== undefined && oidcIssuerUrl !== undefined)
    throw new Error('authentication-config file and oidc-* flags are mutually exclusive');
  if ((oidcIssuerUrl === undefined) !== (oidcClientId === undefined))
    throw new Error('oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set');
  if (file === undefined || files.authenticationConfig === undefined) {
    const jwt = fromFlags(options, files.oidcCa);
    checkAuthenticationConfiguration({ jwt }, serviceAccountIssuers);
    const tokens =
      jwt.length === 0 ? undefined : new OidcAuthenticator(jwt, { report, algorithms: options.oidcSigningAlgs });
    return { tokens, anonymous: { enabled: options.anonymousAuth }, stop: () => tokens?.stop() };
  }

  const initial = files.authenticationConfig;
  const configuration = load(file, initial, serviceAccountIssuers);
  const tokens = new OidcAuthenticator(configuration.jwt ?? [], { report, algorithms: allSigningAlgorithms });
  const anonymous = JSON.stringify(configuration.anonymous);
  const reload = async (text: string): Promise<void> => {
    const next = load(file, text, serviceAccountIssuers);
    if (JSON.stringify(next.anonymous) !== anonymous)
      throw new Error('anonymous: Forbidden: changed from initial configuration file');
    await tokens.replace(next.jwt ?? []);
    logger.info({ file }, 'reloaded the authentication configuration');
  };
  const stopFollowing = followFile(file, initial, (text) => {
    reload(text).catch((error: unknown) =>
      logger.error({ file, error: (error as Error).message }, 'failed to load authentication config'),
    );
  });
  return {
    tokens,
    anonymous: anonymousOptions(configuration.anonymous, options.anonymousAuth),
    stop() {
      stopFollowing();
      tokens.stop();
    },
  };
}

function load(file: string, text: string, disallowed: readonly string[]): AuthenticationConfiguration {
  try {
    return parseAuthenticationConfiguration(text, disallowed);
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('invalid authentication configuration')) throw error;
    const problem = `failed to load authentication configuration from file ${JSON.stringify(file)}: ${message}`;
    throw new Error(problem, { cause: error });
  }
}

function anonymousOptions(given: AuthenticationConfiguration['anonymous'], flag: boolean): AnonymousOptions {
  if (given === undefined) return { enabled: flag };
  const paths = (given.conditions ?? []).map((condition) => condition.path);
  return { enabled: given.enabled === true, ...(paths.length === 0 ? {} : { paths }) };
}

function fromFlags(options: ApiserverOptions, ca: string | undefined): JwtAuthenticatorConfig[] {
  const { oidcIssuerUrl: url, oidcClientId: client, oidcUsernameClaim: claim, oidcGroupsClaim } = options;
  if (url === undefined || client === undefined) return [];
  let prefix = options.oidcUsernamePrefix;
  // Names of two issuers must not be one, except where they are mail addresses.
  if (prefix === '' && claim !== 'email') prefix = `${url}#`;
  if (prefix === '-') prefix = '';
  const rules = options.oidcRequiredClaim.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw new Error(`malformed pair, expect claim=value: ${text}`);
    return { claim: text.slice(0, equals), requiredValue: text.slice(equals + 1) };
  });
  const groups =
    oidcGroupsClaim === undefined ? {} : { groups: { claim: oidcGroupsClaim, prefix: options.oidcGroupsPrefix } };
  return [
    {
      issuer: { url, audiences: [client], ...(ca === undefined ? {} : { certificateAuthority: ca }) },
      claimMappings: { username: { claim, prefix }, ...groups },
      claimValidationRules: rules,
    },
  ];
}
