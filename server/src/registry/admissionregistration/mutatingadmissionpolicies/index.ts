import type { Mutation } from '@typernetes/openapi/types/admissionregistration/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import { invalidValue, notSupported, oneOf, required } from '../../validation/index.ts';
import { type PolicySpec, policyRegistration, validateVariables } from '../policies.ts';
import { validateMutatingOperations } from '../rules.ts';

interface Spec extends PolicySpec {
  mutations?: Mutation[];
  reinvocationPolicy?: string;
}

export const mutatingadmissionpolicies = (dependencies: RegistryDependencies) =>
  policyRegistration<Spec>(
    {
      kind: 'MutatingAdmissionPolicy',
      resource: 'mutatingadmissionpolicies',
      counted: { title: 'Mutations', count: ({ mutations = [] }) => mutations.length },
      expressions: (spec) => spec,
      validateConstraints: ({ resourceRules }, at) =>
        validateMutatingOperations(resourceRules, at.child('resourceRules').child('operations')),
      validateSpec: ({ variables, mutations = [], reinvocationPolicy }, _, compileErrors, at) => [
        ...validateVariables(variables, compileErrors, at.child('variables')),
        ...(mutations.length === 0
          ? [required(at.child('mutations'), 'mutations must contain at least one item')]
          : []),
        ...mutations.flatMap((mutation, index) =>
          validateMutation(
            mutation,
            compileErrors.get(`mutations[${index}].expression`),
            at.child('mutations').index(index),
          ),
        ),
        ...oneOf(at.child('reinvocationPolicy'), reinvocationPolicy, ['IfNeeded', 'Never']),
      ],
    },
    dependencies,
  );

const fields = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

function validateMutation(mutation: Partial<Mutation>, compileError: string | undefined, at: Path): FieldError[] {
  const { patchType = '' } = mutation;
  if (patchType === '') return [required(at.child('patchType'))];
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch')
    return [notSupported(at.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch'])];
  const field = fields[patchType];
  const other = patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch';
  const errors: FieldError[] = [];
  const given = mutation[field];
  const expression = (given?.expression ?? '').trim();
  const here = at.child(field);
  if (given === undefined) errors.push(required(here, `must be specified when patchType is ${patchType}`));
  else if (expression === '') errors.push(required(here.child('expression')));
  else if (compileError !== undefined) errors.push(invalidValue(here.child('expression'), expression, compileError));
  if (mutation[other] !== undefined)
    errors.push(invalidValue(at.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`));
  return errors;
}
