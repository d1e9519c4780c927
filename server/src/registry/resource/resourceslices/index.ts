import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { defaultTaints } from '../defaults.ts';
import { validateSlice, validateSliceUpdate } from './validate.ts';

function defaultDevices({ spec }: ResourceSlice): void {
  for (const { taints } of spec?.devices ?? []) defaultTaints(taints);
}

/** Of features that v1.36 leaves off: they are in the schema, and are dropped from what clients send. */
function dropDisabledFields(slice: ResourceSlice): void {
  for (const device of slice.spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings; // DRANodeAllocatableResources
    for (const attribute of Object.values(device.attributes ?? {}))
      for (const list of ['bools', 'ints', 'strings', 'versions'] as const) delete attribute[list]; // DRAListTypeAttributes
  }
}

const warnings = ({ spec }: ResourceSlice): string[] => {
  const driver = spec?.driver ?? '';
  const message = `spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`;
  return driver === driver.toLowerCase() ? [] : [message];
};

export const resourceslices: ResourceRegistration<ResourceSlice> = {
  resource: { group: 'resource.k8s.io', resource: 'resourceslices' },
  strategy: {
    default: defaultDevices,
    canonicalize: ({ spec }) => withoutEmpty(spec, 'sharedCounters', undefined),
    prepareForCreate: dropDisabledFields,
    prepareForUpdate: dropDisabledFields,
    validate: validateSlice,
    validateUpdate: validateSliceUpdate,
    warningsOnCreate: warnings,
    warningsOnUpdate: warnings,
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
