import type { StorageVersion } from '@typernetes/openapi/types/internal/v1alpha1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, joinAtMost, nameColumn, text } from '../../printing/index.ts';
import { storageVersionName, validateStatus } from './validate.ts';

export const storageversions: ResourceRegistration<StorageVersion> = {
  resource: { group: 'internal.apiserver.k8s.io', resource: 'storageversions' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    statusKeepsMetadata: true,
    validateName: storageVersionName,
    prepareForCreate(version) {
      version.status = {};
    },
    prepareForUpdate(version, old) {
      version.status = structuredClone(old.status ?? {});
    },
    validateStatusUpdate: ({ status }) => validateStatus(status),
  },
  table: {
    columns: [nameColumn, text('CommonEncodingVersion'), text('StorageVersions'), ageColumn],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      object.status?.commonEncodingVersion ?? '<unset>',
      joinAtMost(
        (object.status?.storageVersions ?? []).map((each) => `${each.apiServerID ?? ''}=${each.encodingVersion ?? ''}`),
        3,
      ),
      age(object, now),
    ],
  },
};
