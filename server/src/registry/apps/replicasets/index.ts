import { deepCopy } from '@typernetes/openapi/schema';
import type { ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import {
  defaultPodTemplate,
  validateLongRunningTemplate,
  validatePodTemplate,
  validateSelectsTemplate,
  validateWorkloadSelector,
} from '../../core/pod/template.ts';
import { podNameWarnings, workloadWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import {
  age,
  ageColumn,
  containerCells,
  formatLabelSelector,
  integer,
  labelSelectorText,
  nameColumn,
  text,
} from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import { immutable, invalidValue, nonNegativeFields, path, required } from '../../validation/index.ts';

const spec = path('spec');

function validateReplicaSet(set: ReplicaSet): FieldError[] {
  const given = set.spec;
  if (!given) return [required(spec.child('selector'), ''), required(spec.child('template'), '')];
  const template = spec.child('template');
  return [
    ...nonNegativeFields(spec, given, ['replicas', 'minReadySeconds']),
    ...validateWorkloadSelector(given.selector, 'deployment', spec.child('selector')),
    ...validateSelectsTemplate(given.selector, given.template, template),
    ...validatePodTemplate(given.template, template),
    ...validateLongRunningTemplate(given.template, 'ReplicaSet', template),
  ];
}

interface ReplicaCounts {
  replicas?: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
}

/** The same for ReplicaSets and ReplicationControllers. */
export function validateReplicaCounts(status: ReplicaCounts, at: Path): FieldError[] {
  const errors = nonNegativeFields(at, status, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
    'observedGeneration',
  ]);
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const value = status[field] ?? 0;
    if (value > (status.replicas ?? 0))
      errors.push(invalidValue(at.child(field), value, 'cannot be greater than status.replicas'));
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    errors.push(
      invalidValue(at.child('availableReplicas'), status.availableReplicas, 'cannot be greater than readyReplicas'),
    );
  }
  return errors;
}

const warnings = workloadWarnings(({ spec }: Readonly<ReplicaSet>) => spec?.template);

export const replicasets: ResourceRegistration<ReplicaSet> = {
  resource: { group: 'apps', resource: 'replicasets' },
  strategy: {
    ...warnings,
    warningsOnCreate: (set) => [...podNameWarnings(set), ...warnings.warningsOnCreate(set)],
    default(set) {
      if (!set.spec) return;
      if (set.spec.template) defaultPodTemplate(set.spec.template);
      set.spec.replicas ??= 1;
    },
    prepareForCreate(set) {
      set.status = { replicas: 0 };
    },
    prepareForUpdate(set, old) {
      set.status = deepCopy(old.status ?? { replicas: 0 });
    },
    validate: validateReplicaSet,
    validateUpdate: (set, old) => [
      ...validateReplicaSet(set),
      ...immutable(spec.child('selector'), set.spec?.selector, old.spec?.selector),
    ],
    validateStatusUpdate: (set) => validateReplicaCounts(set.status ?? {}, path('status')),
  },
  deleteStrategy: { defaultGarbageCollection: 'Background' },
  subresources: { scale: scale((set) => labelSelectorText(set.spec?.selector) ?? '') },
  table: {
    columns: [
      nameColumn,
      integer('Desired'),
      integer('Current'),
      integer('Ready'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (set, now) => [
      set.metadata?.name ?? '',
      set.spec?.replicas ?? 0,
      set.status?.replicas ?? 0,
      set.status?.readyReplicas ?? 0,
      age(set, now),
      ...containerCells(set.spec?.template?.spec?.containers),
      formatLabelSelector(set.spec?.selector),
    ],
  },
};
