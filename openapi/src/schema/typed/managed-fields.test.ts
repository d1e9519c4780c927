import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, ManagedFieldsEntry } from '../../meta/object.ts';
import { decodeManagedFields, encodeManagedFields } from './managed-fields.ts';
import { buildManagerIdentifier, managerFromUserAgent } from './manager-identifier.ts';
import { fieldElement } from './path-element.ts';
import { parentManagedFields, scaleManagedFields } from './scale-handler.ts';
import { keepTimesIfUnchanged } from './timestamps.ts';

function entry(manager: string, operation: string, rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  return { manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} }, ...rest };
}

test('identifiers', () => {
  const rest = { time: '2024-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: {} };
  assert.equal(
    buildManagerIdentifier({ manager: 'm', operation: 'Update', apiVersion: 'v1', ...rest }),
    '{"manager":"m","operation":"Update","apiVersion":"v1"}',
  );
  assert.equal(
    buildManagerIdentifier({ manager: 'm', operation: 'Apply', apiVersion: 'v1', ...rest }),
    '{"manager":"m","operation":"Apply"}',
  );
  assert.equal(
    buildManagerIdentifier({ manager: '<m>', operation: 'Update', apiVersion: 'v1', subresource: 'status' }),
    String.raw`{"manager":"\u003cm\u003e","operation":"Update","apiVersion":"v1","subresource":"status"}`,
  );
});

test('managers of writes that name none', () => {
  const cases: [string, string][] = [
    ['kubectl/v1.36.2 (linux/amd64)', 'kubectl'],
    ['', ''],
    ['/x', ''],
    ['a\u0000b\tc d', 'abc d'],
    ['é'.repeat(100), 'é'.repeat(64)],
  ];
  for (const [agent, manager] of cases) assert.equal(managerFromUserAgent(agent), manager);
});

test('entries are put in order, in the shape upstream gives them', () => {
  const entries = [
    entry('b', 'Update', { time: '2024-01-02T00:00:00Z' }),
    entry('a', 'Update', { time: '2024-01-02T00:00:00Z', subresource: 'status' }),
    entry('a', 'Update', { time: '2024-01-02T00:00:00Z' }),
    entry('z', 'Update', { time: '2024-01-01T01:00:00.5+01:00' }),
    entry('y', 'Update'),
    entry('z', 'Apply', { time: '2025-01-01T00:00:00Z' }),
  ];
  const encoded = encodeManagedFields(decodeManagedFields(entries)) ?? [];
  assert.deepEqual(
    encoded.map(({ manager, operation, time, subresource }) => [manager, operation, time, subresource]),
    [
      ['z', 'Apply', '2025-01-01T00:00:00Z', undefined],
      ['y', 'Update', undefined, undefined],
      ['z', 'Update', '2024-01-01T00:00:00Z', undefined],
      ['a', 'Update', '2024-01-02T00:00:00Z', undefined],
      ['a', 'Update', '2024-01-02T00:00:00Z', 'status'],
      ['b', 'Update', '2024-01-02T00:00:00Z', undefined],
    ],
  );
  assert.equal(
    JSON.stringify(encoded[4]),
    '{"manager":"a","operation":"Update","apiVersion":"v1","time":"2024-01-02T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:a":{}},"subresource":"status"}',
  );
  assert.equal(encodeManagedFields(decodeManagedFields([])), undefined);
});

test('an applier is one manager in every version, an updater is not', () => {
  const decoded = decodeManagedFields([
    entry('m', 'Apply', { apiVersion: 'apps/v1' }),
    entry('m', 'Apply', { apiVersion: 'apps/v2' }),
    entry('m', 'Update', { apiVersion: 'apps/v1' }),
    entry('m', 'Update', { apiVersion: 'apps/v2' }),
  ]);
  assert.deepEqual(
    [...decoded.fields.values()].map(({ apiVersion, applied }) => [apiVersion, applied]),
    [
      ['apps/v2', true],
      ['apps/v1', false],
      ['apps/v2', false],
    ],
  );
});

test('entries that cannot be read', () => {
  const cases: [Partial<ManagedFieldsEntry>, string][] = [
    [{ operation: 'Patch' }, 'operation must be `Apply` or `Update`'],
    [{ apiVersion: '' }, 'apiVersion must not be empty'],
    [{ fieldsType: '' }, 'missing fieldsType in managed fields entry 0'],
    [{ fieldsType: 'FieldsV2' }, 'invalid fieldsType "FieldsV2" in managed fields entry 0'],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => decodeManagedFields([entry('m', 'Update', change)]), { name: 'ManagedFieldsError', message });
  }
});

test('times go back where nothing but times changed', () => {
  const object = (time: string, label = 'x', manager = 'm'): KubernetesObject => ({
    metadata: { name: 'a', labels: { label }, managedFields: [entry(manager, 'Apply', { time })] },
  });
  const timeAfter = (next: KubernetesObject, old: KubernetesObject): string | undefined => {
    keepTimesIfUnchanged(next, old);
    return next.metadata?.managedFields?.[0]?.time;
  };
  assert.equal(timeAfter(object('2'), object('1')), '1');
  assert.equal(timeAfter(object('2', 'y'), object('1')), '2');
  assert.equal(timeAfter(object('2', 'x', 'other'), object('1')), '2');
  assert.equal(timeAfter(object('2'), { metadata: { name: 'a', labels: { label: 'x' } } }), '2');
});

const replicas = ['spec', 'replicas'].map(fieldElement);
const mapping = { replicas: { 'apps/v1': replicas, 'apps/v0': null } };
const owner = (
  manager: string,
  operation: string,
  fieldsV1: ManagedFieldsEntry['fieldsV1'],
  apiVersion = 'apps/v1',
): ManagedFieldsEntry =>
  entry(manager, operation, { apiVersion, fieldsV1: fieldsV1 ?? {}, time: '2024-01-01T00:00:00Z' });

test('who owns replicas of the parent owns them in the Scale', () => {
  const parent = [
    owner('a', 'Apply', { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }),
    owner('b', 'Update', { 'f:spec': { 'f:selector': {} } }),
    owner('c', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'apps/v0'),
    owner('d', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'extensions/v1beta1'),
  ];
  assert.deepEqual(scaleManagedFields(parent, mapping), [
    owner('a', 'Apply', { 'f:spec': { 'f:replicas': {} } }, 'autoscaling/v1'),
  ]);
});

test('a write of the Scale moves replicas in the parent', () => {
  const parent = [
    owner('a', 'Apply', { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }),
    owner('b', 'Update', { 'f:spec': { 'f:replicas': {} } }),
    owner('d', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'extensions/v1beta1'),
  ];
  const scale = [
    { ...owner('s', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'autoscaling/v1'), subresource: 'scale' },
  ];
  const { time: _, ...newOwner } = owner('s', 'Update', { 'f:spec': { 'f:replicas': {} } });
  assert.deepEqual(parentManagedFields(parent, scale, 'apps/v1', mapping), [
    owner('a', 'Apply', { 'f:spec': { 'f:selector': {} } }),
    { ...newOwner, subresource: 'scale' },
  ]);
  const kept = scaleManagedFields(parent.slice(0, 1), mapping);
  assert.deepEqual(parentManagedFields(parent.slice(0, 1), kept, 'apps/v1', mapping), parent.slice(0, 1));
});
