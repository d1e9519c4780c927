import { invalid } from '@typernetes/openapi/meta';
import type { NonResourceAttributes, ResourceAttributes } from '@typernetes/openapi/types/authorization/v1';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes } from '../../authorization/authorizer.ts';
import { type FieldError, invalidValue, path } from '../validation/index.ts';
import { fieldSelectorOf, labelSelectorOf, selectorProblems } from './selectors.ts';

export interface AccessSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: NonResourceAttributes;
}

export interface AccessStatus {
  allowed: boolean;
  denied?: boolean;
  reason?: string;
  evaluationError?: string;
}

const spec = path('spec');

/** Exactly one of the two questions is asked. */
export function validateAccess(given: AccessSpec): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = given;
  if (resourceAttributes && nonResourceAttributes) {
    const message = 'cannot be specified in combination with resourceAttributes';
    return [invalidValue(spec.child('nonResourceAttributes'), nonResourceAttributes, message)];
  }
  if (resourceAttributes || nonResourceAttributes) return [];
  const message = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidValue(spec.child('resourceAttributes'), null, message)];
}

/** Reviews are questions: they have no name, labels or anything else of an object. */
export function validateNoMetadata(
  metadata: object | undefined,
  allowed: readonly string[],
  message: string,
): FieldError[] {
  const ignored = new Set(['managedFields', 'creationTimestamp', ...allowed]);
  const given = Object.entries(metadata ?? {}).filter(
    ([field, value]) => !ignored.has(field) && value !== undefined && value !== '',
  );
  return given.length === 0 ? [] : [invalidValue(path('metadata'), metadata, message)];
}

/** Upstream names no kind where it refuses a review. */
export function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors);
}

export async function review(authorizer: Authorizer, user: UserInfo, given: AccessSpec): Promise<AccessStatus> {
  const { decision, reason, evaluationError: ownError } = await authorizer.authorize(attributesOf(user, given));
  const evaluationError = [...(ownError ? [ownError] : []), ...selectorProblems(given.resourceAttributes)].join('; ');
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError ? { evaluationError } : {}),
  };
}

function attributesOf(user: UserInfo, { resourceAttributes, nonResourceAttributes }: AccessSpec): AuthorizerAttributes {
  const {
    namespace = '',
    verb = '',
    group = '',
    version = '',
    resource = '',
    subresource = '',
    name = '',
  } = resourceAttributes ?? {};
  if (!resourceAttributes) {
    const { path: nonResourcePath = '', verb: nonResourceVerb = '' } = nonResourceAttributes ?? {};
    return {
      user,
      verb: nonResourceVerb,
      resourceRequest: false,
      path: nonResourcePath,
      namespace: '',
      apiGroup: '',
      apiVersion: '',
      resource: '',
      subresource: '',
      name: '',
    };
  }
  const fieldSelector = fieldSelectorOf(resourceAttributes.fieldSelector);
  const labelSelector = labelSelectorOf(resourceAttributes.labelSelector);
  return {
    user,
    verb,
    resourceRequest: true,
    path: '',
    namespace,
    apiGroup: group,
    // A question without a version is about every version.
    apiVersion: version === '' ? '*' : version,
    resource,
    subresource,
    name,
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

/** The user a review asks about. */
export function userOf(given: {
  user?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}): UserInfo {
  const { user = '', uid, groups = [], extra } = given;
  return { name: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}
