import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StorageClass } from '@typernetes/openapi/types/storage/v1';
import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';
import { storageclasses as registration } from './index.ts';

const storageclasses: Kind = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  example: { provisioner: 'example.com/none' },
};

refusals('StorageClasses', storageclasses, {
  'no provisioner': [{ provisioner: '' }, 'provisioner: Required value'],
  policies: [
    { reclaimPolicy: 'X', volumeBindingMode: 'Y' },
    'reclaimPolicy: Unsupported value: "X": supported values: "Delete", "Retain"',
    'volumeBindingMode: Unsupported value: "Y": supported values: "Immediate", "WaitForFirstConsumer"',
  ],
  parameters: [{ parameters: { '': 'a' } }, 'parameters: Invalid value: "": field can not be empty.'],
  topologies: [
    {
      allowedTopologies: [
        {
          matchLabelExpressions: [
            { key: 'a b', values: ['c d'] },
            { key: 'e', values: [] },
            { key: 'f', values: ['g', 'g'] },
          ],
        },
      ],
    },
    "allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'allowedTopologies[0].matchLabelExpressions[1].values: Required value',
    'allowedTopologies[0].matchLabelExpressions[2].values[1]: Duplicate value: "g"',
  ],
});

refusedUpdates('updates of StorageClasses', storageclasses, {
  parameters: [{ parameters: { a: 'b' } }, 'parameters: Invalid value: {…}: field is immutable'],
  'another policy': [{ reclaimPolicy: 'Retain' }, 'reclaimPolicy: Invalid value: "Retain": field is immutable'],
  'another provisioner': [
    { provisioner: 'example.com/other' },
    'provisioner: Invalid value: "example.com/other": field is immutable',
  ],
  'another mode': [
    { volumeBindingMode: 'WaitForFirstConsumer' },
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ],
});

test('of many terms that say the same not all pairs are told', () => {
  const object = {
    provisioner: 'example.com/none',
    allowedTopologies: Array.from({ length: 100_000 }, () => ({})),
  } as StorageClass;
  assert.equal(registration.strategy?.validate?.(object, {} as never).length, 1000);
});
