import type { RuntimeClass } from '@typernetes/openapi/types/node/v1';
import { validateResources } from '../../core/pod/validate-resources.ts';
import { validateTolerations } from '../../core/pod/validate-scheduling.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { checked, dns1123Label, immutable, path, required, validateLabels } from '../../validation/index.ts';

function validateRuntimeClass(object: RuntimeClass): FieldError[] {
  return [
    ...(object.handler
      ? checked(path('handler'), object.handler, dns1123Label(object.handler))
      : [required(path('handler'), '')]),
    ...(object.overhead
      ? validateResources({ limits: object.overhead.podFixed ?? {} }, new Set(), path('overhead'))
      : []),
    ...validateLabels(object.scheduling?.nodeSelector, path('scheduling', 'nodeSelector')),
    ...validateTolerations(object.scheduling?.tolerations, path('scheduling', 'tolerations')),
  ];
}

export const runtimeclasses: ResourceRegistration<RuntimeClass> = {
  resource: { group: 'node.k8s.io', resource: 'runtimeclasses' },
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    validate: validateRuntimeClass,
    validateUpdate: (object, old) => [
      ...validateRuntimeClass(object),
      ...immutable(path('handler'), object.handler, old.handler),
    ],
  },
  table: {
    columns: [nameColumn, text('Handler'), ageColumn],
    cells: (object, now) => [object.metadata?.name ?? '', object.handler ?? '', age(object, now)],
  },
};
