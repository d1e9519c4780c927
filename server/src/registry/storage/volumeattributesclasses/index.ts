import type { VolumeAttributesClass } from '@typernetes/openapi/types/storage/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { forbiddenField, path, semanticEqual } from '../../validation/index.ts';
import { validateParameters, validateProvisioner } from '../storageclasses/index.ts';

function validateClass({ driverName, parameters }: VolumeAttributesClass): FieldError[] {
  return [...validateProvisioner(driverName, path('driverName')), ...validateParameters(parameters, false)];
}

export const volumeattributesclasses: ResourceRegistration<VolumeAttributesClass> = {
  resource: { group: 'storage.k8s.io', resource: 'volumeattributesclasses' },
  strategy: {
    hasGeneration: false,
    validate: validateClass,
    validateUpdate: (object, old) => [
      ...(['driverName', 'parameters'] as const)
        .filter((field) => !semanticEqual(object[field], old[field]))
        .map((field) => forbiddenField(path(field), `updates to ${field} are forbidden.`)),
      ...validateClass(object),
    ],
  },
  table: {
    columns: [nameColumn, text('DriverName'), ageColumn],
    cells: (object, now) => [object.metadata?.name ?? '', object.driverName ?? '', age(object, now)],
  },
};
