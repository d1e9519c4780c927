import type { StorageVersionMigration } from '@typernetes/openapi/types/storagemigration/v1beta1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { text } from '../../printing/index.ts';
import { immutable, path } from '../../validation/index.ts';
import { validateMigration, validateMigrationStatus } from './validate.ts';

export const storageversionmigrations: ResourceRegistration<StorageVersionMigration> = {
  resource: { group: 'storagemigration.k8s.io', resource: 'storageversionmigrations' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    statusKeepsMetadata: true,
    prepareForCreate(migration) {
      migration.status = {};
    },
    prepareForUpdate(migration, old) {
      migration.status = structuredClone(old.status ?? {});
    },
    validate: validateMigration,
    validateUpdate: (migration, old) => [
      ...validateMigration(migration),
      ...immutable(path('spec'), migration.spec, old.spec),
    ],
    validateStatusUpdate: validateMigrationStatus,
  },
  table: {
    columns: [text('Name'), text('Resource'), text('Status')],
    cells(migration) {
      const { group = '', resource = '' } = migration.spec?.resource ?? {};
      const current = (migration.status?.conditions ?? []).findLast(
        ({ type, status }) => status === 'True' && ['Running', 'Failed', 'Succeeded'].includes(type),
      );
      return [
        migration.metadata?.name ?? '',
        group === '' ? resource : `${resource}.${group}`,
        current?.type ?? 'Unknown',
      ];
    },
  },
};
