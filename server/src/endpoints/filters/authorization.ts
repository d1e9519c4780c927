import { internalError } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes, AuthorizerResult } from '../../authorization/authorizer.ts';
import { forbiddenError } from '../../authorization/forbidden.ts';
import { annotateAudit, type Filter, type RequestContext } from '../request-context.ts';
import type { RequestInfo } from '../request-info.ts';

export function authorizerAttributes(info: RequestInfo, user: UserInfo): AuthorizerAttributes {
  const attributes: AuthorizerAttributes = {
    user,
    verb: info.verb,
    resourceRequest: info.isResourceRequest,
    path: info.path,
    namespace: info.namespace,
    apiGroup: info.apiGroup,
    apiVersion: info.apiVersion,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
  };
  if (info.fieldSelector !== '') attributes.fieldSelector = info.fieldSelector;
  if (info.labelSelector !== '') attributes.labelSelector = info.labelSelector;
  return attributes;
}

/** Throws forbidden unless `attributes` are allowed. */
export async function authorize(authorizer: Authorizer, attributes: AuthorizerAttributes): Promise<void> {
  confirm(await authorizer.authorize(attributes), attributes);
}

function confirm({ decision, reason, evaluationError }: AuthorizerResult, attributes: AuthorizerAttributes): void {
  if (decision === 'allow') return;
  if (evaluationError !== undefined && evaluationError !== '' && reason === '') throw internalError(evaluationError);
  throw forbiddenError(attributes, reason);
}

/** What these filters refuse names users and paths that a client chose: no browser is to take it for a page. */
export function forbidSniffing({ response }: RequestContext): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

export function withAuthorization(authorizer: Authorizer): Filter {
  return (next) => async (context) => {
    const attributes = authorizerAttributes(context.info, context.user);
    const answer = await authorizer.authorize(attributes);
    const { decision, reason, evaluationError = '' } = answer;
    if (decision !== 'allow' && reason === '' && evaluationError !== '') {
      annotateAudit(context, 'authorization.k8s.io/reason', 'internal error');
    } else {
      annotateAudit(context, 'authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid');
      annotateAudit(context, 'authorization.k8s.io/reason', reason);
    }
    if (decision !== 'allow') forbidSniffing(context);
    confirm(answer, attributes);
    return next(context);
  };
}
