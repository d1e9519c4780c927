/** Which kinds a policy is about, and what its expressions get wrong about them. */
import type { RestClient } from '@typernetes/openapi/client';
import { type GroupVersionKind, parseApiVersion } from '@typernetes/openapi/meta';
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from '@typernetes/openapi/types/admissionregistration/v1';
import { DYN, type Type, typeIssues, typeOfKind } from '../../cel/index.ts';
import { type DiscoveredResource, discover } from '../discovery/discovery.ts';
import { kindSchema } from './kind-schemas.ts';

const maxKinds = 10;

export async function checkPolicy(
  { spec }: Readonly<ValidatingAdmissionPolicy>,
  client: RestClient,
  signal: AbortSignal,
): Promise<ExpressionWarning[]> {
  const { matchConstraints, paramKind, variables = [], validations = [] } = spec ?? {};
  const rules = matchConstraints?.resourceRules ?? [];
  const { resources } = await discover(client, signal);
  const typed: { kind: GroupVersionKind; type: Type }[] = [];
  for (const kind of kindsOf(rules, resources)) {
    const type = await typeOf(kind, client, signal);
    if (type !== undefined) typed.push({ kind, type });
  }
  const params =
    paramKind &&
    ((await typeOf({ ...parseApiVersion(paramKind.apiVersion ?? ''), kind: paramKind.kind ?? '' }, client, signal)) ??
      DYN);
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string): void => {
    const messages = typed.flatMap(({ kind, type }) => {
      const issues = typeIssues(expression, variables, { object: type, params });
      return issues === undefined ? [] : [`${kind.group}/${kind.version}, Kind=${kind.kind}: ${issues}\n`];
    });
    if (messages.length > 0) warnings.push({ fieldRef, warning: messages.join('\n') });
  };
  for (const [index, { expression, messageExpression }] of validations.entries()) {
    check(`spec.validations[${index}].expression`, expression);
    if (messageExpression) check(`spec.validations[${index}].messageExpression`, messageExpression);
  }
  return warnings;
}

async function typeOf(kind: GroupVersionKind, client: RestClient, signal: AbortSignal): Promise<Type | undefined> {
  const schema = await kindSchema(kind, client, signal);
  return schema && typeOfKind(schema, kind.kind);
}

/** Sorted. Rules with wildcards name no kinds; of each other rule ten count at most. */
export function kindsOf(
  rules: readonly NamedRuleWithOperations[],
  resources: readonly Pick<DiscoveredResource, 'group' | 'version' | 'resource' | 'kind'>[],
): GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const { apiGroups = [], apiVersions = [], resources: names = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((each) => each.includes('*'))) continue;
    const plain = names.filter((name) => !/[*/]/.test(name)).toSorted();
    const kinds = apiGroups.toSorted().flatMap((wanted) =>
      apiVersions.toSorted().flatMap((version) =>
        plain.flatMap((name) =>
          // An empty group is any group to those who look kinds up, as upstream.
          resources.filter(
            (each) => (wanted === '' || each.group === wanted) && each.version === version && each.resource === name,
          ),
        ),
      ),
    );
    for (const { group, version, kind } of kinds.slice(0, maxKinds))
      found.set(`${group}\n${version}\n${kind}`, { group, version, kind });
    if (kinds.length >= maxKinds) break;
  }
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, kind]) => kind);
}
