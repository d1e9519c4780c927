/** --service-account-signing-endpoint, and how long service account tokens may live. */
import type { ExternalSigner, ExternalSignerOptions } from '../authentication/index.ts';
import { formatDuration } from '../duration.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { ApiserverOptions } from './config.ts';

export interface TokenSigning {
  /** Undefined where keys are files. */
  external: ExternalSigner | undefined;
  /** 0 is no limit. */
  maxExpirationSeconds: number;
  /** What pods' tokens are extended to. */
  extendedExpirationSeconds: number;
  close(): void;
}

/** What the kubelet asks for on behalf of a pod. */
const extendableSeconds = 3607;
const yearSeconds = 365 * 24 * 3600;
const duration = (seconds: number): string => formatDuration(seconds * 1000);

export async function tokenSigning(
  options: ApiserverOptions,
  metrics: MetricsRegistry,
  logger: Logger,
): Promise<TokenSigning> {
  const asked = options.serviceAccountMaxTokenExpirationSeconds;
  const socket = options.serviceAccountSigningEndpoint;
  const report = (error: Error): void =>
    logger.error({ error: error.message }, 'keys of service account tokens are not up to date');
  const external = socket ? await connect({ socket, metrics, report }) : undefined;
  const longest = external?.maxExpirationSeconds;
  if (longest !== undefined && asked > longest) {
    external?.close();
    throw new Error(
      `service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ${duration(asked)} > ${duration(longest)}`,
    );
  }
  const maxExpirationSeconds = asked || (longest ?? 0);
  if (options.serviceAccountExtendTokenExpiration && maxExpirationSeconds !== 0)
    warn(maxExpirationSeconds, external !== undefined, logger);
  return {
    external,
    maxExpirationSeconds,
    extendedExpirationSeconds: Math.min(yearSeconds, longest ?? yearSeconds),
    close: () => external?.close(),
  };
}

/** gRPC is large: nobody else waits for it. */
async function connect(options: ExternalSignerOptions): Promise<ExternalSigner> {
  const { connectExternalSigner } = await import('../authentication/service-account/external/signer.ts');
  return connectExternalSigner(options);
}

/** Throws what is wrong with the flags alone. */
export function checkTokenSigning(options: ApiserverOptions): void {
  const seconds = options.serviceAccountMaxTokenExpirationSeconds;
  if (seconds !== 0 && (seconds < 3600 || seconds > 2 ** 32))
    throw new Error('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
  const socket = options.serviceAccountSigningEndpoint;
  if (!socket) return;
  if (options.serviceAccountSigningKeyFile !== undefined) {
    throw new Error(
      'service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time',
    );
  }
  if (options.serviceAccountKeyFile.length > 0) {
    throw new Error(
      "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)",
    );
  }
  if (socket.startsWith('@') && !/^@(?:[\w-]+\.)*[\w-]+$/.test(socket)) {
    throw new Error(
      `invalid value ${JSON.stringify(socket)} passed for \`--service-account-signing-endpoint\`, when prefixed with @ must be a valid abstract socket name`,
    );
  }
}

/** Old clients count on tokens that live on for a year; not all of these will. */
function warn(maxSeconds: number, external: boolean, logger: Logger): void {
  const transition = external
    ? 'token lifetime supported by external-jwt-signer must be longer'
    : 'service-account-max-token-expiration must be set longer';
  if (maxSeconds < extendableSeconds) {
    logger.warn(
      { maxTokenExpiration: duration(maxSeconds) },
      `service-account-extend-token-expiration is true, in order to correctly trigger safe transition logic, ${transition} than ${extendableSeconds} seconds`,
    );
  }
  if (maxSeconds < yearSeconds) {
    logger.warn(
      { maxTokenExpiration: duration(maxSeconds) },
      external
        ? 'service-account-extend-token-expiration is true, but pods’ tokens live no longer than the external-jwt-signer supports'
        : `service-account-extend-token-expiration is true, enabling tokens valid up to ${yearSeconds} seconds, which is longer than service-account-max-token-expiration`,
    );
  }
}
