import type { ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  immutable,
  invalidValue,
  parseCidr,
  path,
  required,
  semanticEqual,
  validateCanonicalCidr,
} from '../../validation/index.ts';

const at = path('spec', 'cidrs');

function validateRange(object: ServiceCIDR): FieldError[] {
  const cidrs = object.spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(at, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalidValue(at, object.spec, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => validateCanonicalCidr(cidr, at.index(index)));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.family);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    errors.push(
      invalidValue(
        at,
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    );
  }
  return errors;
}

export const servicecidrs: ResourceRegistration<ServiceCIDR> = {
  resource: { group: 'networking.k8s.io', resource: 'servicecidrs' },
  strategy: {
    hasGeneration: false,
    statusKeepsMetadata: true,
    prepareForCreate(object) {
      object.status = {};
    },
    prepareForUpdate(object, old) {
      object.status = structuredClone(old.status ?? {});
    },
    validate: validateRange,
    validateUpdate(object, old) {
      const before = old.spec?.cidrs ?? [];
      const after = object.spec?.cidrs ?? [];
      // A single-stack range may become dual-stack.
      if (before.length === 1 && after.length === 2) {
        const kept = semanticEqual(before[0], after[0]);
        return [...(kept ? [] : [invalidValue(at.index(0), after[0], 'field is immutable')]), ...validateRange(object)];
      }
      if (before.length !== after.length) return immutable(at, object.spec?.cidrs, old.spec?.cidrs);
      return before.flatMap((cidr, index) => immutable(at.index(index), after[index], cidr));
    },
  },
  table: {
    columns: [nameColumn, text('CIDRs'), ageColumn],
    cells: (object, now) => [object.metadata?.name ?? '', (object.spec?.cidrs ?? []).join(','), age(object, now)],
  },
};
