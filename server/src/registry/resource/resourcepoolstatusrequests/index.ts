import type { ResourcePoolStatusRequest } from '@typernetes/openapi/types/resource/v1alpha3';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { integer, nameColumn, since, text } from '../../printing/index.ts';
import { IMMUTABLE, invalidValue, path, semanticEqual } from '../../validation/index.ts';
import { validateRequestSpec, validateRequestStatus } from './validate.ts';

function isTrue(request: ResourcePoolStatusRequest, type: string): boolean {
  return (request.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

function stateText(request: ResourcePoolStatusRequest, listed: number, total: number): string {
  if (isTrue(request, 'Complete')) return total > listed ? `Complete (${listed}/${total} pools)` : 'Complete';
  return isTrue(request, 'Failed') ? 'Failed' : 'Pending';
}

const COUNTERS = ['totalDevices', 'availableDevices', 'allocatedDevices', 'unavailableDevices'] as const;

export const resourcepoolstatusrequests: ResourceRegistration<ResourcePoolStatusRequest> = {
  resource: { group: 'resource.k8s.io', resource: 'resourcepoolstatusrequests' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    statusKeepsMetadata: true,
    default({ spec }) {
      if (spec) spec.limit ??= 100;
    },
    prepareForCreate(request) {
      delete request.status;
    },
    prepareForUpdate(request, old) {
      if (old.status === undefined) delete request.status;
      else request.status = structuredClone(old.status);
    },
    validate: ({ spec }) => validateRequestSpec(spec),
    // Its value is not told: the rule is one of the declared ones.
    validateUpdate: (request, old) =>
      semanticEqual(request.spec, old.spec) ? [] : [invalidValue(path('spec'), null, IMMUTABLE)],
    validateStatusUpdate: ({ status }, old) => validateRequestStatus(status, old.status),
  },
  table: {
    columns: [
      nameColumn,
      text('Driver'),
      text('Total'),
      text('Available'),
      text('Allocated'),
      text('Unavailable'),
      text('Errors'),
      integer('Pools'),
      text('Status'),
      text('Completed'),
    ],
    cells(request, now) {
      const pools = request.status?.pools ?? [];
      const total = request.status?.poolCount ?? 0;
      // Sums say something only once pools were counted.
      const counted = request.status !== undefined && !isTrue(request, 'Failed');
      const sums = COUNTERS.map((field) => pools.reduce((sum, pool) => sum + (pool[field] ?? 0), 0));
      const errors = pools.filter((pool) => pool.validationError != null).length;
      const completed = (request.status?.conditions ?? []).find(
        ({ type, status }) => type === 'Complete' && status === 'True',
      );
      return [
        request.metadata?.name ?? '',
        request.spec?.driver ?? '',
        ...[...sums, errors].map((value) => (counted ? String(value) : '-')),
        total,
        stateText(request, pools.length, total),
        completed ? since(completed.lastTransitionTime, now) : '<none>',
      ];
    },
  },
};
