/**
 * What the strategies reset on a write, by endpoint: fields that clients cannot change through it, and so nobody gets to
 * own through it (upstream: GetResetFields of each strategy).
 */

import type { GroupResource } from '@typernetes/openapi/meta';
import { excludeFields, type FieldFilter, FieldSet } from '@typernetes/openapi/schema';
import { resourceKey } from './definition.ts';

type Path = readonly string[];

/** Kinds whose main endpoint resets something else than status. */
const mainFields: Readonly<Record<string, readonly Path[]>> = {
  'certificatesigningrequests.certificates.k8s.io': [['spec'], ['status']],
  'podcertificaterequests.certificates.k8s.io': [],
};

/** Kinds whose status endpoint leaves more of the object alone than its spec. */
const statusFields: Readonly<Record<string, readonly Path[]>> = {
  'deployments.apps': [['spec'], ['metadata', 'labels']],
  pods: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  'certificatesigningrequests.certificates.k8s.io': [['spec'], ['status', 'conditions']],
  ...Object.fromEntries(
    [
      'validatingadmissionpolicies.admissionregistration.k8s.io',
      'storageversions.internal.apiserver.k8s.io',
      'flowschemas.flowcontrol.apiserver.k8s.io',
      'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
      'servicecidrs.networking.k8s.io',
      'devicetaintrules.resource.k8s.io',
      'resourceclaims.resource.k8s.io',
      'resourcepoolstatusrequests.resource.k8s.io',
      'podgroups.scheduling.k8s.io',
      'volumeattachments.storage.k8s.io',
      'storageversionmigrations.storagemigration.k8s.io',
      'apiservices.apiregistration.k8s.io',
    ].map((resource) => [resource, [['metadata'], ['spec']]]),
  ),
};

/**
 * Other subresources that take the whole object. Pods' /resize and /ephemeralcontainers have strategies that reset, but
 * their endpoints tell nobody: who asks for more through them owns more.
 */
const otherFilters: Readonly<Record<string, FieldFilter>> = {
  'namespaces/finalize': exclude([['status']]),
  'certificatesigningrequests.certificates.k8s.io/approval': exclude([['spec'], ['status', 'certificate']]),
};

function exclude(paths: readonly Path[]): FieldFilter {
  return excludeFields(FieldSet.of(...paths.map((path) => [...path])));
}

/** Undefined: everything can be owned. */
export function resetFieldsOf(
  resource: GroupResource,
  subresource: string,
  hasStatus: boolean,
  custom = false,
): FieldFilter | undefined {
  const key = resourceKey(resource);
  if (subresource === '') {
    const paths = mainFields[key] ?? (hasStatus ? [['status']] : []);
    return paths.length === 0 ? undefined : exclude(paths);
  }
  if (subresource === 'status') return exclude(statusFields[key] ?? (custom ? [['metadata'], ['spec']] : [['spec']]));
  return otherFilters[`${key}/${subresource}`];
}
