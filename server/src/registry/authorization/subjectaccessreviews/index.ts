import type {
  LocalSubjectAccessReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '@typernetes/openapi/types/authorization/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import type { FieldError } from '../../validation/index.ts';
import { invalidValue, path } from '../../validation/index.ts';
import { refuse, review, userOf, validateAccess, validateNoMetadata } from '../attributes.ts';
import { validateSelectors } from '../selectors.ts';

const spec = path('spec');

function validateSpec(given: SubjectAccessReviewSpec): FieldError[] {
  const errors = validateAccess(given);
  if (!given.user && (given.groups ?? []).length === 0) {
    errors.push(invalidValue(spec.child('user'), given.user ?? '', 'at least one of user or group must be specified'));
  }
  return [...errors, ...validateSelectors(given.resourceAttributes)];
}

/** May this user do that? */
export function subjectaccessreviews({
  authorization,
}: RegistryDependencies): ResourceRegistration<SubjectAccessReview> {
  return {
    resource: { group: 'authorization.k8s.io', resource: 'subjectaccessreviews' },
    async virtualCreate(object) {
      const given = object.spec ?? {};
      refuse([...validateSpec(given), ...validateNoMetadata(object.metadata, [], 'must be empty')]);
      object.status = await review(authorization.authorizer, userOf(given), given);
      return object;
    },
  };
}

/** The same inside one namespace, for those who may ask about that one only. */
export function localsubjectaccessreviews({
  authorization,
}: RegistryDependencies): ResourceRegistration<LocalSubjectAccessReview> {
  return {
    resource: { group: 'authorization.k8s.io', resource: 'localsubjectaccessreviews' },
    async virtualCreate(object, context) {
      const given = object.spec ?? {};
      const errors = [
        ...validateSpec(given),
        ...validateNoMetadata(object.metadata, ['namespace'], 'must be empty except for namespace'),
      ];
      const namespace = given.resourceAttributes?.namespace ?? '';
      if (given.resourceAttributes && namespace !== context.namespace) {
        errors.push(
          invalidValue(path('spec.resourceAttributes.namespace'), namespace, 'must match metadata.namespace'),
        );
      }
      if (given.nonResourceAttributes) {
        const message = 'disallowed on this kind of request';
        errors.push(invalidValue(path('spec.nonResourceAttributes'), given.nonResourceAttributes, message));
      }
      refuse(errors);
      object.status = await review(authorization.authorizer, userOf(given), given);
      return object;
    },
  };
}
