/** What may be said of a running pod. Clients may leave out whatever the types promise. */
import type { Pod, PodCondition, PodResourceClaimStatus, PodSpec } from '@typernetes/openapi/types/core/v1';
import {
  checked,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  familyOf,
  forbiddenField,
  immutable,
  internalFieldError,
  invalidValue,
  path,
  qualifiedName,
  validateAddress,
} from '../../validation/index.ts';
import { validatePodAnnotationsUpdate } from './annotations.ts';
import { validateContainerStatuses } from './validate-container-statuses.ts';
import { validateExtendedResourceClaim } from './validate-extended-resource-claim.ts';

const at = path('status');
const notNegative = 'must be a non-negative integer';
const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

export function validatePodStatusUpdate(pod: Pod, old: Readonly<Pod>): FieldError[] {
  const status = pod.status ?? {};
  const before = old.status ?? {};
  const errors = [
    ...validatePodAnnotationsUpdate(pod, old, path('metadata', 'annotations')),
    ...validateConditions(status.conditions ?? []),
    ...validateNomination(status.nominatedNodeName ?? '', old),
  ];
  if ((status.observedGeneration ?? 0) < 0)
    errors.push(invalidValue(at.child('observedGeneration'), status.observedGeneration, notNegative));
  return [
    ...errors,
    ...immutable(at.child('qosClass'), status.qosClass, before.qosClass),
    ...validateContainerStatuses(status, before, pod.spec, at),
    ...validateClaimStatuses(status.resourceClaimStatuses ?? [], pod.spec),
    ...validateExtendedResourceClaim(
      status.extendedResourceClaimStatus,
      pod.spec,
      at.child('extendedResourceClaimStatus'),
    ),
    ...validateAddresses(status.podIPs ?? [], before.podIPs ?? [], 'podIPs'),
    ...((status.hostIPs ?? []).length > 0 && status.hostIP !== status.hostIPs?.[0]?.ip
      ? [invalidValue(at.child('hostIPs').index(0).child('ip'), status.hostIPs?.[0]?.ip, 'must be equal to `hostIP`')]
      : []),
    ...validateAddresses(status.hostIPs ?? [], before.hostIPs ?? [], 'hostIPs'),
  ];
}

function validateConditions(conditions: readonly Partial<PodCondition>[]): FieldError[] {
  return conditions.flatMap(({ type = '', observedGeneration = 0 }, index) => {
    const here = at.child('conditions').index(index);
    return [
      ...(observedGeneration < 0
        ? [invalidValue(here.child('observedGeneration'), observedGeneration, notNegative)]
        : []),
      ...(systemConditions.has(type) ? [] : checked(here.child('Type'), type, qualifiedName(type))),
    ];
  });
}

/** A node that the pod may go to, for as long as it is on none. */
function validateNomination(name: string, old: Readonly<Pod>): FieldError[] {
  if (name === '' || name === old.status?.nominatedNodeName) return [];
  const here = at.child('nominatedNodeName');
  const errors = checked(here, name, dns1123Subdomain(name));
  if (old.spec?.nodeName) errors.push(forbiddenField(here, 'may not be set on pods that are already bound to a node'));
  return errors;
}

function validateClaimStatuses(
  statuses: readonly Partial<PodResourceClaimStatus>[],
  spec: PodSpec | undefined,
): FieldError[] {
  const here = at.child('resourceClaimStatuses');
  const claims = new Set((spec?.resourceClaims ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  return statuses.flatMap(({ name = '', resourceClaimName }, index) => {
    const again = seen.has(name);
    seen.add(name);
    const nameAt = here.index(index).child('name');
    return [
      ...(claims.has(name)
        ? []
        : [invalidValue(nameAt, name, 'must match the name of an entry in `spec.resourceClaims`')]),
      ...(again ? [duplicate(nameAt, name)] : []),
      ...(resourceClaimName == null
        ? []
        : checked(
            here.index(index).child('resourceClaimName'),
            resourceClaimName,
            dns1123Subdomain(resourceClaimName),
          )),
    ];
  });
}

/** One of each family at most; wrong ones may stay. */
function validateAddresses(
  addresses: readonly { ip?: string }[],
  old: readonly { ip?: string }[],
  field: 'podIPs' | 'hostIPs',
): FieldError[] {
  const existing = old.map(({ ip }) => ip ?? '');
  const errors = addresses.flatMap(({ ip = '' }, index) => validateAddress(ip, at.child(field).index(index), existing));
  if (addresses.length <= 1) return errors;
  const families = addresses.map(({ ip = '' }) => familyOf(ip));
  const unknown = families.indexOf(undefined);
  if (unknown >= 0) {
    const detail = `failed to check for dual stack with error:invalid IP[${unknown}]: ${addresses[unknown]?.ip ?? ''}`;
    errors.push(internalFieldError(at.child(field), detail));
  }
  // As upstream shows them: its internal addresses.
  const shown = addresses.map(({ ip = '' }) => ({ IP: ip }));
  if (addresses.length > 2 || unknown >= 0 || families[0] === families[1])
    errors.push(invalidValue(at.child(field), shown, 'may specify no more than one IP for each IP family'));
  return errors;
}
