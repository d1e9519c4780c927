import { type Kind, refusals } from '../../testing/rules.ts';

const leases: Kind = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  resource: 'leases',
  example: { spec: { holderIdentity: 'x' } },
};

refusals('Leases', leases, {
  'no time': [
    { 'spec/leaseDurationSeconds': 0 },
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  ],
  transitions: [
    { 'spec/leaseTransitions': -1 },
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ],
  'no holder': [{ 'spec/holderIdentity': '' }],
  'a strategy': [{ 'spec/strategy': 'nonsense/' }],
  'a preferred holder without strategy': [{ 'spec/preferredHolder': 'x' }],
  'no preferred holder': [{ 'spec/preferredHolder': '', 'spec/strategy': 'OldestEmulationVersion' }],
});
