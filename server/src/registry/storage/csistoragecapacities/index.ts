import type { CSIStorageCapacity } from '@typernetes/openapi/types/storage/v1';
import { nodeSelectorWarnings } from '../../core/node/deprecated-labels.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  immutable,
  invalidValue,
  NOT_NEGATIVE,
  path,
  sign,
  validateLabelSelector,
} from '../../validation/index.ts';

function validateCapacity(object: CSIStorageCapacity, old?: Readonly<CSIStorageCapacity>): FieldError[] {
  return [
    ...validateLabelSelector(object.nodeTopology, path('nodeTopology'), [old?.nodeTopology]),
    ...checked(
      path('storageClassName'),
      object.storageClassName ?? '',
      dns1123Subdomain(object.storageClassName ?? ''),
    ),
    ...(sign(object.capacity) < 0 ? [invalidValue(path('capacity'), object.capacity, NOT_NEGATIVE)] : []),
  ];
}

const topologyWarnings = ({ nodeTopology }: CSIStorageCapacity): string[] =>
  nodeSelectorWarnings(nodeTopology, path('nodeTopology'));

export const csistoragecapacities: ResourceRegistration<CSIStorageCapacity> = {
  resource: { group: 'storage.k8s.io', resource: 'csistoragecapacities' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    warningsOnCreate: topologyWarnings,
    warningsOnUpdate: topologyWarnings,
    validate: (capacity) => validateCapacity(capacity),
    validateUpdate: (object, old) => [
      ...validateCapacity(object, old),
      ...immutable(path('nodeTopology'), object.nodeTopology, old.nodeTopology),
      ...immutable(path('storageClassName'), object.storageClassName, old.storageClassName),
    ],
  },
};
