import type { DeviceClass } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';
import { type FieldError, invalidValue, isExtendedResource, nameIsDnsSubdomain, path } from '../../validation/index.ts';
import { maxConfigurations, validateConfiguration } from '../configuration.ts';
import { validateItems } from '../names.ts';
import { validateDeviceSelectors } from '../selectors.ts';

function validateClass({ spec }: DeviceClass): FieldError[] {
  const name = spec?.extendedResourceName;
  const nameAt = path('spec', 'extendedResourceName');
  return [
    ...validateDeviceSelectors(spec?.selectors, path('spec', 'selectors')),
    ...validateItems(spec?.config, maxConfigurations, validateConfiguration, path('spec', 'config')),
    ...(name == null || isExtendedResource(name)
      ? []
      : [invalidValue(nameAt, name, 'must be a valid extended resource name')]),
  ];
}

export const deviceclasses: ResourceRegistration<DeviceClass> = {
  resource: { group: 'resource.k8s.io', resource: 'deviceclasses' },
  strategy: {
    // Said by upstream's newer rules, which count bytes.
    validateName: (name, prefix) =>
      prefix
        ? []
        : nameIsDnsSubdomain(name, false).map((text) =>
            text.replace(/^(must be no more than \d+) characters$/, '$1 bytes'),
          ),
    validate: validateClass,
    validateUpdate: validateClass,
  },
  table: { columns: [nameColumn, ageColumn], cells: (object, now) => [object.metadata?.name ?? '', age(object, now)] },
};
