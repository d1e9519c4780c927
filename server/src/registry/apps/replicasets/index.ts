import { deepCopy } from '@typernetes/openapi/schema';
import type { ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import { defaultPodTemplate } from '../../core/pod/template.ts';
import { podNameWarnings, workloadWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { formatLabelSelector, labelSelectorText } from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError } from '../../validation/index.ts';
import { immutable, nonNegativeFields, path, required } from '../../validation/index.ts';
import { replicaTable, validateReplicaCounts } from './replicas.ts';
import { validateReplicaTemplate } from './template.ts';

const spec = path('spec');

function validateReplicaSet(set: ReplicaSet): FieldError[] {
  const given = set.spec;
  if (!given) return [required(spec.child('selector'), ''), required(spec.child('template'), '')];
  return [
    ...nonNegativeFields(spec, given, ['replicas', 'minReadySeconds']),
    ...validateReplicaTemplate(given.selector, given.template),
  ];
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
  table: replicaTable((set) => formatLabelSelector(set.spec?.selector)),
};
