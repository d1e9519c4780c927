/** Resources that nobody may use unless a quota speaks of them (ResourceQuota's configuration). */
import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes } from '../admission.ts';
import type { LimitedResource } from '../configuration/resource-quota.ts';
import { plainError, refuse } from '../refusal.ts';
import { matchingScopes, scopesOf, showScope } from './quota-scopes.ts';
import type { ResourceList } from './resource-list.ts';

/** `restricted`: what the quotas that are about the object cover; `quotas` are all of the namespace. */
export function checkLimitedResources(
  limited: readonly LimitedResource[],
  attributes: AdmissionAttributes,
  usage: ResourceList,
  restricted: ReadonlySet<string>,
  quotas: readonly ResourceQuota[],
): void {
  const { resource, object } = attributes;
  if (object === undefined) return;
  const patterns = limited
    .filter((each) => each.resource === resource.resource && (each.apiGroup ?? '') === resource.group)
    .flatMap(({ matchContains = [] }) => matchContains);
  const uncovered = [...usage].filter(
    ([name, amount]) =>
      amount.sign() > 0 && !restricted.has(name) && patterns.some((pattern) => name.includes(pattern)),
  );
  if (uncovered.length > 0) {
    const names = uncovered.map(([name]) => name).sort();
    throw refuse(attributes, `insufficient quota to consume: ${names.join(',')}`);
  }
  const covered = new Set(
    quotas.flatMap((quota) => matchingScopes(scopesOf(quota), resource, object)).map(({ scopeName }) => scopeName),
  );
  const scopes = limited
    .flatMap(({ matchScopes = [] }) => matchingScopes(matchScopes, resource, object))
    .filter(({ scopeName }) => !covered.has(scopeName));
  if (scopes.length === 0) return;
  throw plainError(`insufficient quota to match these scopes: [${scopes.map(showScope).join(' ')}]`);
}
