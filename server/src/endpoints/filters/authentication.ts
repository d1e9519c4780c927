import { StatusError, unauthorized } from '@typernetes/openapi/meta';
import type { Authenticator, UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes } from '../../authorization/authorizer.ts';
import type { Filter, Logger } from '../request-context.ts';
import { authorizerAttributes, forbidSniffing } from './authorization.ts';

const frontProxyHeader = /^x-remote-(user|uid|group|extra-.*)$/;

/**
 * Finds out who asks. Credentials are taken off the request afterwards, so that nothing behind this filter (proxies
 * above all) can pass them on. `frontProxyHeaders` are the configured ones, lower case; a trailing `*` is a prefix.
 */
export function withAuthentication(
  authenticator: Authenticator,
  audiences: readonly string[],
  frontProxyHeaders: readonly string[],
  logger: Logger,
): Filter {
  return (next) => async (context) => {
    const { request } = context;
    let answer: Awaited<ReturnType<Authenticator['authenticateRequest']>>;
    try {
      answer = await authenticator.authenticateRequest(request);
    } catch (error) {
      logger.warn({ error: (error as Error).message, auditId: context.auditId }, 'unable to authenticate the request');
      if (error instanceof StatusError && (error.status.code ?? 500) >= 500) throw error;
      throw unauthorized('Unauthorized');
    }
    if (answer === undefined) throw unauthorized('Unauthorized');
    const { audiences: accepted } = answer;
    if (audiences.length > 0 && accepted !== undefined && accepted.length > 0) {
      if (!accepted.some((audience) => audiences.includes(audience))) throw unauthorized('Unauthorized');
    }
    context.user = answer.user;
    delete request.headers.authorization;
    for (const name of Object.keys(request.headers)) {
      if (!name.startsWith('x-') && frontProxyHeaders.length === 0) continue;
      if (frontProxyHeader.test(name) || frontProxyHeaders.some((configured) => matches(configured, name))) {
        delete request.headers[name];
      }
    }
    return next(context);
  };
}

function matches(configured: string, name: string): boolean {
  return configured.endsWith('*') ? name.startsWith(configured.slice(0, -1)) : name === configured;
}

export type Impersonate = (
  headers: NodeJS.Dict<string | string[]>,
  request: AuthorizerAttributes,
  authorizer: Authorizer,
) => Promise<{ user: UserInfo; constraint: string } | undefined>;

function asksForAnother(headers: NodeJS.Dict<string | string[]>): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** Replaces the user by the one that Impersonate-* headers name, if the real one may do that. */
export function withImpersonation(impersonate: Impersonate, authorizer: Authorizer): Filter {
  return (next) => async (context) => {
    const { headers } = context.request;
    if (!asksForAnother(headers)) return next(context);
    const attributes = authorizerAttributes(context.info, context.user);
    const impersonated = await impersonate(context.request.headersDistinct, attributes, authorizer).catch((error) => {
      forbidSniffing(context);
      throw error;
    });
    if (impersonated !== undefined) {
      context.impersonation = { by: context.user, ...impersonated };
      context.user = impersonated.user;
      for (const name of Object.keys(headers)) if (name.startsWith('impersonate-')) delete headers[name];
    }
    return next(context);
  };
}
