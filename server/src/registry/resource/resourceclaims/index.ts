import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { type FieldError, immutable, path } from '../../validation/index.ts';
import { allocatedAdminAccessErrors, confirmAdminAccess, refuse } from '../admin-access.ts';
import { defaultClaimStatus, defaultDevices } from '../defaults.ts';
import { validateClaimSpec } from '../requests.ts';
import { authorizeStatus } from './authorize-status.ts';
import { dropDeallocatedDevices } from './devices.ts';
import { validateClaimStatus } from './validate-status.ts';

function stateText(claim: ResourceClaim): string {
  const deleting = claim.metadata?.deletionTimestamp !== undefined;
  const states = deleting ? ['deleted'] : [];
  if (claim.status?.allocation) {
    states.push('allocated');
    if ((claim.status.reservedFor ?? []).length > 0) states.push('reserved');
  } else if (!deleting) states.push('pending');
  return states.join(',');
}

const validateClaim = ({ spec }: ResourceClaim): FieldError[] => validateClaimSpec(spec, path('spec'));

export function resourceclaims({
  authorization,
}: Pick<RegistryDependencies, 'authorization'>): ResourceRegistration<ResourceClaim> {
  return {
    resource: { group: 'resource.k8s.io', resource: 'resourceclaims' },
    strategy: {
      hasGeneration: false,
      statusKeepsMetadata: true,
      default({ spec, status }) {
        defaultDevices(spec?.devices);
        defaultClaimStatus(status);
      },
      canonicalize: (claim) => withoutEmpty(claim.spec?.devices, 'requests', null),
      prepareForCreate(claim) {
        claim.status = {};
      },
      prepareForUpdate(claim, old) {
        claim.status = structuredClone(old.status ?? {});
      },
      prepareForStatusUpdate(claim, old) {
        claim.spec = structuredClone(old.spec);
        dropDeallocatedDevices(claim, old);
      },
      validate: validateClaim,
      validateUpdate: (claim, old) => immutable(path('spec'), claim.spec, old.spec),
      validateStatusUpdate: validateClaimStatus,
    },
    beginCreate: (claim, context) => confirmAdminAccess(claim, claim.spec, () => validateClaim(claim), context),
    async beginUpdate(claim, old, context) {
      if (context.asked.subresource !== 'status') return undefined;
      const errors = [
        ...(await allocatedAdminAccessErrors(claim, old, context)),
        ...(await authorizeStatus(claim.status ?? {}, old.status, authorization.authorizer, context)),
      ];
      if (errors.length === 0) return undefined;
      const prepared = { ...structuredClone(claim), spec: old.spec };
      dropDeallocatedDevices(prepared, old);
      return refuse(claim, [...errors, ...validateClaimStatus(prepared, old)]);
    },
    table: {
      columns: [nameColumn, text('State'), ageColumn],
      cells: (claim, now) => [claim.metadata?.name ?? '', stateText(claim), age(claim, now)],
    },
  };
}
