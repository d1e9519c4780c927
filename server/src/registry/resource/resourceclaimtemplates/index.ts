import type { ResourceClaimTemplate } from '@typernetes/openapi/types/resource/v1';
import { validateTemplateObjectMeta } from '../../core/pod/template-metadata.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';
import { type FieldError, immutable, path } from '../../validation/index.ts';
import { confirmAdminAccess } from '../admin-access.ts';
import { defaultDevices } from '../defaults.ts';
import { validateClaimSpec } from '../requests.ts';

const validateTemplate = ({ spec }: ResourceClaimTemplate): FieldError[] => [
  ...validateTemplateObjectMeta(spec?.metadata, path('spec', 'metadata')),
  ...validateClaimSpec(spec?.spec, path('spec', 'spec')),
];

export const resourceclaimtemplates: ResourceRegistration<ResourceClaimTemplate> = {
  resource: { group: 'resource.k8s.io', resource: 'resourceclaimtemplates' },
  strategy: {
    hasGeneration: false,
    default: (template) => defaultDevices(template.spec?.spec?.devices),
    canonicalize: (template) => withoutEmpty(template.spec?.spec?.devices, 'requests', null),
    validate: validateTemplate,
    validateUpdate: (template, old) => [
      ...validateTemplate(template),
      ...immutable(path('spec'), template.spec, old.spec),
    ],
  },
  beginCreate: (template, context) =>
    confirmAdminAccess(template, template.spec?.spec, () => validateTemplate(template), context),
  table: {
    columns: [nameColumn, ageColumn],
    cells: (template, now) => [template.metadata?.name ?? '', age(template, now)],
  },
};
