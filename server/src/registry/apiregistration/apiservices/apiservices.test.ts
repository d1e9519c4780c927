import { type Kind, refusals } from '../../testing/rules.ts';

const apiservices: Kind = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  resource: 'apiservices',
  example: {
    metadata: { name: 'v1.none.example.com' },
    spec: {
      group: 'none.example.com',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      service: { namespace: 'default', name: 'none' },
      insecureSkipTLSVerify: true,
    },
  },
};

refusals('APIServices', apiservices, {
  priorities: [
    { 'spec/groupPriorityMinimum': 0, 'spec/versionPriority': 0 },
    'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
    'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
  ],
  'priorities too high': [
    { 'spec/groupPriorityMinimum': 20001, 'spec/versionPriority': 1001 },
    'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
    'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
  ],
  'a service of nothing': [
    { 'spec/service': {} },
    'spec.service.name: Required value',
    'spec.service.namespace: Required value',
  ],
  'a service’s port': [
    { 'spec/service/port': 65536 },
    'spec.service.port: Invalid value: 65536: port is not valid: must be between 1 and 65535, inclusive',
  ],
  'local with a bundle': [
    { 'spec/service': undefined, 'spec/caBundle': 'AA==', 'spec/insecureSkipTLSVerify': true },
    'spec.caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  ],
  'a bundle that is not looked at': [
    { 'spec/caBundle': 'AA==' },
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ],
});
