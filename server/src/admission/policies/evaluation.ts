/** What the expressions of a policy read. */
import type { JsonValue, KubernetesObject } from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { PolicyInput } from '../../cel/index.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Matched } from '../matching/resources.ts';
import { admissionRequest } from '../request.ts';
import type { VersionedObjects } from '../versioned.ts';

export interface EvaluationContext {
  attributes: AdmissionAttributes;
  authorizer: Authorizer;
  namespace: Namespace | undefined;
}

export function policyInput(
  { attributes, authorizer, namespace }: EvaluationContext,
  { resource, kind }: Matched,
  { object, oldObject }: VersionedObjects,
  params: KubernetesObject | undefined,
): PolicyInput {
  return {
    object: object as JsonValue | undefined,
    oldObject: oldObject as JsonValue | undefined,
    params: params as JsonValue | undefined,
    request: admissionRequest(attributes, resource, kind),
    namespaceObject: namespace as JsonValue | undefined,
    authorizer: { authorizer, user: attributes.user },
  };
}

/** Of the same question, asked in one request, there is one answer. */
export function cachingAuthorizer(authorizer: Authorizer): Authorizer {
  const answers = new Map<string, ReturnType<Authorizer['authorize']>>();
  return {
    authorize(attributes) {
      const key = JSON.stringify(attributes);
      let answer = answers.get(key);
      if (answer === undefined) answers.set(key, (answer = authorizer.authorize(attributes)));
      return answer;
    },
  };
}

const exempt = new Set([
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'authentication.k8s.io/selfsubjectreviews',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
]);

/** Policies about these could lock everybody out. */
export function isExempt({ resource }: AdmissionAttributes): boolean {
  return exempt.has(`${resource.group}/${resource.resource}`);
}
