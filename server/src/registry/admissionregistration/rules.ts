/** Rules of webhooks and policies: which requests they are about. */
import type { NamedRuleWithOperations, RuleWithOperations } from '@typernetes/openapi/types/admissionregistration/v1';
import type { FieldError, Path } from '../validation/index.ts';
import {
  checked,
  duplicate,
  invalidValue,
  notSupported,
  optionalOneOf,
  pathSegmentName,
  required,
} from '../validation/index.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
/** What is being deleted cannot be changed. */
const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

export function validateRule(rule: RuleWithOperations, at: Path): FieldError[] {
  const errors = wildcardAlone(rule.operations, at.child('operations'), 'operations');
  for (const [index, operation] of (rule.operations ?? []).entries())
    if (!operations.includes(operation))
      errors.push(notSupported(at.child('operations').index(index), operation, operations));
  errors.push(...wildcardAlone(rule.apiGroups, at.child('apiGroups'), 'API groups'));
  errors.push(...wildcardAlone(rule.apiVersions, at.child('apiVersions'), 'API versions'));
  for (const [index, version] of (rule.apiVersions ?? []).entries())
    if (version === '') errors.push(required(at.child('apiVersions').index(index)));
  errors.push(...validateResources(rule.resources ?? [], at.child('resources')));
  return [...errors, ...optionalOneOf(at.child('scope'), rule.scope, ['*', 'Cluster', 'Namespaced'])];
}

function wildcardAlone(values: readonly string[] = [], at: Path, what: string): FieldError[] {
  if (values.length === 0) return [required(at)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalidValue(at, values, `if '*' is present, must not specify other ${what}`)];
}

function validateResources(resources: readonly string[], at: Path): FieldError[] {
  if (resources.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  const withAnySubresource = new Set<string>();
  const ofAnyResource = new Set<string>();
  let hasPlainResource = false;
  for (const [index, text] of resources.entries()) {
    const here = at.index(index);
    const slash = text.indexOf('/');
    if (text === '') {
      errors.push(required(here));
      continue;
    }
    if (slash < 0) {
      // The last one decides, as upstream.
      hasPlainResource = text !== '*';
      continue;
    }
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    if (withAnySubresource.has(resource))
      errors.push(invalidValue(here, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (ofAnyResource.has(subresource))
      errors.push(invalidValue(here, text, `if '*/${subresource}' is present, must not specify ${text}`));
    if (subresource === '*') withAnySubresource.add(resource);
    if (resource === '*') ofAnyResource.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && hasPlainResource)
    errors.push(
      invalidValue(at, resources, "if '*' is present, must not specify other resources without subresources"),
    );
  return errors;
}

export function validateNamedRule(rule: NamedRuleWithOperations, at: Path): FieldError[] {
  const seen = new Set<string>();
  const errors = (rule.resourceNames ?? []).flatMap((name, index) => {
    const here = at.child('resourceNames').index(index);
    const messages = checked(here, name, pathSegmentName(name));
    if (seen.has(name)) messages.push(duplicate(here, name));
    seen.add(name);
    return messages;
  });
  return [...errors, ...validateRule(rule, at)];
}

/** For policies that mutate; the errors name no index, as upstream's. */
export function validateMutatingOperations(rules: readonly RuleWithOperations[] = [], at: Path): FieldError[] {
  return rules.flatMap((rule) =>
    (rule.operations ?? [])
      .filter((operation) => !mutatingOperations.includes(operation))
      .map((operation) => notSupported(at, operation, mutatingOperations)),
  );
}
