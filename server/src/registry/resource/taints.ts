/** Taints of devices and what tolerates them. */
import type { DeviceTaint, DeviceToleration } from '@typernetes/openapi/types/resource/v1';
import {
  checked,
  type FieldError,
  invalidValue,
  labelValue,
  oneOf,
  optionalOneOf,
  type Path,
} from '../validation/index.ts';
import { validateCondition } from './names.ts';

const effects = ['NoExecute', 'NoSchedule', 'None'];
const operators = ['Equal', 'Exists'];

/** An effect that was there before stays right. */
export function validateTaint(
  { key, value, effect }: Partial<DeviceTaint>,
  at: Path,
  old?: Partial<DeviceTaint>,
): FieldError[] {
  return [
    ...validateCondition(key, at.child('key')),
    ...(value ? checked(at.child('value'), value, labelValue(value)) : []),
    ...(old !== undefined && old.effect === effect ? [] : oneOf(at.child('effect'), effect, effects)),
  ];
}

export function validateTolerations(tolerations: readonly DeviceToleration[] | undefined, at: Path): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) => validateToleration(toleration, at.index(index)));
}

function validateToleration({ key, operator, value = '', effect }: DeviceToleration, at: Path): FieldError[] {
  const errors = key ? validateCondition(key, at.child('key')) : [];
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalidValue(at.child('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...checked(at.child('value'), value, labelValue(value)));
  else errors.push(...oneOf(at.child('operator'), operator, operators));
  return [...errors, ...optionalOneOf(at.child('effect'), effect || undefined, effects)];
}
