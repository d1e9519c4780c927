import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { validateSlice, validateSliceUpdate } from './validate.ts';

export const resourceslices: ResourceRegistration<ResourceSlice> = {
  resource: { group: 'resource.k8s.io', resource: 'resourceslices' },
  strategy: { validate: validateSlice, validateUpdate: validateSliceUpdate },
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
