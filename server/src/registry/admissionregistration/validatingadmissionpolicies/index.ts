import type { ValidatingAdmissionPolicy } from '@typernetes/openapi/types/admissionregistration/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn, text } from '../../printing/index.ts';
import { oneOf, path } from '../../validation/index.ts';
import { defaultMatchResources, paramKindText } from '../policies.ts';

export const validatingadmissionpolicies: ResourceRegistration<ValidatingAdmissionPolicy> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  strategy: {
    allowUnconditionalUpdate: false,
    default(policy) {
      if (!policy.spec) return;
      policy.spec.failurePolicy ??= 'Fail';
      defaultMatchResources(policy.spec.matchConstraints);
    },
    prepareForCreate(policy) {
      policy.status = {};
    },
    prepareForUpdate(policy, old) {
      policy.status = structuredClone(old.status ?? {});
    },
    validate: (policy) => oneOf(path('spec', 'failurePolicy'), policy.spec?.failurePolicy, ['Fail', 'Ignore']),
    validateUpdate: (policy) => oneOf(path('spec', 'failurePolicy'), policy.spec?.failurePolicy, ['Fail', 'Ignore']),
  },
  table: {
    columns: [nameColumn, integer('Validations'), text('ParamKind'), ageColumn],
    cells: (policy, now) => [
      policy.metadata?.name ?? '',
      (policy.spec?.validations ?? []).length,
      paramKindText(policy.spec?.paramKind),
      age(policy, now),
    ],
  },
};
