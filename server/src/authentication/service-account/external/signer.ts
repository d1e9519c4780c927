/** Tokens signed by a process of its own, behind a unix socket: this server never has the keys. */

import type { MetricsRegistry } from '../../../metrics/index.ts';
import type { TokenClaims } from '../claims.ts';
import type { TokenSigner } from '../signer.ts';
import { parseTokenHeader } from './header.ts';
import { ExternalKeyCache } from './key-cache.ts';
import { ExternalSignerMetrics } from './metrics.ts';
import { type ExternalJwtSigner, externalJwtSigner } from './service.ts';

export interface ExternalSignerOptions {
  /** A path, or `@name`. */
  socket: string;
  metrics: MetricsRegistry;
  report: (error: Error) => void;
  /** For a fetch of the keys. Default 60 s. */
  keySyncTimeoutMs?: number;
}

export interface ExternalSigner extends TokenSigner {
  /** The longest life that the signer gives a token. */
  readonly maxExpirationSeconds: number;
  close(): void;
}

const minExpirationSeconds = 600;

/** Once the signer has told its keys, and what it can do. */
export async function connectExternalSigner(options: ExternalSignerOptions): Promise<ExternalSigner> {
  const metrics = new ExternalSignerMetrics(options.metrics);
  const service = externalJwtSigner(options.socket, metrics.call);
  const { report, keySyncTimeoutMs: timeoutMs = 60_000 } = options;
  const keys = new ExternalKeyCache({ service, timeoutMs, metrics, report });
  const close = (): void => {
    keys.close();
    service.close();
  };
  try {
    return { keys, maxExpirationSeconds: await start(service, keys), sign: signing(service, keys, metrics), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function start(service: ExternalJwtSigner, keys: ExternalKeyCache): Promise<number> {
  const failed = (error: Error): never => {
    throw new Error(`while setting up external-jwt-signer: ${error.message}`, { cause: error });
  };
  await keys.start().catch((error: Error) => failed(new Error(`while initially filling key cache: ${error.message}`)));
  const { maxTokenExpirationSeconds: longest } = await service.metadata().catch(failed);
  if (longest < minExpirationSeconds) {
    throw new Error(
      `max token life supported by external-jwt-signer (${longest}s) is less than acceptable (min ${minExpirationSeconds}s)`,
    );
  }
  return longest;
}

function signing(service: ExternalJwtSigner, keys: ExternalKeyCache, metrics: ExternalSignerMetrics) {
  const assemble = async (claims: TokenClaims): Promise<string> => {
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const { header, signature } = await service.sign(payload).catch((error: Error) => {
      throw new Error(`while signing jwt: ${error.message}`, { cause: error });
    });
    await checkHeader(header, keys).catch((error: Error) => {
      throw new Error(`while validating header: ${error.message}`, { cause: error });
    });
    if (signature === '') throw new Error('empty signature returned');
    return `${header}.${payload}.${signature}`;
  };
  return async (claims: TokenClaims): Promise<string> => {
    try {
      const token = await assemble(claims);
      metrics.signed();
      return token;
    } catch (error) {
      metrics.signed(error);
      throw error;
    }
  };
}

async function checkHeader(header: string, keys: ExternalKeyCache): Promise<void> {
  const { kid } = parseTokenHeader(header);
  if (await keys.isExcluded(kid))
    throw new Error(`key used for signing JWT (kid: ${kid}) is excluded from OIDC discovery docs`);
}
