/** The claim that was made for extended resources which a pod asks for. */
import type { PodExtendedResourceClaimStatus, PodSpec } from '@typernetes/openapi/types/core/v1';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  type Path,
  required,
} from '../../validation/index.ts';

const unknownContainer = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
const unknownResource =
  'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';

export function validateExtendedResourceClaim(
  status: Partial<PodExtendedResourceClaimStatus> | undefined | null,
  spec: PodSpec | undefined,
  at: Path,
): FieldError[] {
  if (!status) return [];
  const { requestMappings = [], resourceClaimName = '' } = status;
  const mappingsAt = at.child('requestMappings');
  const requests = new Map(
    [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name, resources }) => [
      name,
      new Set(Object.keys(resources?.requests ?? {})),
    ]),
  );
  const errors = requestMappings.length === 0 ? [required(mappingsAt, 'at least one request mapping is required')] : [];
  const seen = new Set<string>();
  for (const [index, { containerName = '', resourceName = '', requestName = '' }] of requestMappings.entries()) {
    const here = mappingsAt.index(index);
    const resources = requests.get(containerName);
    if (!resources) errors.push(invalidValue(here.child('containerName'), containerName, unknownContainer));
    else if (!resources.has(resourceName))
      errors.push(invalidValue(here.child('resourceName'), resourceName, unknownResource));
    // Upstream names no mapping here.
    errors.push(...checked(at.child('requestName'), requestName, dns1123Label(requestName)));
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      errors.push(
        duplicate(here.child('containerName'), containerName),
        duplicate(here.child('resourceName'), resourceName),
        duplicate(here.child('requestName'), requestName),
      );
    }
    seen.add(key);
  }
  const nameAt = at.child('resourceClaimName');
  if (resourceClaimName === '') errors.push(required(nameAt, ''));
  else errors.push(...checked(nameAt, resourceClaimName, dns1123Subdomain(resourceClaimName)));
  return errors;
}
