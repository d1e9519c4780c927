/** matchConstraints of policies and matchResources of bindings: which requests they are about, and in which version. */
import type { GroupVersionKind, GroupVersionResource } from '@typernetes/openapi/meta';
import type { MatchResources, NamedRuleWithOperations } from '@typernetes/openapi/types/admissionregistration/v1';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmissionObjects } from '../objects.ts';
import { ruleMatches } from './rules.ts';
import {
  namespaceSelected,
  objectSelected,
  type ParsedSelector,
  parseSelector,
  type RequestNamespace,
} from './selectors.ts';

export interface Matched {
  resource: GroupVersionResource;
  kind: GroupVersionKind;
}

export interface ParsedMatch {
  match: Readonly<MatchResources>;
  namespaceSelector: ParsedSelector;
  objectSelector: ParsedSelector;
}

export function parseMatch(match: Readonly<MatchResources>): ParsedMatch {
  return {
    match,
    namespaceSelector: parseSelector(match.namespaceSelector ?? {}),
    objectSelector: parseSelector(match.objectSelector ?? {}),
  };
}

/** Throws where it cannot be told, but only if the rules match. */
export async function matchedBy(
  { match, namespaceSelector, objectSelector }: ParsedMatch,
  attributes: AdmissionAttributes,
  namespace: RequestNamespace,
  objects: AdmissionObjects,
): Promise<Matched | undefined> {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = match;
  const { resource, kind, object, oldObject } = attributes;
  const found =
    resourceRules.length === 0 ? { resource, kind } : matchedRule(resourceRules, matchPolicy, attributes, objects);
  if (found === undefined) return undefined;
  if (matchedRule(excludeResourceRules, matchPolicy, attributes, objects) !== undefined) return undefined;
  const byNamespace = await namespaceSelected(namespaceSelector, attributes, namespace, object);
  if (!byNamespace.matches && byNamespace.error === undefined) return undefined;
  const byObject = objectSelected(objectSelector, object, oldObject);
  if (!byObject.matches && byObject.error === undefined) return undefined;
  const error = byNamespace.error ?? byObject.error;
  if (error !== undefined) throw error;
  return found;
}

function matchedRule(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
  objects: AdmissionObjects,
): Matched | undefined {
  if (rules.length === 0) return undefined;
  const { operation, resource, subresource, namespace, name, kind } = attributes;
  const isNamed = ({ resourceNames = [] }: NamedRuleWithOperations): boolean =>
    resourceNames.length === 0 || resourceNames.includes(name);
  if (rules.some((rule) => isNamed(rule) && ruleMatches(rule, attributes))) return { resource, kind };
  if (matchPolicy !== 'Equivalent') return undefined;
  const others = objects
    .equivalents(resource, subresource)
    .filter((each) => each.resource.group !== resource.group || each.resource.version !== resource.version);
  for (const rule of rules) {
    if (!isNamed(rule)) continue;
    for (const other of others)
      if (ruleMatches(rule, { operation, subresource, namespace, resource: other.resource })) return other;
  }
  return undefined;
}
