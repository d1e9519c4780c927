import type { Quantity } from '@typernetes/openapi/meta';
import { parseQuantity } from '@typernetes/openapi/meta';
import type { FieldError, Path } from './field.ts';
import { checked, invalidValue, NOT_NEGATIVE } from './field.ts';
import { qualifiedName } from './names.ts';

export type ResourceList = Record<string, string>;

/** The value, or undefined if it is no quantity (the schema check of decoding reports that). */
export function quantityOf(value: string | number | undefined | null): Quantity | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    return parseQuantity(String(value));
  } catch {
    return undefined;
  }
}

export function compareQuantities(left: string | number, right: string | number): number {
  const a = quantityOf(left);
  const b = quantityOf(right);
  return a && b ? a.compare(b) : 0;
}

/** -1, 0 or 1. */
export function sign(value: string | number | undefined | null): number {
  return value === undefined || value === null ? 0 : (quantityOf(value)?.sign() ?? 0);
}

/** Resources that are counted, not measured. */
const INTEGER_RESOURCES = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function validateResourceQuantity(resource: string, value: string | number, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (sign(value) < 0) errors.push(invalidValue(at, String(value), NOT_NEGATIVE));
  if ((INTEGER_RESOURCES.has(resource) || isExtendedResource(resource)) && !isInteger(value)) {
    errors.push(invalidValue(at, String(value), 'must be an integer'));
  }
  return errors;
}

function isInteger(value: string | number): boolean {
  const quantity = quantityOf(value);
  return quantity === undefined || quantity.scaledBigInt(0) * 1000n === quantity.scaledBigInt(-3);
}

export const isHugePages = (resource: string): boolean => resource.startsWith('hugepages-');

export function isNativeResource(resource: string): boolean {
  return !resource.includes('/') || resource.includes('kubernetes.io/');
}

export function isExtendedResource(resource: string): boolean {
  if (isNativeResource(resource) || resource.startsWith('requests.')) return false;
  return qualifiedName(`requests.${resource}`).length === 0;
}

/** Whether requests may be below limits for a resource. */
export const isOvercommitAllowed = (resource: string): boolean => isNativeResource(resource) && !isHugePages(resource);

const STANDARD_RESOURCES = new Set([
  ...INTEGER_RESOURCES,
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'storage',
  'requests.storage',
]);

export function validateResourceName(resource: string, at: Path): FieldError[] {
  const errors = checked(at, resource, qualifiedName(resource));
  if (errors.length > 0) return errors;
  if (
    !resource.includes('/') &&
    !STANDARD_RESOURCES.has(resource) &&
    !isHugePages(resource) &&
    !resource.startsWith('requests.hugepages-')
  ) {
    return [invalidValue(at, resource, 'must be a standard resource type or fully qualified')];
  }
  return [];
}

export function validateContainerResourceName(resource: string, at: Path): FieldError[] {
  const errors = validateResourceName(resource, at);
  if (!resource.includes('/')) {
    if (!['cpu', 'memory', 'ephemeral-storage'].includes(resource) && !isHugePages(resource)) {
      errors.push(invalidValue(at, resource, 'must be a standard resource for containers'));
    }
  } else if (!isNativeResource(resource) && !isExtendedResource(resource)) {
    errors.push(invalidValue(at, resource, "doesn't follow extended resource name standard"));
  }
  return errors;
}
