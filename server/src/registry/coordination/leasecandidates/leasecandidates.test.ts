import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const leasecandidates: Kind = {
  apiVersion: 'coordination.k8s.io/v1beta1',
  kind: 'LeaseCandidate',
  resource: 'leasecandidates',
  example: {
    spec: {
      leaseName: 'lease',
      binaryVersion: '1.36.0',
      emulationVersion: '1.36.0',
      strategy: 'OldestEmulationVersion',
    },
  },
};
const emulationNeeded =
  "spec.emulationVersion: Required value: must be specified when `strategy` is 'OldestEmulationVersion'";

refusals('LeaseCandidates', leasecandidates, {
  'nothing said': [
    { spec: {} },
    'spec.binaryVersion: Required value',
    'spec.leaseName: Required value',
    'spec.strategy: Required value',
  ],
  'a version of nonsense': [
    { 'spec/binaryVersion': '1.x' },
    'spec.binaryVersion: Invalid value: "1.x": must be a valid semantic version',
    'spec.binaryVersion: Invalid value: "1.x": must be greater than or equal to `emulationVersion`',
  ],
  'a newer emulation': [
    { 'spec/emulationVersion': '1.37.0' },
    'spec.binaryVersion: Invalid value: "1.36.0": must be greater than or equal to `emulationVersion`',
  ],
  'no emulation': [{ 'spec/emulationVersion': undefined }, emulationNeeded],
  'a strategy of nonsense': [
    { 'spec/strategy': 'Nonsense' },
    'spec.strategy.strategy: Unsupported value: "Nonsense": supported values: "OldestEmulationVersion"',
  ],
  'a strategy of its own': [{ 'spec/strategy': 'example.com/own', 'spec/emulationVersion': undefined }],
});

refusedUpdates('LeaseCandidates', leasecandidates, {
  'another lease': [{ 'spec/leaseName': 'other' }, 'spec.leaseName: Invalid value: "other": field is immutable'],
});
