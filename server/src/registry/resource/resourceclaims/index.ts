import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { immutable, path } from '../../validation/index.ts';
import { confirmAdminAccess } from '../admin-access.ts';
import { defaultDevices, validateClaimSpec } from '../requests.ts';

function stateText(claim: ResourceClaim): string {
  const deleting = claim.metadata?.deletionTimestamp !== undefined;
  const states = deleting ? ['deleted'] : [];
  if (claim.status?.allocation) {
    states.push('allocated');
    if ((claim.status.reservedFor ?? []).length > 0) states.push('reserved');
  } else if (!deleting) states.push('pending');
  return states.join(',');
}

export const resourceclaims: ResourceRegistration<ResourceClaim> = {
  resource: { group: 'resource.k8s.io', resource: 'resourceclaims' },
  strategy: {
    hasGeneration: false,
    statusKeepsMetadata: true,
    default: (claim) => defaultDevices(claim.spec?.devices),
    canonicalize: (claim) => withoutEmpty(claim.spec?.devices, 'requests', null),
    prepareForCreate(claim) {
      claim.status = {};
    },
    prepareForUpdate(claim, old) {
      claim.status = structuredClone(old.status ?? {});
    },
    validate: (claim) => validateClaimSpec(claim.spec, path('spec')),
    validateUpdate: (claim, old) => immutable(path('spec'), claim.spec, old.spec),
  },
  beginCreate: (claim, context) => confirmAdminAccess(claim, claim.spec, context),
  table: {
    columns: [nameColumn, text('State'), ageColumn],
    cells: (claim, now) => [claim.metadata?.name ?? '', stateText(claim), age(claim, now)],
  },
};
