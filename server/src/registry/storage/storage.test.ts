import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../validation/index.ts';
import { csidrivers } from './csidrivers/index.ts';
import { csistoragecapacities } from './csistoragecapacities/index.ts';
import { storageclasses } from './storageclasses/index.ts';
import { volumeattachments } from './volumeattachments/index.ts';
import { volumeattributesclasses } from './volumeattributesclasses/index.ts';

type Validate<T> = { strategy?: { validate?(object: T, context: never): FieldError[] } };

const told = <T>({ strategy }: Validate<T>, object: unknown): string[] =>
  (strategy?.validate?.(object as T, {} as never) ?? []).map(
    ({ field, type }) => `${field}: ${type.replace('FieldValue', '')}`,
  );

test('terms of a class that say nothing, or the same', () => {
  const of = (...allowedTopologies: object[]): string[] =>
    told(storageclasses, { provisioner: 'x', volumeBindingMode: 'Immediate', allowedTopologies });
  const term = { matchLabelExpressions: [{ key: 'zone', values: ['a'] }] };
  assert.deepEqual(of(term), []);
  assert.deepEqual(of(term, term), ['allowedTopologies[1].matchLabelExpressions: Duplicate']);
  assert.deepEqual(of({}), ['allowedTopologies[0].matchLabelExpressions: Duplicate']);
  assert.deepEqual(told(storageclasses, { provisioner: 'x', volumeBindingMode: '' }), [
    'volumeBindingMode: NotSupported',
  ]);
});

test('tokens of a driver', () => {
  const of = (spec: object): string[] => told(csidrivers, { spec });
  assert.deepEqual(of({ serviceAccountTokenInSecrets: false }), ['spec.serviceAccountTokenInSecrets: Invalid']);
  assert.deepEqual(of({ serviceAccountTokenInSecrets: true, tokenRequests: [{ audience: 'a' }] }), []);
  const warnings = (spec: object): number => csidrivers.strategy?.warningsOnCreate?.({ spec }).length ?? 0;
  assert.equal(warnings({ tokenRequests: [{ audience: 'a' }] }), 1);
  assert.equal(warnings({ tokenRequests: [{ audience: 'a' }], serviceAccountTokenInSecrets: true }), 0);
});

test('names of drivers and volumes, and capacities', () => {
  const of = (spec: object): string[] => told(volumeattachments, { spec: { nodeName: 'a', ...spec } });
  const source = { persistentVolumeName: 'a' };
  assert.deepEqual(of({ attacher: 'x', source }), []);
  assert.deepEqual(of({ attacher: 'Bad Value!', source }), ['spec.attacher: Invalid']);
  assert.deepEqual(of({ attacher: 'x', source: { persistentVolumeName: '' } }), [
    'spec.source.persistentVolumeName: Required',
    'spec.source.persistentVolumeName: Invalid',
  ]);
  assert.deepEqual(told(volumeattributesclasses, { driverName: 'Bad Value!', parameters: { a: 'b' } }), [
    'driverName: Invalid',
  ]);
  assert.deepEqual(told(csistoragecapacities, { storageClassName: 'a', capacity: '-1' }), ['capacity: Invalid']);
});
