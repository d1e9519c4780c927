/** What a Job does when a pod fails in a known way (KEP-3329). */
import { omitValue } from '@typernetes/openapi/meta';
import type { JobSpec, PodFailurePolicyRule } from '@typernetes/openapi/types/batch/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  invalidValue,
  notSupported,
  qualifiedName,
  required,
  tooMany,
} from '../../validation/index.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const MOST_RULES = 20;
const MOST_VALUES = 255;

/** Go's %q of a list. */
const valid = (values: readonly string[]): string => `valid values: [${values.map((value) => `"${value}"`).join(' ')}]`;

export function validateFailurePolicy(spec: JobSpec, at: Path): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  return [
    ...(rules.length > MOST_RULES ? [tooMany(at, rules.length, MOST_RULES)] : []),
    ...rules.flatMap((rule, index) => validateRule(rule, spec, names, at.index(index))),
  ];
}

function validateRule(rule: PodFailurePolicyRule, spec: JobSpec, names: ReadonlySet<string>, at: Path): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const here = at.child('action');
  const errors: FieldError[] = [];
  if (!action) errors.push(required(here, valid(ACTIONS)));
  else if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalidValue(here, action, 'requires the backoffLimitPerIndex to be set'));
  } else if (!ACTIONS.includes(action)) errors.push(notSupported(here, action, ACTIONS));
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, names, at.child('onExitCodes')));
  const conditions = at.child('onPodConditions');
  if (onPodConditions.length > MOST_RULES) errors.push(tooMany(conditions, onPodConditions.length, MOST_RULES));
  for (const [index, { type, status }] of onPodConditions.entries()) {
    const pattern = conditions.index(index);
    errors.push(...checked(pattern.child('type'), type, qualifiedName(type ?? '')));
    if (!status) errors.push(required(pattern.child('status'), valid(STATUSES)));
    else if (!STATUSES.includes(status)) errors.push(notSupported(pattern.child('status'), status, STATUSES));
  }
  if (onExitCodes && onPodConditions.length > 0)
    errors.push(invalidValue(at, omitValue, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!onExitCodes && onPodConditions.length === 0)
    errors.push(invalidValue(at, omitValue, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function validateExitCodes(
  { operator, containerName, ...given }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  names: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!operator) errors.push(required(at.child('operator'), valid(OPERATORS)));
  else if (!OPERATORS.includes(operator)) errors.push(notSupported(at.child('operator'), operator, OPERATORS));
  if (containerName !== undefined && !names.has(containerName)) {
    const message = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(at.child('containerName'), containerName, message));
  }
  const place = at.child('values');
  const values: readonly number[] = given.values ?? [];
  if (values.length === 0) errors.push(invalidValue(place, given.values ?? null, 'at least one value is required'));
  else if (values.length > MOST_VALUES) errors.push(tooMany(place, values.length, MOST_VALUES));
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalidValue(place.index(index), value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < index) errors.push(duplicate(place.index(index), value));
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] ?? 0) > value))
    errors.push(invalidValue(place, values, 'must be ordered'));
  return errors;
}
