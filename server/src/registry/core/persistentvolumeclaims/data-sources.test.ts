import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolumeClaimSpec } from '@typernetes/openapi/types/core/v1';
import { alignDataSources, dropDataSources } from './data-sources.ts';

function created(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  dropDataSources(spec, undefined);
  alignDataSources(spec);
  return spec;
}

const claim = { kind: 'PersistentVolumeClaim', name: 'a' };
const other = { apiGroup: 'example.com', kind: 'Thing', name: 'a' };

test('the old field takes claims and snapshots, the new one anything', () => {
  assert.deepEqual(created({ dataSource: claim }), { dataSource: claim, dataSourceRef: claim });
  assert.deepEqual(created({ dataSource: other }), {});
  const decoded = JSON.parse('{"apiGroup":null,"kind":"PersistentVolumeClaim","name":"a"}') as typeof other;
  assert.deepEqual(created({ dataSource: decoded }), { dataSource: decoded, dataSourceRef: decoded });
  assert.deepEqual(created({ dataSourceRef: other }), { dataSource: other, dataSourceRef: other });
});

test('another namespace is behind a feature that is off', () => {
  assert.deepEqual(created({ dataSourceRef: { ...other, namespace: 'x' } }), {});
});

test('what a claim has it keeps', () => {
  const spec = { dataSource: other };
  dropDataSources(spec, { dataSource: other });
  assert.deepEqual(spec, { dataSource: other });
});
