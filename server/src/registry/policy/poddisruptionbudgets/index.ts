import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  invalidValue,
  nonNegativeFields,
  optionalOneOf,
  path,
  validateConditions,
  validateIntOrPercent,
  validateLabelSelector,
  validateNotAbove100Percent,
} from '../../validation/index.ts';

const spec = path('spec');
const NO_STATUS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

function validateBudget(budget: PodDisruptionBudget, old?: Readonly<PodDisruptionBudget>): FieldError[] {
  const given = budget.spec ?? {};
  const errors: FieldError[] = [];
  if (given.minAvailable != null && given.maxUnavailable != null) {
    errors.push(invalidValue(spec, given, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    errors.push(
      ...validateIntOrPercent(given[field], spec.child(field)),
      ...validateNotAbove100Percent(given[field], spec.child(field)),
    );
  }
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  return [
    ...errors,
    ...validateLabelSelector(given.selector, spec.child('selector'), [old?.spec?.selector]),
    ...optionalOneOf(spec.child('unhealthyPodEvictionPolicy'), given.unhealthyPodEvictionPolicy, policies),
  ];
}

export const poddisruptionbudgets: ResourceRegistration<PodDisruptionBudget> = {
  resource: { group: 'policy', resource: 'poddisruptionbudgets' },
  strategy: {
    allowUnconditionalUpdate: false,
    prepareForCreate(budget) {
      budget.status = { ...NO_STATUS };
    },
    prepareForUpdate(budget, old) {
      budget.status = structuredClone(old.status ?? { ...NO_STATUS });
    },
    validate: (budget) => validateBudget(budget),
    validateUpdate: validateBudget,
    validateStatusUpdate: (budget) => [
      ...validateConditions(budget.status?.conditions, path('status', 'conditions')),
      ...nonNegativeFields(path('status'), budget.status, [
        'disruptionsAllowed',
        'currentHealthy',
        'desiredHealthy',
        'expectedPods',
      ]),
    ],
  },
  table: {
    columns: [nameColumn, text('Min Available'), text('Max Unavailable'), integer('Allowed Disruptions'), ageColumn],
    cells: (budget, now) => [
      budget.metadata?.name ?? '',
      String(budget.spec?.minAvailable ?? 'N/A'),
      String(budget.spec?.maxUnavailable ?? 'N/A'),
      budget.status?.disruptionsAllowed ?? 0,
      age(budget, now),
    ],
  },
};
