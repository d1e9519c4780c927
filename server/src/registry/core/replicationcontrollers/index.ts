import type { ReplicationController } from '@typernetes/openapi/types/core/v1';
import { replicaTable, validateReplicaCounts } from '../../apps/replicasets/replicas.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { formatLabels } from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError } from '../../validation/index.ts';
import { nonNegativeFields, path, required } from '../../validation/index.ts';
import {
  defaultPodTemplate,
  validateLabelsInTemplate,
  validateLongRunningTemplate,
  validatePodTemplate,
} from '../pod/template.ts';
import { isSameGeneration, podNameWarnings, templateWarnings, workloadWarnings } from '../pod/warnings.ts';

const spec = path('spec');
const warnings = workloadWarnings<ReplicationController>(({ spec: given }) => given?.template);

function validateController(controller: ReplicationController): FieldError[] {
  const given = controller.spec ?? {};
  const template = spec.child('template');
  const errors = nonNegativeFields(spec, given, ['minReadySeconds']);
  if (Object.keys(given.selector ?? {}).length === 0) errors.push(required(spec.child('selector'), ''));
  errors.push(...nonNegativeFields(spec, given, ['replicas']));
  if (!given.template) return [...errors, required(template, '')];
  return [
    ...errors,
    ...validateLabelsInTemplate(given.selector ?? {}, given.template, template),
    ...validatePodTemplate(given.template, template),
    ...validateLongRunningTemplate(given.template, 'ReplicationController', template),
  ];
}

export const replicationcontrollers: ResourceRegistration<ReplicationController> = {
  resource: { group: '', resource: 'replicationcontrollers' },
  storagePrefix: 'controllers',
  strategy: {
    warningsOnCreate: (controller) => [...podNameWarnings(controller), ...warnings.warningsOnCreate(controller)],
    // Upstream looks at the template that was.
    warningsOnUpdate: (controller, old) =>
      isSameGeneration(controller, old) ? [] : templateWarnings(old.spec?.template, spec.child('template')),
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
  table: replicaTable((controller) => formatLabels(controller.spec?.selector)),
};
