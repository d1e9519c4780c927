/** The expressions of policy objects, as they are compiled. */
import { type CompiledPolicy, compilePolicy, type NamedExpression, type Validation } from './policy.ts';

/** What ValidatingAdmissionPolicySpec and MutatingAdmissionPolicySpec say between them. */
export interface PolicyExpressions {
  paramKind?: object;
  matchConditions?: readonly NamedExpression[];
  variables?: readonly NamedExpression[];
  validations?: readonly Validation[];
  auditAnnotations?: readonly { key: string; valueExpression?: string }[];
  mutations?: readonly {
    patchType: string;
    applyConfiguration?: { expression?: string };
    jsonPatch?: { expression?: string };
  }[];
}

export function compilePolicySpec(spec: PolicyExpressions): CompiledPolicy {
  const { paramKind, matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = spec;
  return compilePolicy(
    {
      matchConditions: matchConditions.map(({ name, expression }) => ({ name, expression: expression.trim() })),
      variables,
      validations,
      auditAnnotations: auditAnnotations.map(({ key, valueExpression = '' }) => ({
        key,
        valueExpression: valueExpression.trim(),
      })),
      mutations: (spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) =>
        patchType === 'JSONPatch'
          ? { patchType, expression: (jsonPatch?.expression ?? '').trim() }
          : { patchType: 'ApplyConfiguration', expression: (applyConfiguration?.expression ?? '').trim() },
      ),
    },
    { hasParams: paramKind !== undefined },
  );
}
