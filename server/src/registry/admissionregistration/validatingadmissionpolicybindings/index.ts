import type { ValidatingAdmissionPolicyBinding } from '@typernetes/openapi/types/admissionregistration/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { path, required } from '../../validation/index.ts';
import { defaultMatchResources, paramRefText } from '../policies.ts';

export const validatingadmissionpolicybindings: ResourceRegistration<ValidatingAdmissionPolicyBinding> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings' },
  strategy: {
    allowUnconditionalUpdate: false,
    default: (binding) => defaultMatchResources(binding.spec?.matchResources),
    validate: (binding) => (binding.spec?.policyName ? [] : [required(path('spec', 'policyName'), '')]),
    validateUpdate: (binding) => (binding.spec?.policyName ? [] : [required(path('spec', 'policyName'), '')]),
  },
  table: {
    columns: [nameColumn, text('PolicyName'), text('ParamRef'), ageColumn],
    cells: (binding, now) => [
      binding.metadata?.name ?? '',
      binding.spec?.policyName ?? '',
      paramRefText(binding.spec?.paramRef),
      age(binding, now),
    ],
  },
};
