import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimWarnings } from '../persistentvolumeclaims/warnings.ts';
import { volumeWarnings } from './warnings.ts';

test('volumes that something is wrong with', () => {
  assert.deepEqual(volumeWarnings({ spec: { hostPath: { path: '/a' } } }), []);
  const warnings = volumeWarnings({
    metadata: { annotations: { 'volume.beta.kubernetes.io/mount-options': 'x' } },
    spec: { persistentVolumeReclaimPolicy: 'Recycle', storageos: {} },
  });
  assert.deepEqual(
    warnings.map((text) => text.slice(0, text.indexOf(': '))),
    [
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]',
      'spec.persistentVolumeReclaimPolicy',
      'spec.storageOS',
    ],
  );
});

test('claims of parts of bytes', () => {
  const resources = { requests: { storage: '1500m' }, limits: { storage: '1Gi' } };
  assert.deepEqual(claimWarnings({ spec: { resources } }), [
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]);
});
