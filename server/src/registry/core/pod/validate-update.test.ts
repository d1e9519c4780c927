import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { type Kind, refusedUpdates } from '../../testing/rules.ts';
import { path } from '../../validation/index.ts';
import { validateSpread } from './validate-scheduling.ts';
import { validatePodSpecUpdate } from './validate-update.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusedUpdates('what of a pod may change', pods, {
  'fewer containers': [
    { 'spec/containers/1': { name: 'b', image: 'x' } },
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ],
  'a command': [
    { 'spec/containers/0/command': ['x'] },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'an empty image': [
    { 'spec/containers/0/image': '' },
    'spec.containers[0].image: Required value',
    'spec.containers[0].image: Required value',
  ],
  'an image': [{ 'spec/containers/0/image': 'example.com/main:2' }],
  'an image with spaces': [
    { 'spec/containers/0/image': ' x ' },
    'spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace',
    'spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace',
  ],
  'a deadline, for the first time': [{ 'spec/activeDeadlineSeconds': 5 }],
  'a deadline below nothing': [
    { 'spec/activeDeadlineSeconds': -1 },
    'spec.activeDeadlineSeconds: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    'spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive',
  ],
  'a toleration more': [{ 'spec/tolerations': [{ key: 'a', operator: 'Exists' }] }],
  gates: [
    { 'spec/schedulingGates': [{ name: 'a' }] },
    "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
  ],
  'a node selector': [
    { 'spec/nodeSelector': { a: 'b' } },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'a grace period': [
    { 'spec/terminationGracePeriodSeconds': 1 },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'a host name': [
    { 'spec/hostname': 'a' },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  resources: [
    { 'spec/containers/0/resources': { limits: { cpu: '1' } } },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'ephemeral containers': [
    { 'spec/ephemeralContainers': [{ name: 'debug', image: 'x' }] },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'an affinity': [
    {
      'spec/affinity': {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
          },
        },
      },
    },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
});

test('long lists are read at once', () => {
  const before = process.cpuUsage().user;
  const names = Array.from({ length: 30_000 }, (_, index) => `k${index}`);
  const tolerations = names.map((key) => ({ key, operator: 'Exists' }));
  const pod: Pod = { spec: { containers: [], tolerations } };
  assert.deepEqual(validatePodSpecUpdate(pod, structuredClone(pod)), []);
  const constraints = names.map((topologyKey) => ({ topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }));
  assert.deepEqual(validateSpread(constraints, path('spec')), []);
  assert.equal(validateSpread([...constraints, constraints[5]!], path('spec')).length, 1);
  assert.ok(process.cpuUsage().user - before < 3_000_000);
});
