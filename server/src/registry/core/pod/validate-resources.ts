/** What a container asks for: requests, limits, claims, and how they may be resized. */
import type { Container, EphemeralContainer, ResourceRequirements } from '@typernetes/openapi/types/core/v1';
import {
  checked,
  compareQuantities,
  dns1123Label,
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  isHugePages,
  isOvercommitAllowed,
  notFoundField,
  oneOf,
  type Path,
  quantityOf,
  required,
  validateContainerResourceName,
  validateResourceQuantity,
} from '../../validation/index.ts';
import type { ContainerScope } from './container-scope.ts';

export function validateResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  at: Path,
  validateName = validateContainerResourceName,
): FieldError[] {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const errors: FieldError[] = [];
  for (const [resource, quantity] of Object.entries(limits)) {
    const here = at.child('limits').key(resource);
    errors.push(
      ...validateName(resource, here),
      ...validateResourceQuantity(resource, quantity, here),
      ...validateHugePages(resource, quantity, here),
    );
  }
  for (const [resource, quantity] of Object.entries(requests)) {
    const here = at.child('requests').key(resource);
    errors.push(
      ...validateName(resource, here),
      ...validateResourceQuantity(resource, quantity, here),
      ...validateHugePages(resource, quantity, here),
    );
    const limit = limits[resource];
    if (limit === undefined) {
      if (!isOvercommitAllowed(resource)) {
        errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
      }
      continue;
    }
    const order = compareQuantities(quantity, limit);
    if (order !== 0 && !isOvercommitAllowed(resource)) {
      errors.push(invalidValue(at.child('requests'), quantity, `must be equal to ${resource} limit of ${limit}`));
    } else if (order > 0) {
      errors.push(
        invalidValue(at.child('requests'), quantity, `must be less than or equal to ${resource} limit of ${limit}`),
      );
    }
  }
  const named = [...Object.keys(limits), ...Object.keys(requests)];
  if (named.some(isHugePages) && !named.some((resource) => resource === 'cpu' || resource === 'memory')) {
    errors.push(forbiddenField(at, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(resources?.claims, claims, at.child('claims'))];
}

/** Pages come whole: `hugepages-2Mi` in multiples of 2Mi. */
function validateHugePages(resource: string, quantity: string, at: Path): FieldError[] {
  if (!isHugePages(resource)) return [];
  const size = quantityOf(resource.slice('hugepages-'.length))?.scaledBigInt(0) ?? 0n;
  const asked = quantityOf(quantity)?.scaledBigInt(0) ?? 0n;
  if (size > 0n && asked % size === 0n) return [];
  return [invalidValue(at, quantity, `${quantity} is not positive integer multiple of ${resource}`)];
}

/** Claims of devices name those of the pod. */
function validateClaims(given: ResourceRequirements['claims'], known: ReadonlySet<string>, at: Path): FieldError[] {
  const names = new Set<string>();
  const among = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
  return (given ?? []).flatMap(({ name, request }, index) => {
    const here = at.index(index);
    if (!name) return [required(here, '')];
    const errors: FieldError[] = [];
    const key = request ? `${name}/${request}` : name;
    if (request && !names.has(name)) errors.push(...checked(here.child('request'), request, dns1123Label(request)));
    if (names.has(name)) errors.push(duplicate(here, name));
    else if (names.has(key)) errors.push(duplicate(here, key));
    // Of the whole claim where requests of it were named before.
    else if (!request)
      errors.push(...[...names].filter((other) => other.startsWith(`${name}/`)).map(() => duplicate(here, name)));
    names.add(names.has(name) ? name : key);
    if (!known.has(name))
      errors.push({
        ...notFoundField(here, name),
        detail: `must be one of the names in pod.spec.resourceClaims${among}`,
      });
    return errors;
  });
}

export function validateResizePolicy(
  container: Container | EphemeralContainer,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const seen = new Set<string>();
  return (container.resizePolicy ?? []).flatMap((policy, index) => {
    const errors: FieldError[] = [];
    if (seen.has(policy.resourceName)) errors.push(duplicate(at.index(index), policy.resourceName));
    seen.add(policy.resourceName);
    errors.push(
      ...oneOf(at, policy.resourceName, ['cpu', 'memory']),
      ...oneOf(at, policy.restartPolicy, ['NotRequired', 'RestartContainer']),
    );
    if (scope.restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      errors.push(invalidValue(at, policy.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

/** A container's own restart policy and its rules by exit code (KEP-5307). */
