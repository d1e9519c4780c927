import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { forbiddenField, invalidValue, NOT_NEGATIVE, path } from '../../validation/index.ts';

const spec = path('spec');

function validateLease(lease: Lease): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = lease.spec ?? {};
  const errors: FieldError[] = [];
  if (leaseDurationSeconds != null && leaseDurationSeconds <= 0) {
    errors.push(invalidValue(spec.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions != null && leaseTransitions < 0) {
    errors.push(invalidValue(spec.child('leaseTransitions'), leaseTransitions, NOT_NEGATIVE));
  }
  if (preferredHolder && !strategy) {
    errors.push(forbiddenField(spec.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

export const leases: ResourceRegistration<Lease> = {
  resource: { group: 'coordination.k8s.io', resource: 'leases' },
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    // Fields of the gate CoordinatedLeaderElection, which is off by default.
    prepareForCreate(lease) {
      delete lease.spec?.strategy;
      delete lease.spec?.preferredHolder;
    },
    prepareForUpdate(lease, old) {
      if (!old.spec?.strategy) delete lease.spec?.strategy;
      if (!old.spec?.preferredHolder) delete lease.spec?.preferredHolder;
    },
    validate: validateLease,
    validateUpdate: validateLease,
  },
  table: {
    columns: [nameColumn, text('Holder'), ageColumn],
    cells: (lease, now) => [lease.metadata?.name ?? '', lease.spec?.holderIdentity ?? '', age(lease, now)],
  },
};
