import type { PriorityClass } from '@typernetes/openapi/types/scheduling/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, boolean, integer, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { forbiddenField, immutable, oneOf, path } from '../../validation/index.ts';

const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const SYSTEM_CLASSES: Record<string, number> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

function systemProblem(object: PriorityClass): string | undefined {
  const name = object.metadata?.name ?? '';
  const value = SYSTEM_CLASSES[name];
  if (value === undefined) return `${name} is not a known system priority class`;
  if (value !== object.value) return `value of ${name} PriorityClass must be ${value}`;
  return object.globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateClass(object: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((object.metadata?.name ?? '').startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(object);
    const message = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
    if (problem !== undefined) errors.push(forbiddenField(path('metadata', 'name'), message));
  } else if ((object.value ?? 0) > HIGHEST_USER_PRIORITY) {
    errors.push(
      forbiddenField(path('value'), `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`),
    );
  }
  return [...errors, ...oneOf(path('preemptionPolicy'), object.preemptionPolicy, ['PreemptLowerPriority', 'Never'])];
}

export const priorityclasses: ResourceRegistration<PriorityClass> = {
  resource: { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
  strategy: {
    // One forever: changes are not counted.
    hasGeneration: false,
    default(object) {
      object.preemptionPolicy ??= 'PreemptLowerPriority';
    },
    prepareForCreate(object) {
      object.metadata = { ...object.metadata, generation: 1 };
    },
    validate: validateClass,
    validateUpdate: (object, old) => [
      ...((object.value ?? 0) === (old.value ?? 0)
        ? []
        : [forbiddenField(path('value'), 'may not be changed in an update.')]),
      ...immutable(path('preemptionPolicy'), object.preemptionPolicy, old.preemptionPolicy),
    ],
  },
  table: {
    columns: [nameColumn, integer('Value'), boolean('Global-Default'), ageColumn, text('PreemptionPolicy')],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      object.value ?? 0,
      object.globalDefault ?? false,
      age(object, now),
      object.preemptionPolicy ?? '',
    ],
  },
};
