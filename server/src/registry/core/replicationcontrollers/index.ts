import type { ReplicationController } from '@typernetes/openapi/types/core/v1';
import { validateReplicaCounts } from '../../apps/replicasets/index.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, containerCells, formatLabels, integer, nameColumn, text } from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError } from '../../validation/index.ts';
import { nonNegativeFields, path, required } from '../../validation/index.ts';
import {
  defaultPodTemplate,
  validateLongRunningTemplate,
  validatePodTemplate,
  validateSelectsTemplate,
} from '../pod/template.ts';
import { workloadWarnings } from '../pod/warnings.ts';

const spec = path('spec');

function validateController(controller: ReplicationController): FieldError[] {
  const given = controller.spec ?? {};
  const template = spec.child('template');
  const errors = nonNegativeFields(spec, given, ['minReadySeconds']);
  if (Object.keys(given.selector ?? {}).length === 0) errors.push(required(spec.child('selector'), ''));
  errors.push(...nonNegativeFields(spec, given, ['replicas']));
  if (!given.template) return [...errors, required(template, '')];
  return [
    ...errors,
    ...validateSelectsTemplate({ matchLabels: given.selector ?? {} }, given.template, template),
    ...validatePodTemplate(given.template, template),
    ...validateLongRunningTemplate(given.template, 'ReplicationController', template),
  ];
}

export const replicationcontrollers: ResourceRegistration<ReplicationController> = {
  resource: { group: '', resource: 'replicationcontrollers' },
  storagePrefix: 'controllers',
  strategy: {
    ...workloadWarnings(({ spec }) => spec?.template),
    default(controller) {
      const given = (controller.spec ??= {});
      if (given.template) defaultPodTemplate(given.template);
      const labels = given.template?.metadata?.labels;
      if (labels) {
        if (Object.keys(given.selector ?? {}).length === 0) given.selector = { ...labels };
        if (Object.keys(controller.metadata?.labels ?? {}).length === 0) {
          controller.metadata = { ...controller.metadata, labels: { ...labels } };
        }
      }
      given.replicas ??= 1;
    },
    prepareForCreate(controller) {
      controller.status = { replicas: 0 };
    },
    prepareForUpdate(controller, old) {
      controller.status = structuredClone(old.status ?? { replicas: 0 });
    },
    validate: validateController,
    validateUpdate: validateController,
    validateStatusUpdate: (controller) => validateReplicaCounts(controller.status ?? {}, path('status')),
  },
  deleteStrategy: { defaultGarbageCollection: 'Orphan' },
  selectableFields: { 'status.replicas': (controller) => String(controller.status?.replicas ?? 0) },
  subresources: {
    scale: scale((controller) =>
      Object.entries(controller.spec?.selector ?? {})
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    ),
  },
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
    cells: (controller, now) => [
      controller.metadata?.name ?? '',
      controller.spec?.replicas ?? 0,
      controller.status?.replicas ?? 0,
      controller.status?.readyReplicas ?? 0,
      age(controller, now),
      ...containerCells(controller.spec?.template?.spec?.containers),
      formatLabels(controller.spec?.selector),
    ],
  },
};
