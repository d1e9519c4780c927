/** The chain of authorizers, from --authorization-config or from --authorization-mode and the flags beside it. */
import { readFileSync } from 'node:fs';
import { abacAuthorizer } from '../../authorization/abac.ts';
import {
  type AuthorizationConfiguration,
  parseAuthorizationConfiguration,
  type WebhookConfiguration,
} from '../../authorization/configuration.ts';
import {
  type Authorization,
  type AuthorizationLink,
  type AuthorizationOptions,
  buildAuthorizer,
  parseAuthorizationModes,
} from '../../authorization/index.ts';
import { compileMatchCondition } from '../../authorization/webhook/match-conditions.ts';
import { WebhookAuthorizer } from '../../authorization/webhook/webhook-authorizer.ts';
import { parseDuration } from '../../duration.ts';
import type { Logger } from '../../endpoints/request-context.ts';
import { ReviewClient } from '../../webhooks/index.ts';
import type { ApiserverOptions } from '../config.ts';
import { followFile } from './config-file.ts';

interface Chain {
  links: AuthorizationLink[];
  clients: ReviewClient[];
}

/** Throws where flags or files cannot be used. A changed file is taken as a whole, or not at all. */
export function structuredAuthorization(
  options: ApiserverOptions,
  sources: Omit<AuthorizationOptions, 'modes'>,
  logger: Logger,
): Authorization {
  const file = options.authorizationConfig;
  if (file === undefined) {
    const chain = chainOf(fromFlags(options), options);
    return closing(buildAuthorizer({ ...sources, modes: chain.links }), () => chain);
  }
  const initial = readFileSync(file, 'utf8');
  let chain = chainOf(load(file, initial), options);
  const authorization = buildAuthorizer({ ...sources, modes: chain.links });
  const stopFollowing = followFile(file, initial, (text) => {
    try {
      const next = chainOf(load(file, text), options);
      authorization.replace(next.links);
      for (const client of chain.clients) client.close();
      chain = next;
      logger.info({ file }, 'reloaded the authorization configuration');
    } catch (error) {
      logger.error({ file, error: (error as Error).message }, 'failed to reload the authorization configuration');
    }
  });
  return closing(authorization, () => chain, stopFollowing);
}

function closing(authorization: Authorization, chain: () => Chain, also?: () => void): Authorization {
  return {
    ...authorization,
    stop() {
      also?.();
      authorization.stop();
      for (const client of chain().clients) client.close();
    },
  };
}

function load(file: string, text: string): AuthorizationConfiguration {
  try {
    return parseAuthorizationConfiguration(text);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`failed to load AuthorizationConfiguration from file ${file}: ${message}`, { cause: error });
  }
}

function fromFlags(options: ApiserverOptions): AuthorizationConfiguration {
  return {
    authorizers: parseAuthorizationModes(options.authorizationMode).map((type) => {
      if (type !== 'Webhook') return { type, name: type.toLowerCase() };
      const kubeConfigFile = options.authorizationWebhookConfigFile;
      if (kubeConfigFile === undefined)
        throw new Error("authorization-mode Webhook's authorization config file not passed");
      const webhook = {
        authorizedTTL: `${options.authorizationWebhookCacheAuthorizedTtlMs}ms`,
        unauthorizedTTL: `${options.authorizationWebhookCacheUnauthorizedTtlMs}ms`,
        timeout: '30s',
        subjectAccessReviewVersion: options.authorizationWebhookVersion,
        failurePolicy: 'NoOpinion',
        connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
      };
      return { type, name: 'default', webhook };
    }),
  };
}

function chainOf({ authorizers = [] }: AuthorizationConfiguration, options: ApiserverOptions): Chain {
  const clients: ReviewClient[] = [];
  const links = authorizers.map(({ type = '', webhook }): AuthorizationLink => {
    if (type === 'ABAC') {
      const file = options.authorizationPolicyFile;
      if (file === undefined) throw new Error("authorization-mode ABAC's authorization policy file not passed");
      return abacAuthorizer(readFileSync(file, 'utf8'), file);
    }
    if (type !== 'Webhook' || webhook === undefined) {
      const [mode] = parseAuthorizationModes(type);
      if (mode === undefined || mode === 'Webhook' || mode === 'ABAC')
        throw new Error(`${type} needs its configuration`);
      return mode;
    }
    return webhookLink(webhook, clients);
  });
  return { links, clients };
}

function webhookLink(webhook: WebhookConfiguration, clients: ReviewClient[]): AuthorizationLink {
  const { connectionInfo = {}, matchConditions = [], timeout, failurePolicy } = webhook;
  if (connectionInfo.kubeConfigFile === undefined)
    throw new Error('connectionInfo.type InClusterConfig is not there: name a kubeConfigFile');
  const client = new ReviewClient(connectionInfo.kubeConfigFile, { timeoutMs: milliseconds(timeout, 30_000) });
  clients.push(client);
  const caches = webhook.cacheAuthorizedRequests !== false;
  const cachesRefusals = webhook.cacheUnauthorizedRequests !== false;
  return new WebhookAuthorizer({
    client,
    version: webhook.subjectAccessReviewVersion === 'v1' ? 'v1' : 'v1beta1',
    allowedTtlMs: caches ? milliseconds(webhook.authorizedTTL, 300_000) : 0,
    refusedTtlMs: cachesRefusals ? milliseconds(webhook.unauthorizedTTL, 30_000) : 0,
    onFailure: failurePolicy === 'Deny' ? 'deny' : 'noOpinion',
    conditions: matchConditions.map(({ expression = '' }) => {
      const program = compileMatchCondition(expression);
      if (typeof program === 'string') throw new Error(program);
      return program;
    }),
  });
}

function milliseconds(text: string | undefined, otherwise: number): number {
  return text === undefined || text === '' ? otherwise : (parseDuration(text) ?? otherwise);
}
