/** ValidatingAdmissionPolicyBinding and MutatingAdmissionPolicyBinding. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { MatchResources, ParamRef } from '@typernetes/openapi/types/admissionregistration/v1';
import type { LabelSelector } from '@typernetes/openapi/types/meta/v1';
import type { RegistryDependencies } from '../dependencies.ts';
import type { RestContext } from '../generic/rest.ts';
import type { ResourceRegistration } from '../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../printing/index.ts';
import type { FieldError, Path } from '../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  forbiddenField,
  oneOf,
  path,
  pathSegmentName,
  required,
  validateLabelSelector,
} from '../validation/index.ts';
import { defaultMatchResources, validateMatchResources } from './match-resources.ts';
import { authorizeRead, mayReadParams } from './param-access.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

export interface BindingSpec {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
}

export type PolicyBinding<S extends BindingSpec> = KubernetesObject & { spec?: S };

export interface BindingKind<S extends BindingSpec> {
  kind: string;
  resource: string;
  /** The resource of the policies that it binds. */
  policies: string;
  validateSpec(spec: S, at: Path): FieldError[];
}

export function bindingRegistration<S extends BindingSpec>(
  definition: BindingKind<S>,
  dependencies: RegistryDependencies,
): ResourceRegistration<PolicyBinding<S>> {
  const validate = ({ spec }: PolicyBinding<S>): FieldError[] => {
    const given = spec ?? ({} as S);
    return [...validateBinding(given), ...definition.validateSpec(given, path('spec'))];
  };
  const authorize = (binding: PolicyBinding<S>, old: Readonly<PolicyBinding<S>> | undefined, context: RestContext) => {
    const { paramRef, policyName = '' } = binding.spec ?? {};
    const before = old?.spec;
    if (paramRef === undefined || (before?.policyName === policyName && deepEqual(before.paramRef, paramRef)))
      return Promise.resolve(undefined);
    const ask = () => mayReadParams(paramRef, policyName, definition.policies, context, dependencies);
    return authorizeRead(definition.kind, binding, () => validate(binding), 'paramRef', ask);
  };
  return {
    resource: { group: 'admissionregistration.k8s.io', resource: definition.resource },
    strategy: {
      allowUnconditionalUpdate: false,
      default: (binding) => defaultMatchResources(binding.spec?.matchResources),
      validate,
      validateUpdate: validate,
      warningsOnCreate: staticSuffixWarnings,
      warningsOnUpdate: staticSuffixWarnings,
    },
    beginCreate: (binding, context) => authorize(binding, undefined, context),
    beginUpdate: authorize,
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
}

function validateBinding({ policyName = '', paramRef, matchResources }: BindingSpec): FieldError[] {
  const at = path('spec');
  const errors =
    policyName === ''
      ? [required(at.child('policyName'))]
      : checked(at.child('policyName'), policyName, dns1123Subdomain(policyName));
  return [
    ...errors,
    ...(paramRef === undefined ? [] : validateParamRef(paramRef, at.child('paramRef'))),
    ...validateMatchResources(matchResources, at.child('matchResources')),
  ];
}

const exclusive = 'name and selector are mutually exclusive';

function validateParamRef({ name = '', selector, parameterNotFoundAction }: ParamRef, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (name !== '') {
    errors.push(...checked(at.child('name'), name, pathSegmentName(name)));
    if (selector !== undefined) errors.push(forbiddenField(at.child('name'), exclusive));
  }
  if (selector !== undefined) {
    errors.push(...validateLabelSelector(selector, at.child('selector')));
    if (name !== '') errors.push(forbiddenField(at.child('selector'), exclusive));
  }
  if (name === '' && selector === undefined) errors.push(required(at, 'one of name or selector must be specified'));
  return [...errors, ...oneOf(at.child('parameterNotFoundAction'), parameterNotFoundAction, ['Deny', 'Allow'])];
}

function paramRefText(reference: ParamRef | undefined): string {
  if (reference?.name) return `${reference.namespace || '*'}/${reference.name}`;
  return reference?.selector ? goSelector(reference.selector) : '<unset>';
}

/** As Go writes the whole of it: upstream's column shows that. */
function goSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
