import type { RegistryDependencies } from '../../dependencies.ts';
import { bindingRegistration } from '../bindings.ts';
import { validateMutatingOperations } from '../rules.ts';

export const mutatingadmissionpolicybindings = (dependencies: RegistryDependencies) =>
  bindingRegistration(
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
