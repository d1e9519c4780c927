/** What one RBAC rule says, and whether it allows a request or covers another rule. Semantics as upstream's. */
import { quote } from '@typernetes/openapi/meta';
import type { PolicyRule } from '@typernetes/openapi/types/rbac/v1';
import type { AuthorizerAttributes } from '../authorizer.ts';

export type { PolicyRule };

const all = '*';

export function ruleAllows(attributes: AuthorizerAttributes, rule: Readonly<PolicyRule>): boolean {
  if (!has(rule.verbs, all) && !has(rule.verbs, attributes.verb)) return false;
  if (!attributes.resourceRequest) return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, attributes.path));
  return (
    (has(rule.apiGroups, all) || has(rule.apiGroups, attributes.apiGroup)) &&
    resourceMatches(rule, attributes.resource, attributes.subresource) &&
    nameMatches(rule, attributes.name)
  );
}

function resourceMatches(rule: Readonly<PolicyRule>, resource: string, subresource: string): boolean {
  if (has(rule.resources, all)) return true;
  if (subresource === '') return has(rule.resources, resource);
  return has(rule.resources, `${resource}/${subresource}`) || has(rule.resources, `*/${subresource}`);
}

function nameMatches(rule: Readonly<PolicyRule>, name: string): boolean {
  return (rule.resourceNames ?? []).length === 0 || has(rule.resourceNames, name);
}

function urlMatches(pattern: string, path: string): boolean {
  if (pattern === all || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(withoutTrailingStars(pattern));
}

/** Splits rules into those with one verb, one resource and one name each, and returns the ones no owner rule covers. */
export function uncoveredRules(owner: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !owner.some((rule) => ruleCovers(rule, part)));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames ?? [];
  const parts: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (names.length === 0) parts.push(part);
        else for (const name of names) parts.push({ ...part, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return parts;
}

function ruleCovers(owner: PolicyRule, part: PolicyRule): boolean {
  const ownerNames = owner.resourceNames ?? [];
  const partNames = part.resourceNames ?? [];
  return (
    (has(owner.verbs, all) || hasAll(owner.verbs, part.verbs)) &&
    (has(owner.apiGroups, all) || hasAll(owner.apiGroups, part.apiGroups)) &&
    resourcesCover(owner.resources ?? [], part.resources ?? []) &&
    (ownerNames.length === 0 || (partNames.length > 0 && hasAll(ownerNames, partNames))) &&
    (part.nonResourceURLs ?? []).every((path) => (owner.nonResourceURLs ?? []).some((url) => urlCovers(url, path)))
  );
}

function resourcesCover(owner: readonly string[], wanted: readonly string[]): boolean {
  if (has(owner, all)) return true;
  return wanted.every((resource) => {
    const slash = resource.indexOf('/');
    return has(owner, resource) || (slash >= 0 && has(owner, `*/${resource.slice(slash + 1)}`));
  });
}

function urlCovers(owner: string, path: string): boolean {
  return owner === path || (owner.endsWith('*') && path.startsWith(withoutTrailingStars(owner)));
}

/** Puts rules that differ only in their verbs together again; only simple ones: one group, one resource, at most one name. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compact: PolicyRule[] = [];
  const simple = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const names = rule.resourceNames ?? [];
    const isSimple =
      names.length <= 1 &&
      rule.apiGroups?.length === 1 &&
      rule.resources?.length === 1 &&
      !rule.nonResourceURLs?.length;
    const key = JSON.stringify([rule.apiGroups, rule.resources, names]);
    const known = isSimple ? simple.get(key) : undefined;
    if (known !== undefined) {
      known.verbs.push(...rule.verbs);
      continue;
    }
    const copy = structuredClone(rule);
    compact.push(copy);
    if (isSimple) simple.set(key, copy);
  }
  return compact;
}

/** A rule on one line, the way upstream shows it in error messages. */
export function describeRule(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) parts.push(`${name}:[${values.map(quote).join(' ')}]`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

function withoutTrailingStars(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '*') end--;
  return text.slice(0, end);
}

function has(list: readonly string[] | undefined, item: string): boolean {
  return list?.includes(item) ?? false;
}

function hasAll(list: readonly string[] | undefined, items: readonly string[] | undefined): boolean {
  return (items ?? []).every((item) => has(list, item));
}
