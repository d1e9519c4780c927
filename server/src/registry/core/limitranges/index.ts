import { randomUUID } from 'node:crypto';
import type { LimitRange, LimitRangeItem } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  compareQuantities,
  duplicate,
  forbiddenField,
  invalidValue,
  isOvercommitAllowed,
  path,
  qualifiedName,
  quantityOf,
  required,
  validateContainerResourceName,
  validateResourceName,
} from '../../validation/index.ts';
import { roundUpResources } from '../pod/resources.ts';

const TYPES: readonly string[] = ['Pod', 'Container', 'PersistentVolumeClaim'];
const FIELDS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

function defaultItem(item: LimitRangeItem): void {
  if (item.type === 'Container') {
    const limits = { ...item.max, ...item.default };
    const requests = { ...item.min, ...limits, ...item.defaultRequest };
    if (Object.keys(limits).length > 0) item.default = limits;
    if (Object.keys(requests).length > 0) item.defaultRequest = requests;
  }
  for (const field of FIELDS) roundUpResources(item[field]);
}

const thousandths = (quantity: string): number => Number(quantityOf(quantity)?.scaledBigInt(-3) ?? 0n);

function validateItem(item: LimitRangeItem, at: Path): FieldError[] {
  const type = item.type ?? '';
  const errors = checked(at.child('type'), type, qualifiedName(type));
  if (errors.length === 0 && !type.includes('/') && !TYPES.includes(type))
    errors.push(invalidValue(at.child('type'), type, 'must be a standard limit type or fully qualified'));
  const validateName = type === 'Pod' || type === 'Container' ? validateContainerResourceName : validateResourceName;
  for (const field of FIELDS) {
    for (const resource of Object.keys(item[field] ?? {}))
      errors.push(...validateName(resource, at.child(field).key(resource)));
  }
  if (item.type === 'Pod') {
    if (Object.keys(item.default ?? {}).length > 0)
      errors.push(forbiddenField(at.child('default'), "may not be specified when `type` is 'Pod'"));
    if (Object.keys(item.defaultRequest ?? {}).length > 0) {
      errors.push(forbiddenField(at.child('defaultRequest'), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (
    item.type === 'PersistentVolumeClaim' &&
    item.min?.['storage'] === undefined &&
    item.max?.['storage'] === undefined
  ) {
    errors.push(
      required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'),
    );
  }
  const resources = new Set(FIELDS.flatMap((field) => Object.keys(item[field] ?? {})));
  for (const resource of resources) errors.push(...validateOrder(item, resource, at));
  return errors;
}

/** min ≤ defaultRequest ≤ default ≤ max for one resource. */
function validateOrder(item: LimitRangeItem, resource: string, at: Path): FieldError[] {
  const [min, max] = [item.min?.[resource], item.max?.[resource]];
  const [request, limit] = [item.defaultRequest?.[resource], item.default?.[resource]];
  const errors: FieldError[] = [];
  const above = (low: string | undefined, high: string | undefined): boolean =>
    low !== undefined && high !== undefined && compareQuantities(low, high) > 0;
  const say = (field: string, value: string | undefined, message: string): number =>
    errors.push(invalidValue(at.child(field).key(resource), value, message));
  if (above(min, max)) say('min', min, `min value ${min} is greater than max value ${max}`);
  if (above(min, request))
    say('defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  if (above(request, max))
    say('defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  if (above(request, limit))
    say('defaultRequest', request, `default request value ${request} is greater than default limit value ${limit}`);
  if (above(min, limit)) say('default', min, `min value ${min} is greater than default value ${limit}`);
  if (above(limit, max)) say('default', max, `default value ${limit} is greater than max value ${max}`);
  const ratio = item.maxLimitRequestRatio?.[resource];
  if (ratio !== undefined && compareQuantities(ratio, '1') < 0) {
    say('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
  }
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const possible = thousandths(max) / thousandths(min);
    if (thousandths(ratio) / 1000 > possible)
      say('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`);
  }
  if (
    request !== undefined &&
    limit !== undefined &&
    !isOvercommitAllowed(resource) &&
    compareQuantities(request, limit) !== 0
  ) {
    say(
      'defaultRequest',
      request,
      `default value ${limit} must equal to defaultRequest value ${request} in ${resource}`,
    );
  }
  return errors;
}

function validateLimitRange(range: LimitRange): FieldError[] {
  const types = new Set<string>();
  return (range.spec?.limits ?? []).flatMap((item, index) => {
    const at = path('spec', 'limits').index(index);
    const errors = validateItem(item, at);
    if (types.has(item.type)) errors.push(duplicate(at.child('type'), item.type));
    types.add(item.type);
    return errors;
  });
}

export const limitranges: ResourceRegistration<LimitRange> = {
  resource: { group: '', resource: 'limitranges' },
  strategy: {
    allowCreateOnUpdate: true,
    hasGeneration: false,
    default(range) {
      for (const item of range.spec?.limits ?? []) defaultItem(item);
    },
    prepareForCreate(range) {
      if (!range.metadata?.name) range.metadata = { ...range.metadata, name: randomUUID() };
    },
    canonicalize: (range) => withoutEmpty(range.spec, 'limits', null),
    validate: validateLimitRange,
    validateUpdate: validateLimitRange,
  },
};
