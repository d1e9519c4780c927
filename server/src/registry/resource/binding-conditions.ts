/** The conditions by which a device, or what was allocated of it, is told to be ready. */
import { duplicate, type FieldError, invalidValue, type Path } from '../validation/index.ts';
import { validateCondition, validateItems, validateUnique } from './names.ts';

const maxConditions = 4;

interface ConditionNames {
  bindingConditions?: readonly string[];
  bindingFailureConditions?: readonly string[];
}

/** Conditions that say a device is ready, and those that say it never will be: both or none. */
export function validateBinding(device: ConditionNames, at: Path): FieldError[] {
  const { bindingConditions: ready = [], bindingFailureConditions: failed = [] } = device;
  const readyAt = at.child('bindingConditions');
  const failedAt = at.child('bindingFailureConditions');
  const errors = [
    ...validateItems(ready, maxConditions, validateCondition, readyAt),
    ...validateItems(failed, maxConditions, validateCondition, failedAt),
  ];
  errors.push(...validateUnique(ready, (index) => readyAt.index(index)));
  const succeeds = new Set(ready);
  const failures = new Set<string>();
  for (const [index, name] of failed.entries()) {
    if (failures.has(name)) errors.push(duplicate(failedAt.index(index), name));
    failures.add(name);
    if (succeeds.has(name)) {
      const message = 'bindingFailureConditions must not overlap with bindingConditions';
      errors.push(invalidValue(failedAt.index(index), name, message));
    }
  }
  const other = (at: Path, missing: string, given: string): FieldError =>
    invalidValue(at, null, `${missing} are required to use ${given}`);
  if (ready.length === 0 && failed.length > 0)
    errors.push(other(readyAt, 'bindingConditions', 'bindingFailureConditions'));
  if (failed.length === 0 && ready.length > 0)
    errors.push(other(failedAt, 'bindingFailureConditions', 'bindingConditions'));
  return errors;
}
