import type { Condition } from '@typernetes/openapi/types/meta/v1';
import type { PoolStatus, ResourcePoolStatusRequest } from '@typernetes/openapi/types/resource/v1alpha3';
import {
  checked,
  dns1123Subdomain,
  duplicate,
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
import { validateItems } from '../names.ts';

const mostPools = 1_000;
const mostConditions = 10;
const longestPoolName = 253;
const longestValidationError = 256;
const counters = ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices'] as const;

/** Clients may leave out whatever the types promise. */
export function validateRequestSpec(spec: ResourcePoolStatusRequest['spec'] | undefined): FieldError[] {
  const at = path('spec');
  const { driver, poolName, limit } = spec ?? {};
  return [
    ...validateDriver(driver, at.child('driver')),
    ...(poolName == null ? [] : validatePool(poolName, at.child('poolName'))),
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
  return [
    ...validateConditions(conditions, at.child('conditions')),
    ...(poolCount == null ? [required(at.child('poolCount'), '')] : atLeast(poolCount, 0, at.child('poolCount'))),
    ...validateItems(pools, mostPools, validateAnswer, at.child('pools')),
    ...(conditions.length > mostConditions
      ? [tooMany(at.child('conditions'), conditions.length, mostConditions)]
      : repeated(conditions, at.child('conditions'))),
  ];
}

function validateAnswer(pool: Partial<PoolStatus>, at: Path): FieldError[] {
  const { driver, poolName, generation, resourceSliceCount, nodeName, validationError } = pool;
  return [
    ...validateDriver(driver, at.child('driver')),
    ...(poolName ? validatePool(poolName, at.child('poolName')) : [required(at.child('poolName'), '')]),
    ...(generation ? atLeast(generation, 0, at.child('generation')) : [required(at.child('generation'), '')]),
    ...(resourceSliceCount == null ? [] : atLeast(resourceSliceCount, 1, at.child('resourceSliceCount'))),
    ...counters.flatMap((name) => (pool[name] == null ? [] : atLeast(pool[name], 0, at.child(name)))),
    ...(nodeName == null ? [] : checked(at.child('nodeName'), nodeName, dns1123Subdomain(nodeName))),
    ...(Buffer.byteLength(validationError ?? '') > longestValidationError
      ? [tooLong(at.child('validationError'), '', longestValidationError)]
      : []),
  ];
}

function repeated(conditions: readonly Condition[], at: Path): FieldError[] {
  const types = conditions.map(({ type }) => type);
  return conditions.flatMap((condition, index) =>
    types.indexOf(condition.type) < index ? [duplicate(at.index(index), condition)] : [],
  );
}

/** Upstream's declared rules have words of their own for names in capitals, and for the parts of a pool's. */
function validateDriver(driver: string | undefined, at: Path): FieldError[] {
  if (!driver) return [required(at, '')];
  const caseless = dns1123Subdomain(driver.toLowerCase()).map((text) =>
    text
      .replace(
        /^a lowercase RFC 1123 subdomain must consist of lower case alphanumeric/,
        'an RFC 1123 subdomain must consist of alphanumeric',
      )
      .replace("'example.com'", "'Example.com'"),
  );
  return checked(at, driver, caseless);
}

function validatePool(name: string, at: Path): FieldError[] {
  const parts = name.split('/').flatMap((part, index) => {
    const prefix = `segment ${index}: `;
    if (part === '') return [invalidValue(at, name, `${prefix}must not be empty`)];
    return dns1123Subdomain(part).map((text) => invalidValue(at, part, `${prefix}${text}`));
  });
  return Buffer.byteLength(name) > longestPoolName ? [tooLong(at, '', longestPoolName), ...parts] : parts;
}

const atLeast = (value: number, least: number, at: Path): FieldError[] =>
  value < least ? [invalidValue(at, value, `must be greater than or equal to ${least}`)] : [];
const atMost = (value: number, most: number, at: Path): FieldError[] =>
  value > most ? [invalidValue(at, value, `must be less than or equal to ${most}`)] : [];
