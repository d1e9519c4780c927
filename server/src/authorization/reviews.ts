/** The SubjectAccessReview family: what a create of one of these kinds answers. Nothing is stored. */
import { badRequest, type FieldError, invalid, invalidValue, path, required } from '@typernetes/openapi/meta';
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  LocalSubjectAccessReview,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '@typernetes/openapi/types/authorization/v1';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes, RuleResolver } from './authorizer.ts';

const group = 'authorization.k8s.io';
type AccessSpec = Pick<SubjectAccessReview['spec'], 'resourceAttributes' | 'nonResourceAttributes'>;

export async function reviewSubjectAccess(
  authorizer: Authorizer,
  review: SubjectAccessReview,
): Promise<SubjectAccessReview> {
  const errors = [...validateSpec(review.spec), ...validateUser(review.spec), ...validateMetadata(review, false)];
  if (errors.length > 0) throw invalid({ group, kind: 'SubjectAccessReview' }, '', errors);
  return { ...review, status: await decide(authorizer, userOf(review.spec), review.spec) };
}

/** `namespace` is the request's. */
export async function reviewLocalSubjectAccess(
  authorizer: Authorizer,
  review: LocalSubjectAccessReview,
  namespace: string,
): Promise<LocalSubjectAccessReview> {
  const errors = [...validateSpec(review.spec), ...validateUser(review.spec), ...validateMetadata(review, true)];
  const { resourceAttributes, nonResourceAttributes } = review.spec;
  if (resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace) {
    const at = path('spec').child('resourceAttributes', 'namespace');
    errors.push(invalidValue(at, resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (nonResourceAttributes) {
    errors.push(
      invalidValue(
        path('spec').child('nonResourceAttributes'),
        nonResourceAttributes,
        'disallowed on this kind of request',
      ),
    );
  }
  if (errors.length > 0) throw invalid({ group, kind: 'LocalSubjectAccessReview' }, '', errors);
  return { ...review, status: await decide(authorizer, userOf(review.spec), review.spec) };
}

export async function reviewSelfSubjectAccess(
  authorizer: Authorizer,
  review: SelfSubjectAccessReview,
  user: UserInfo,
): Promise<SelfSubjectAccessReview> {
  const errors = [...validateSpec(review.spec), ...validateMetadata(review, false)];
  if (errors.length > 0) throw invalid({ group, kind: 'SelfSubjectAccessReview' }, '', errors);
  return { ...review, status: await decide(authorizer, user, review.spec) };
}

export async function reviewSelfSubjectRules(
  resolver: RuleResolver,
  review: SelfSubjectRulesReview,
  user: UserInfo,
): Promise<SelfSubjectRulesReview> {
  const namespace = review.spec.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const { evaluationError, ...rules } = await resolver.rulesFor(user, namespace);
  return { ...review, status: { ...rules, ...(evaluationError === undefined ? {} : { evaluationError }) } };
}

async function decide(
  authorizer: Authorizer,
  user: UserInfo,
  spec: AccessSpec,
): Promise<NonNullable<SubjectAccessReview['status']>> {
  const { decision, reason, evaluationError } = await authorizer.authorize(attributesOf(user, spec));
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError === undefined ? {} : { evaluationError }),
  };
}

export function attributesOf(user: UserInfo, spec: AccessSpec): AuthorizerAttributes {
  const resource = spec.resourceAttributes;
  if (!resource) {
    const { path: url = '', verb = '' } = spec.nonResourceAttributes ?? {};
    return {
      user,
      verb,
      path: url,
      resourceRequest: false,
      namespace: '',
      apiGroup: '',
      apiVersion: '',
      resource: '',
      subresource: '',
      name: '',
    };
  }
  const fieldSelector = fieldSelectorOf(resource.fieldSelector);
  const labelSelector = labelSelectorOf(resource.labelSelector);
  return {
    user,
    verb: resource.verb ?? '',
    resourceRequest: true,
    path: '',
    namespace: resource.namespace ?? '',
    apiGroup: resource.group ?? '',
    apiVersion: resource.version ?? '',
    resource: resource.resource ?? '',
    subresource: resource.subresource ?? '',
    name: resource.name ?? '',
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

/** Requirements that no selector text can express are left out: that widens the question, never the answer. */
function fieldSelectorOf(selector: FieldSelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  const terms = (selector.requirements ?? []).flatMap(({ key, operator, values }) => {
    const [value] = values ?? [];
    if (value === undefined || values?.length !== 1 || /[\\,=]/.test(value)) return [];
    if (operator === 'In') return [`${key}=${value}`];
    return operator === 'NotIn' ? [`${key}!=${value}`] : [];
  });
  return terms.length === 0 ? undefined : terms.join(',');
}

function labelSelectorOf(selector: LabelSelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  const terms = (selector.requirements ?? []).flatMap(({ key, operator, values }) => {
    switch (operator) {
      case 'In':
        return [`${key} in (${(values ?? []).join(',')})`];
      case 'NotIn':
        return [`${key} notin (${(values ?? []).join(',')})`];
      case 'Exists':
        return [key];
      case 'DoesNotExist':
        return [`!${key}`];
      default:
        return [];
    }
  });
  return terms.length === 0 ? undefined : terms.join(',');
}

function userOf(spec: SubjectAccessReview['spec']): UserInfo {
  return {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid ? { uid: spec.uid } : {}),
    ...(spec.extra ? { extra: spec.extra } : {}),
  };
}

function validateSpec(spec: AccessSpec): FieldError[] {
  const at = path('spec');
  const errors: FieldError[] = [];
  if (spec.resourceAttributes && spec.nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    errors.push(invalidValue(at.child('nonResourceAttributes'), spec.nonResourceAttributes, detail));
  }
  if (!spec.resourceAttributes && !spec.nonResourceAttributes) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(invalidValue(at.child('resourceAttributes'), null, detail));
  }
  return [...errors, ...validateSelectors(spec.resourceAttributes)];
}

function validateSelectors(resource: ResourceAttributes | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resource?.[name];
    if (!selector) continue;
    const at = path('spec').child('resourceAttributes', name);
    const requirements = selector.requirements ?? [];
    if (selector.rawSelector && requirements.length > 0) {
      errors.push(
        invalidValue(
          at.child('rawSelector'),
          selector.rawSelector,
          'may not specified at the same time as requirements',
        ),
      );
    }
    if (!selector.rawSelector && requirements.length === 0) {
      const detail = `when spec.resourceAttributes.${name} is specified, requirements or rawSelector is required`;
      errors.push(required(at.child('requirements'), detail));
    }
  }
  return errors;
}

function validateUser(spec: SubjectAccessReview['spec']): FieldError[] {
  if (spec.user || (spec.groups ?? []).length > 0) return [];
  return [invalidValue(path('spec').child('user'), spec.user ?? '', 'at least one of user or group must be specified')];
}

/** Reviews have no identity: clients must not give them one. */
function validateMetadata(review: { metadata?: object }, namespaced: boolean): FieldError[] {
  const {
    managedFields: _fields,
    creationTimestamp: _time,
    namespace,
    ...rest
  } = (review.metadata ?? {}) as Record<string, unknown>;
  const extra = Object.values(rest).some((value) => value !== undefined && value !== null && value !== '');
  if (!extra && (namespaced || !namespace)) return [];
  return [
    invalidValue(
      path('metadata'),
      review.metadata,
      namespaced ? 'must be empty except for namespace' : 'must be empty',
    ),
  ];
}
