/** ValidatingAdmissionPolicy and MutatingAdmissionPolicy: what they share is more than what sets them apart. */
import { dns1035Label, type FieldError, type KubernetesObject } from '@typernetes/openapi/meta';
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  Variable,
} from '@typernetes/openapi/types/admissionregistration/v1';
import { compilePolicySpec, type PolicyExpressions } from '../../cel/index.ts';
import type { RegistryDependencies } from '../dependencies.ts';
import type { ResourceRegistration, Strategy } from '../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn, text } from '../printing/index.ts';
import type { Path } from '../validation/index.ts';
import { dns1123Subdomain, invalidValue, optionalOneOf, path, required, semanticEqual } from '../validation/index.ts';
import { validateMatchConditions } from './match-conditions.ts';
import { defaultMatchResources, validateMatchResources } from './match-resources.ts';
import { authorizeRead, mayReadKind } from './param-access.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

export interface PolicySpec {
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

export type Policy<S extends PolicySpec = PolicySpec> = KubernetesObject & { spec?: S };

/** What one kind of policy adds. */
export interface PolicyKind<S extends PolicySpec> {
  kind: string;
  resource: string;
  /** The column that counts what the policy does. */
  counted: { title: string; count(spec: S): number };
  expressions(spec: S): PolicyExpressions;
  /** Of `matchConstraints`, beyond what both kinds ask. */
  validateConstraints?(constraints: MatchResources, at: Path): FieldError[];
  /** The rest of the spec; `compileErrors` by field. */
  validateSpec(spec: S, name: string, compileErrors: ReadonlyMap<string, string>, at: Path): FieldError[];
  strategy?: Partial<Strategy<Policy<S>>>;
}

export function policyRegistration<S extends PolicySpec>(
  definition: PolicyKind<S>,
  dependencies: RegistryDependencies,
): ResourceRegistration<Policy<S>> {
  const validate = (policy: Policy<S>, old?: Readonly<Policy<S>>): FieldError[] =>
    validatePolicy(definition, policy, old);
  const authorize = (
    policy: Policy<S>,
    old: Readonly<Policy<S>> | undefined,
    context: Parameters<typeof mayReadKind>[1],
  ) => {
    const kind = policy.spec?.paramKind;
    if (kind === undefined || sameKind(kind, old?.spec?.paramKind)) return Promise.resolve(undefined);
    return authorizeRead(
      definition.kind,
      policy,
      () => validate(policy, old),
      'paramKind',
      () => mayReadKind(kind, context, dependencies),
    );
  };
  return {
    resource: { group: 'admissionregistration.k8s.io', resource: definition.resource },
    strategy: {
      allowUnconditionalUpdate: false,
      default({ spec }) {
        if (!spec) return;
        spec.failurePolicy ??= 'Fail';
        defaultMatchResources(spec.matchConstraints);
      },
      validate: (policy) => validate(policy),
      validateUpdate: validate,
      warningsOnCreate: staticSuffixWarnings,
      warningsOnUpdate: staticSuffixWarnings,
      ...definition.strategy,
    },
    beginCreate: (policy, context) => authorize(policy, undefined, context),
    beginUpdate: (policy, old, context) => authorize(policy, old, context),
    table: {
      columns: [nameColumn, integer(definition.counted.title), text('ParamKind'), ageColumn],
      cells: (policy, now) => [
        policy.metadata?.name ?? '',
        policy.spec === undefined ? 0 : definition.counted.count(policy.spec),
        paramKindText(policy.spec?.paramKind),
        age(policy, now),
      ],
    },
  };
}

function validatePolicy<S extends PolicySpec>(
  definition: PolicyKind<S>,
  { metadata, spec }: Policy<S>,
  old: Readonly<Policy<S>> | undefined,
): FieldError[] {
  const at = path('spec');
  const given = spec ?? ({} as S);
  const { failurePolicy, paramKind, matchConstraints, matchConditions } = given;
  const compileErrors = compilePolicySpec(definition.expressions(given)).errors;
  const errors = optionalOneOf(at.child('failurePolicy'), failurePolicy, ['Fail', 'Ignore']);
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, at.child('paramKind')));
  const constraints = at.child('matchConstraints');
  if (matchConstraints === undefined) errors.push(required(constraints));
  else {
    errors.push(...validateMatchResources(matchConstraints, constraints));
    if ((matchConstraints.resourceRules ?? []).length === 0) errors.push(required(constraints.child('resourceRules')));
    errors.push(...(definition.validateConstraints?.(matchConstraints, constraints) ?? []));
  }
  const sameConditions =
    old !== undefined &&
    semanticEqual(paramKind, old.spec?.paramKind) &&
    semanticEqual(matchConditions, old.spec?.matchConditions);
  if (!sameConditions)
    errors.push(...validateMatchConditions(matchConditions, compileErrors, at.child('matchConditions')));
  return [...errors, ...definition.validateSpec(given, metadata?.name ?? '', compileErrors, at)];
}

const sameKind = (kind: ParamKind, old: ParamKind | undefined): boolean =>
  old !== undefined && old.apiVersion === kind.apiVersion && old.kind === kind.kind;

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, at: Path): FieldError[] {
  const errors = validateParamVersion(apiVersion, at.child('apiVersion'));
  if (kind === '') return [...errors, required(at.child('kind'))];
  const messages = dns1035Label(kind.toLowerCase());
  if (messages.length === 0) return errors;
  const detail = `may have mixed case, but should otherwise match: ${messages.join(',')}`;
  return [...errors, invalidValue(at.child('kind'), kind, detail)];
}

function validateParamVersion(apiVersion: string, at: Path): FieldError[] {
  if (apiVersion === '') return [required(at)];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalidValue(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = parts.at(-1) ?? '';
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const groupMessages = group === '' ? [] : dns1123Subdomain(group);
  const errors = groupMessages.length === 0 ? [] : [invalidValue(at, group, groupMessages.join(','))];
  if (version === '') return [...errors, invalidValue(at, apiVersion, 'version must be specified')];
  const messages = dns1035Label(version);
  return messages.length === 0 ? errors : [...errors, invalidValue(at, version, messages.join(','))];
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

export function validateVariables(
  variables: readonly Partial<Variable>[] = [],
  compileErrors: ReadonlyMap<string, string>,
  at: Path,
): FieldError[] {
  return variables.flatMap(({ name = '', expression = '' }, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(required(here.child('name'), 'name is not specified'));
    else if (!identifier.test(name) || reserved.has(name))
      errors.push(invalidValue(here.child('name'), name, 'must be a valid CEL identifier'));
    const failure = compileErrors.get(`variables[${index}].expression`);
    if (expression.trim() === '') errors.push(required(here.child('expression'), 'expression is not specified'));
    else if (failure !== undefined) errors.push(invalidValue(here.child('expression'), expression, failure));
    return errors;
  });
}

function paramKindText(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>';
}
