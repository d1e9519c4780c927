import type { PodTemplate } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { containerCells, formatLabels, nameColumn, text } from '../../printing/index.ts';
import { path } from '../../validation/index.ts';
import { defaultPodTemplate, validatePodTemplate } from '../pod/template.ts';
import { workloadWarnings } from '../pod/warnings.ts';

export const podtemplates: ResourceRegistration<PodTemplate> = {
  resource: { group: '', resource: 'podtemplates' },
  strategy: {
    ...workloadWarnings(({ template }) => template, path('template')),
    hasGeneration: true,
    default: (object) => defaultPodTemplate(object.template),
    validate: (object) => validatePodTemplate(object.template, path('template')),
    validateUpdate: (object) => validatePodTemplate(object.template, path('template')),
  },
  table: {
    columns: [nameColumn, text('Containers'), text('Images'), text('Pod Labels')],
    cells: (object) => [
      object.metadata?.name ?? '',
      ...containerCells(object.template?.spec?.containers),
      formatLabels(object.template?.metadata?.labels),
    ],
  },
};
