import type { MutatingAdmissionPolicy } from '@typernetes/openapi/types/admissionregistration/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn, text } from '../../printing/index.ts';
import { oneOf, path } from '../../validation/index.ts';
import { defaultMatchResources, paramKindText } from '../policies.ts';

export const mutatingadmissionpolicies: ResourceRegistration<MutatingAdmissionPolicy> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'mutatingadmissionpolicies' },
  strategy: {
    allowUnconditionalUpdate: false,
    default(policy) {
      if (!policy.spec) return;
      policy.spec.failurePolicy ??= 'Fail';
      defaultMatchResources(policy.spec.matchConstraints);
    },
    validate: (policy) => oneOf(path('spec', 'failurePolicy'), policy.spec?.failurePolicy, ['Fail', 'Ignore']),
    validateUpdate: (policy) => oneOf(path('spec', 'failurePolicy'), policy.spec?.failurePolicy, ['Fail', 'Ignore']),
  },
  table: {
    columns: [nameColumn, integer('Mutations'), text('ParamKind'), ageColumn],
    cells: (policy, now) => [
      policy.metadata?.name ?? '',
      (policy.spec?.mutations ?? []).length,
      paramKindText(policy.spec?.paramKind),
      age(policy, now),
    ],
  },
};
