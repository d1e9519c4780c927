import type { PoolStatus, ResourcePoolStatusRequest } from '@typernetes/openapi/types/resource/v1alpha3';
import {
  checked,
  dns1123Subdomain,
  type FieldError,
  immutable,
  invalidValue,
  type Path,
  path,
  required,
  tooLong,
  tooMany,
  validateConditions,
} from '../../validation/index.ts';
import { validateItems, validatePoolName, validateUnique } from '../names.ts';

const mostPools = 1_000;
const mostConditions = 10;
const longestValidationError = 256;
const counters = ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices'] as const;

/** Clients may leave out whatever the types promise. */
export function validateRequestSpec(spec: ResourcePoolStatusRequest['spec'] | undefined): FieldError[] {
  const at = path('spec');
  const { driver, poolName, limit } = spec ?? {};
  return [
    ...validateDriver(driver, at.child('driver')),
    ...(poolName == null ? [] : validatePoolName(poolName, at.child('poolName'))),
    ...(limit == null ? [] : atMost(limit, 1_000, at.child('limit'))),
    ...(limit == null ? [] : atLeast(limit, 1, at.child('limit'))),
  ];
}

/** Once it is there it is the answer, and stays. */
export function validateRequestStatus(
  status: ResourcePoolStatusRequest['status'],
  old: ResourcePoolStatusRequest['status'],
): FieldError[] {
  const at = path('status');
  if (old !== undefined) return immutable(at, status, old);
  if (status === undefined) return [];
  const { poolCount, pools, conditions = [] } = status;
  const types = conditions.map(({ type }) => type);
  return [
    ...validateConditions(conditions, at.child('conditions')),
    ...(poolCount == null ? [required(at.child('poolCount'), '')] : atLeast(poolCount, 0, at.child('poolCount'))),
    ...validateItems(pools, mostPools, validatePool, at.child('pools')),
    ...(conditions.length > mostConditions
      ? [tooMany(at.child('conditions'), conditions.length, mostConditions)]
      : validateUnique(types, (index) => at.child('conditions').index(index))),
  ];
}

function validatePool(pool: Partial<PoolStatus>, at: Path): FieldError[] {
  const { driver, poolName, generation, resourceSliceCount, nodeName, validationError } = pool;
  return [
    ...validateDriver(driver, at.child('driver')),
    ...validatePoolName(poolName, at.child('poolName')),
    ...(generation ? atLeast(generation, 0, at.child('generation')) : [required(at.child('generation'), '')]),
    ...(resourceSliceCount == null ? [] : atLeast(resourceSliceCount, 1, at.child('resourceSliceCount'))),
    ...counters.flatMap((name) => (pool[name] == null ? [] : atLeast(pool[name], 0, at.child(name)))),
    ...(nodeName == null ? [] : checked(at.child('nodeName'), nodeName, dns1123Subdomain(nodeName))),
    ...(Buffer.byteLength(validationError ?? '') > longestValidationError
      ? [tooLong(at.child('validationError'), '', longestValidationError)]
      : []),
  ];
}

const validateDriver = (driver: string | undefined, at: Path): FieldError[] =>
  driver ? checked(at, driver, dns1123Subdomain(driver.toLowerCase())) : [required(at, '')];

const atLeast = (value: number, least: number, at: Path): FieldError[] =>
  value < least ? [invalidValue(at, value, `must be greater than or equal to ${least}`)] : [];
const atMost = (value: number, most: number, at: Path): FieldError[] =>
  value > most ? [invalidValue(at, value, `must be less than or equal to ${most}`)] : [];
