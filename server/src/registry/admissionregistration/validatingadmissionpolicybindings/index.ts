import type { RegistryDependencies } from '../../dependencies.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import { duplicate, invalidValue, notSupported, required } from '../../validation/index.ts';
import { type BindingSpec, bindingRegistration } from '../bindings.ts';

interface Spec extends BindingSpec {
  validationActions?: string[];
}

const supported = ['Audit', 'Deny', 'Warn'];

export const validatingadmissionpolicybindings = (dependencies: RegistryDependencies) =>
  bindingRegistration<Spec>(
    {
      kind: 'ValidatingAdmissionPolicyBinding',
      resource: 'validatingadmissionpolicybindings',
      policies: 'validatingadmissionpolicies',
      validateSpec: ({ validationActions = [] }, at) =>
        validateActions(validationActions, at.child('validationActions')),
    },
    dependencies,
  );

function validateActions(actions: readonly string[], at: Path): FieldError[] {
  if (actions.length === 0) return [required(at, 'at least one validation action is required')];
  const errors = actions.flatMap((action, index) => [
    ...(supported.includes(action) ? [] : [notSupported(at.index(index), action, supported)]),
    ...(actions.indexOf(action) < index ? [duplicate(at.index(index), action)] : []),
  ]);
  if (!actions.includes('Deny') || !actions.includes('Warn')) return errors;
  const message =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  return [...errors, invalidValue(at, actions, message)];
}
