import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const csinodes: Kind = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  resource: 'csinodes',
  example: { spec: { drivers: [{ name: 'example.com', nodeID: 'a', topologyKeys: ['zone'] }] } },
};

refusals('CSINodes', csinodes, {
  'no id': [{ 'spec/drivers/0/nodeID': '' }, 'spec.drivers[0].nodeID: Required value'],
  'a long id': [
    {
      'spec/drivers/0/nodeID':
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    },
    'spec.drivers[0].nodeID: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be 256 characters or less',
  ],
  'one driver twice': [
    { 'spec/drivers/1': { name: 'example.com', nodeID: 'a', topologyKeys: [] } },
    'spec.drivers[1].name: Duplicate value: "example.com"',
  ],
  keys: [
    { 'spec/drivers/0/topologyKeys': ['a b', '', 'zone', 'zone'] },
    'spec.drivers[0]: Duplicate value: "zone"',
    'spec.drivers[0]: Invalid value: "": name part must be non-empty',
    "spec.drivers[0]: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "spec.drivers[0]: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.drivers[0]: Required value',
  ],
  'a negative count': [
    { 'spec/drivers/0/allocatable': { count: -1 } },
    'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a driver': [
    { 'spec/drivers/0/name': 'a b' },
    "spec.drivers[0].name: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
});

refusedUpdates('updates of CSINodes', csinodes, {
  'another id': [{ 'spec/drivers/0/nodeID': 'b' }, 'spec.drivers: Invalid value: {…}: field is immutable'],
  'other keys': [{ 'spec/drivers/0/topologyKeys': ['other'] }, 'spec.drivers: Invalid value: {…}: field is immutable'],
});
