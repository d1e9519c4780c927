import type { DeviceClass } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';
import { type FieldError, nameIsDnsSubdomain, path } from '../../validation/index.ts';
import { validateDeviceSelectors } from '../selectors.ts';

const validateClass = ({ spec }: DeviceClass): FieldError[] =>
  validateDeviceSelectors(spec?.selectors, path('spec', 'selectors'));

export const deviceclasses: ResourceRegistration<DeviceClass> = {
  resource: { group: 'resource.k8s.io', resource: 'deviceclasses' },
  strategy: {
    validateName: (name, prefix) => (prefix ? [] : nameIsDnsSubdomain(name, false)),
    validate: validateClass,
    validateUpdate: validateClass,
  },
  table: { columns: [nameColumn, ageColumn], cells: (object, now) => [object.metadata?.name ?? '', age(object, now)] },
};
