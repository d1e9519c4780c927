import type { Toleration } from '@typernetes/openapi/types/core/v1';
import type { RuntimeClass } from '@typernetes/openapi/types/node/v1';
import { nodeLabelWarnings } from '../../core/node/deprecated-labels.ts';
import { validateResources } from '../../core/pod/validate-resources.ts';
import { validateTolerations } from '../../core/pod/validate-scheduling.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { checked, dns1123Label, duplicate, immutable, path, required, validateLabels } from '../../validation/index.ts';

function validateRuntimeClass(object: RuntimeClass): FieldError[] {
  return [
    ...(object.handler
      ? checked(path('handler'), object.handler, dns1123Label(object.handler))
      : [required(path('handler'), '')]),
    ...(object.overhead
      ? validateResources({ limits: object.overhead.podFixed ?? {} }, new Set(), path('overhead'))
      : []),
    ...validateLabels(object.scheduling?.nodeSelector, path('scheduling', 'nodeSelector')),
    ...validateTolerations(object.scheduling?.tolerations, tolerationsPath),
    ...validateDistinct(object.scheduling?.tolerations ?? []),
  ];
}

const tolerationsPath = path('scheduling', 'tolerations');

function validateDistinct(tolerations: readonly Toleration[]): FieldError[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, index) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) return [duplicate(tolerationsPath.index(index), toleration)];
    seen.add(identity);
    return [];
  });
}

const schedulingWarnings = ({ scheduling }: RuntimeClass): string[] =>
  nodeLabelWarnings(
    Object.keys(scheduling?.nodeSelector ?? {}).map((key) => [key, path('scheduling', 'nodeSelector')]),
  );

export const runtimeclasses: ResourceRegistration<RuntimeClass> = {
  resource: { group: 'node.k8s.io', resource: 'runtimeclasses' },
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    warningsOnCreate: schedulingWarnings,
    warningsOnUpdate: schedulingWarnings,
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
