import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { immutable, path, required } from '../../validation/index.ts';

const spec = path('spec');

export const resourceslices: ResourceRegistration<ResourceSlice> = {
  resource: { group: 'resource.k8s.io', resource: 'resourceslices' },
  strategy: {
    validate: (slice) => [
      ...(slice.spec?.driver ? [] : [required(spec.child('driver'), '')]),
      ...(slice.spec?.pool?.name ? [] : [required(spec.child('pool', 'name'), '')]),
    ],
    validateUpdate: (slice, old) =>
      (['driver', 'nodeName'] as const)
        .flatMap((field) => immutable(spec.child(field), slice.spec?.[field], old.spec?.[field]))
        .concat(immutable(spec.child('pool', 'name'), slice.spec?.pool?.name, old.spec?.pool?.name)),
  },
  selectableFields: {
    'spec.nodeName': (slice) => slice.spec?.nodeName ?? '',
    'spec.driver': (slice) => slice.spec?.driver ?? '',
  },
  table: {
    columns: [nameColumn, text('Node'), text('Driver'), text('Pool'), ageColumn],
    cells: (slice, now) => [
      slice.metadata?.name ?? '',
      slice.spec?.nodeName ?? '',
      slice.spec?.driver ?? '',
      slice.spec?.pool?.name ?? '',
      age(slice, now),
    ],
  },
};
