import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { type BindingSpec, bindingRegistration, type PolicyBinding } from '../bindings.ts';
import { defaultMatchResources } from '../match-resources.ts';
import { validateMutatingOperations } from '../rules.ts';

export function mutatingadmissionpolicybindings(
  dependencies: RegistryDependencies,
): ResourceRegistration<PolicyBinding<BindingSpec>> {
  const registration = bindingRegistration(
    {
      kind: 'MutatingAdmissionPolicyBinding',
      resource: 'mutatingadmissionpolicybindings',
      policies: 'mutatingadmissionpolicies',
      validateSpec: ({ matchResources }, at) =>
        validateMutatingOperations(
          matchResources?.resourceRules,
          at.child('matchResources').child('resourceRules').child('operations'),
        ),
    },
    dependencies,
  );
  return { ...registration, strategyIn: { 'admissionregistration.k8s.io/v1alpha1': { default: defaultV1alpha1 } } };
}

/** The first version did not ask what becomes of requests without parameters. */
function defaultV1alpha1({ spec }: PolicyBinding<BindingSpec>): void {
  defaultMatchResources(spec?.matchResources);
  if (spec?.paramRef) spec.paramRef.parameterNotFoundAction ??= 'Deny';
}
