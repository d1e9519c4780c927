/** How much of a device's capacity can be asked for at once. */
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '@typernetes/openapi/types/resource/v1';
import {
  compareQuantities,
  type FieldError,
  forbiddenField,
  invalidValue,
  type Path,
  quantityOf,
  required,
} from '../../validation/index.ts';
import { validateSet } from '../names.ts';

const maxOptions = 10;

export function validateCapacity({ value, requestPolicy }: DeviceCapacity, shared: boolean, at: Path): FieldError[] {
  if (!requestPolicy) return [];
  const here = at.child('requestPolicy');
  if (!shared) return [forbiddenField(here, 'allowMultipleAllocations must be true')];
  return validatePolicy(requestPolicy, value ?? '0', here);
}

function validatePolicy(policy: CapacityRequestPolicy, capacity: string, at: Path): FieldError[] {
  const { validRange, validValues = [] } = policy;
  if (validValues.length > 0 && validRange) {
    const message =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbiddenField(at, message)];
  }
  if (validValues.length === 0 && !validRange) return [];
  const field = validRange ? 'validRange' : 'validValues';
  if (policy.default == null) return [required(at.child('default'), `required when ${field} is defined`)];
  return validRange
    ? validateRange(validRange, policy.default, capacity, at.child(field))
    : validateOptions(validValues, policy.default, capacity, at.child(field));
}

function validateOptions(options: readonly string[], chosen: string, capacity: string, at: Path): FieldError[] {
  const errors = options.flatMap((option, index) => {
    const before = options[index - 1];
    return before !== undefined && compareQuantities(before, option) > 0
      ? [invalidValue(at.index(index), option, 'values must be sorted in ascending order')]
      : [];
  });
  const check = (option: string, at: Path): FieldError[] =>
    compareQuantities(option, capacity) > 0
      ? [invalidValue(at, option, `option is larger than capacity value: ${capacity}`)]
      : [];
  errors.push(...validateSet(options, maxOptions, check, (option) => String(whole(option)), at));
  if (options.length > maxOptions || !options.some((option) => compareQuantities(option, chosen) === 0))
    errors.push(invalidValue(at, chosen, 'default value is not valid according to the requestPolicy'));
  return errors;
}

function validateRange(range: CapacityRequestPolicyRange, chosen: string, capacity: string, at: Path): FieldError[] {
  const { min, max, step } = range;
  if (min == null) return [required(at.child('min'), 'required when validRange is defined')];
  const larger = `larger than capacity value: ${capacity}`;
  const errors: FieldError[] = [];
  const unless = (wrong: boolean, field: string, value: string, message: string): void => {
    if (wrong) errors.push(invalidValue(at.child(field), value, message));
  };
  unless(compareQuantities(min, capacity) > 0, 'min', min, `min is ${larger}`);
  unless(compareQuantities(chosen, min) < 0, 'min', chosen, `default is less than min: ${min}`);
  if (max != null) {
    unless(compareQuantities(min, max) > 0, 'max', min, `min is larger than max: ${max}`);
    unless(compareQuantities(max, capacity) > 0, 'max', max, `max is ${larger}`);
    unless(compareQuantities(chosen, max) > 0, 'max', chosen, `default is more than max: ${max}`);
  }
  if (step == null) return errors;
  const first = quantityOf(min);
  const length = quantityOf(step);
  const next = first && length ? first.add(length).toString() : min;
  unless(compareQuantities(next, capacity) > 0, 'step', step, `one step ${next} is ${larger}`);
  const multiple = `value is not a multiple of a given step (${step}) from (${min})`;
  for (const value of max == null ? [chosen] : [chosen, max]) {
    const steps = whole(step);
    unless(steps === 0n || (whole(value) - whole(min)) % steps !== 0n, 'step', value, multiple);
  }
  return errors;
}

const whole = (value: string): bigint => quantityOf(value)?.scaledBigInt(0) ?? 0n;
