import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  compareQuantities,
  immutable,
  invalidValue,
  path,
  validateResourceName,
  validateResourceQuantity,
} from '../../validation/index.ts';
import { roundUpResources } from '../pod/resources.ts';
import { validateScopeSelector, validateScopes } from './scopes.ts';

const STANDARD = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

const isStandard = (resource: string): boolean =>
  STANDARD.has(resource) || resource.startsWith('hugepages-') || resource.startsWith('requests.hugepages-');

function validateList(list: Record<string, string> | undefined, at: Path): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([resource, quantity]) => {
    const here = at.key(resource);
    const errors = validateResourceName(resource, here);
    if (!resource.includes('/') && !isStandard(resource)) {
      errors.push(invalidValue(here, resource, 'must be a standard resource for quota'));
    }
    return [...errors, ...validateResourceQuantity(resource, quantity, here)];
  });
}

function validateQuota(quota: ResourceQuota): FieldError[] {
  const at = path('spec');
  const names = Object.keys(quota.spec?.hard ?? {}).filter(isStandard);
  return [
    ...validateList(quota.spec?.hard, at.child('hard')),
    ...validateScopes(quota.spec?.scopes ?? [], names, at.child('scopes')),
    ...validateScopeSelector(quota.spec, names, at),
  ];
}

/** Where more may be asked for than may be used. */
function quotaWarnings({ spec }: ResourceQuota): string[] {
  const hard = spec?.hard ?? {};
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    const bare = resource === 'cpu' || resource === 'memory' ? resource : undefined;
    const named = `requests.${resource}`;
    const field = hard[named] === undefined && bare !== undefined ? bare : named;
    const request = hard[field];
    const limit = hard[`limits.${resource}`];
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return [];
    return [`ResourceQuota ${field} (${request}) should be less than limits.${resource} (${limit})`];
  });
}

/** `cpu: 1/2, pods: 3/10`, of what is limited or of everything else. */
function usageText(quota: ResourceQuota, limits: boolean): string {
  return Object.keys(quota.status?.hard ?? {})
    .sort()
    .filter((resource) => resource.startsWith('limits.') === limits)
    .map((resource) => `${resource}: ${quota.status?.used?.[resource] ?? '0'}/${quota.status?.hard?.[resource] ?? '0'}`)
    .join(', ');
}

export const resourcequotas: ResourceRegistration<ResourceQuota> = {
  resource: { group: '', resource: 'resourcequotas' },
  strategy: {
    hasGeneration: false,
    default(quota) {
      for (const list of [quota.spec?.hard, quota.status?.hard, quota.status?.used]) roundUpResources(list);
    },
    prepareForCreate(quota) {
      quota.status = {};
    },
    prepareForUpdate(quota, old) {
      quota.status = structuredClone(old.status ?? {});
    },
    warningsOnCreate: quotaWarnings,
    validate: validateQuota,
    validateUpdate: (quota, old) => [
      ...validateQuota(quota),
      ...immutable(
        path('spec', 'scopes'),
        [...(quota.spec?.scopes ?? [])].sort(),
        [...(old.spec?.scopes ?? [])].sort(),
      ),
    ],
    validateStatusUpdate: (quota) => [
      ...validateList(quota.status?.hard, path('status', 'hard')),
      ...validateList(quota.status?.used, path('status', 'used')),
    ],
  },
  table: {
    columns: [nameColumn, text('Request'), text('Limit'), ageColumn],
    cells: (quota, now) => [
      quota.metadata?.name ?? '',
      usageText(quota, false),
      usageText(quota, true),
      age(quota, now),
    ],
  },
};
