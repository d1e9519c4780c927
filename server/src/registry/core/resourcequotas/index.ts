import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  immutable,
  invalidValue,
  path,
  qualifiedName,
  validateResourceQuantity,
} from '../../validation/index.ts';
import { roundUpResources } from '../pod/resources.ts';

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

function validateList(list: Record<string, string> | undefined, at: Path): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([resource, quantity]) => {
    const here = at.key(resource);
    const errors = checked(here, resource, qualifiedName(resource));
    const named =
      STANDARD.has(resource) || resource.startsWith('hugepages-') || resource.startsWith('requests.hugepages-');
    if (errors.length === 0 && !resource.includes('/') && !named) {
      errors.push(invalidValue(here, resource, 'must be a standard resource for quota'));
    }
    return [...errors, ...validateResourceQuantity(resource, quantity, here)];
  });
}

const SCOPES = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'VolumeAttributesClass',
  'CrossNamespacePodAffinity',
]);

function validateQuota(quota: ResourceQuota): FieldError[] {
  const at = path('spec', 'scopes');
  const scopes = quota.spec?.scopes ?? [];
  const errors = validateList(quota.spec?.hard, path('spec', 'hard'));
  for (const scope of scopes) if (!SCOPES.has(scope)) errors.push(invalidValue(at, scopes, 'unsupported scope'));
  for (const [one, other] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const) {
    if (scopes.includes(one) && scopes.includes(other)) errors.push(invalidValue(at, scopes, 'conflicting scopes'));
  }
  return errors;
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
