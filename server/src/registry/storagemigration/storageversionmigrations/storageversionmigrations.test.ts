import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StorageVersionMigration } from '@typernetes/openapi/types/storagemigration/v1beta1';
import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';
import { validateMigrationStatus } from './validate.ts';

const migrations: Kind = {
  apiVersion: 'storagemigration.k8s.io/v1beta1',
  kind: 'StorageVersionMigration',
  resource: 'storageversionmigrations',
  example: { spec: { resource: { group: 'apps', resource: 'deployments' } } },
};

refusals('StorageVersionMigrations', migrations, {
  'no resource': [{ 'spec/resource': {} }, 'spec.resource.resource: Required value: resource is required to be set'],
  'the core group': [{ 'spec/resource/group': '' }],
});

refusedUpdates('StorageVersionMigrations', migrations, {
  'another resource': [{ 'spec/resource/resource': 'pods' }, 'spec: Invalid value: {…}: field is immutable'],
});

test('a migration ends once, and one way', () => {
  const of = (...types: string[]): StorageVersionMigration => ({
    status: {
      conditions: types.map((type) => ({
        type,
        status: 'True',
        reason: 'Because',
        message: '',
        lastTransitionTime: '2026-01-02T03:04:05Z',
      })),
    },
  });
  const told = (now: StorageVersionMigration, old: StorageVersionMigration): string[] =>
    validateMigrationStatus(now, old).map(({ detail }) => detail);
  assert.deepEqual(told(of('Succeeded'), of('Running')), []);
  assert.match(told(of('Succeeded', 'Failed'), of()).join(), /^Both success and failed/);
  assert.match(told(of('Running'), of('Succeeded')).join(), /^Success condition cannot be set to false/);
  assert.match(told(of('Running'), of('Failed')).join(), /^Failed condition cannot be set to false/);
});
