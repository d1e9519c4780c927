import { internalError } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes } from '../../authorization/authorizer.ts';
import { forbiddenError } from '../../authorization/forbidden.ts';
import type { Filter } from '../request-context.ts';
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
  const { decision, reason, evaluationError } = await authorizer.authorize(attributes);
  if (decision === 'allow') return;
  if (evaluationError !== undefined && evaluationError !== '' && reason === '') throw internalError(evaluationError);
  throw forbiddenError(attributes, reason);
}

export function withAuthorization(authorizer: Authorizer): Filter {
  return (next) => async (context) => {
    await authorize(authorizer, authorizerAttributes(context.info, context.user));
    return next(context);
  };
}
