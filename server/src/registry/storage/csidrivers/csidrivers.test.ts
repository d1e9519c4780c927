import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const csidrivers: Kind = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  example: { spec: {} },
};

refusals('CSIDrivers', csidrivers, {
  policies: [
    { 'spec/fsGroupPolicy': 'X', 'spec/volumeLifecycleModes': ['X'] },
    'spec.fsGroupPolicy: Unsupported value: "X": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    'spec.volumeLifecycleModes: Unsupported value: "X": supported values: "Persistent", "Ephemeral"',
  ],
  tokens: [
    {
      'spec/tokenRequests': [
        { audience: 'a' },
        { audience: 'a' },
        { audience: 'b', expirationSeconds: 5 },
        { audience: 'c', expirationSeconds: 4294967297 },
      ],
    },
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    'spec.tokenRequests[2].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    'spec.tokenRequests[3].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
  ],
  'an update period': [
    { 'spec/nodeAllocatableUpdatePeriodSeconds': 5 },
    'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 5: must be greater than or equal to 10 seconds',
  ],
});

refusedUpdates('updates of CSIDrivers', csidrivers, {
  'not attached': [{ 'spec/attachRequired': false }, 'spec.attachedRequired: Invalid value: false: field is immutable'],
  modes: [
    { 'spec/volumeLifecycleModes': ['Ephemeral'] },
    'spec.volumeLifecycleModes: Invalid value: {…}: field is immutable',
  ],
  'a policy': [{ 'spec/fsGroupPolicy': 'None' }],
});
