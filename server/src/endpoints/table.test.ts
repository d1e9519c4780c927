import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeForStorage, joinParts } from '@typernetes/openapi/codec';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { type EntryReader, EntryView } from '../registry/generic/entry-view.ts';
import type { TableDefinition } from '../registry/generic/table.ts';
import { age } from '../registry/printing/index.ts';
import { encodeRow, type RowSource } from './table.ts';

const reader: EntryReader = {
  storageApiVersion: 'v1',
  attributes: () => ({ name: '', namespace: '', labels: {}, fields: {} }),
  convertFromStorage: (object) => object,
};
const object: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'one',
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [
      { manager: 'a "]}', operation: 'Update', apiVersion: 'v1', fieldsV1: { 'f:metadata': { '.': {} } } },
    ],
    labels: { app: 'one' },
  },
};

function rows(untyped: boolean, made: KubernetesObject[] = []) {
  const table: TableDefinition = {
    columns: [{ name: 'Name', type: 'string' }],
    cells(shown, now) {
      made.push(shown);
      return [shown.metadata?.name ?? '', shown.metadata?.labels?.app ?? '', age(shown, now)];
    },
  };
  const source: RowSource = {
    reader,
    apiVersion: 'v1',
    table,
    metaApiVersion: 'meta.k8s.io/v1',
    include: 'Metadata',
    untyped,
  };
  const view = EntryView.of({
    key: 'one',
    value: encodeForStorage(object),
    createRevision: 7,
    modRevision: 7,
    memo: undefined,
  });
  return (now: string) =>
    JSON.parse(String(joinParts(encodeRow(view, source, new Date(now))))) as {
      cells: string[];
      object: KubernetesObject;
    };
}

test('the cells of a row are made once, and its age is that of the request', () => {
  const made: KubernetesObject[] = [];
  const row = rows(false, made);
  assert.deepEqual(row('2026-01-01T00:00:05Z').cells, ['one', 'one', '5s']);
  const later = row('2026-01-03T01:00:00Z');
  assert.deepEqual(later.cells, ['one', 'one', '2d1h']);
  assert.deepEqual(later.object.metadata, { resourceVersion: '7', ...object.metadata });
  assert.equal(made.length, 1);
});

test('columns of custom resources see managed fields, others need not be read for them', () => {
  const [whole, short]: [KubernetesObject[], KubernetesObject[]] = [[], []];
  rows(true, whole)('2026-01-01T00:00:05Z');
  rows(false, short)('2026-01-01T00:00:05Z');
  const { managedFields, ...rest } = object.metadata!;
  assert.deepEqual(whole[0]?.metadata, { ...rest, managedFields, resourceVersion: '7' });
  assert.deepEqual(short[0]?.metadata, { ...rest, resourceVersion: '7' });
});
