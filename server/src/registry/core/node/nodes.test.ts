import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const nodes: Kind = { apiVersion: 'v1', kind: 'Node', resource: 'nodes', example: { spec: { unschedulable: true } } };

const placed: Kind = {
  apiVersion: 'v1',
  kind: 'Node',
  resource: 'nodes',
  example: { spec: { podCIDR: '10.244.0.0/24', providerID: 'a://b' } },
};

refusals('Nodes', nodes, {
  'features out of order': [
    { status: { declaredFeatures: ['B', 'A', 'A'] } },
    'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
    'status.declaredFeatures[2]: Duplicate value: "A"',
  ],
  'pods to avoid': [
    { 'metadata/annotations': { 'scheduler.alpha.kubernetes.io/preferAvoidPods': '{"preferAvoidPods":[{}]}' } },
    'metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Required value',
  ],
  'swap of nothing': [
    { status: { nodeInfo: { swap: { capacity: 0 } } } },
    'metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero',
  ],
  taints: [
    {
      'spec/taints': [
        { key: 'a b', value: 'c d', effect: 'X' },
        { key: 'a', effect: 'NoSchedule' },
        { key: 'a', effect: 'NoSchedule' },
      ],
    },
    'metadata.taints[0].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    "metadata.taints[0].key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "metadata.taints[0].value: Invalid value: \"c d\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    'metadata.taints[2]: Duplicate value: {…}: taints must be unique by key and effect pair',
  ],
  ranges: [
    { 'spec/podCIDR': 'x', 'spec/podCIDRs': ['x'] },
    'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'ranges of one family': [
    { 'spec/podCIDR': '10.244.0.0/24', 'spec/podCIDRs': ['10.244.0.0/24', '10.245.0.0/24'] },
    'spec.podCIDRs: Invalid value: {…}: may specify no more than one CIDR for each IP family',
  ],
  'three ranges': [
    { 'spec/podCIDR': '10.244.0.0/24', 'spec/podCIDRs': ['10.244.0.0/24', '2001:db8::/64', '10.245.0.0/24'] },
    'spec.podCIDRs: Invalid value: {…}: may specify no more than one CIDR for each IP family',
  ],
  'a range twice': [
    { 'spec/podCIDR': '10.244.0.0/24', 'spec/podCIDRs': ['10.244.0.0/24', '10.244.0.0/24'] },
    'spec.podCIDRs: Invalid value: {…}: may specify no more than one CIDR for each IP family',
  ],
  capacity: [
    { status: { capacity: { cpu: '-1', 'a b': '1' }, allocatable: { pods: '1.5' } } },
    'status.allocatable.pods: Invalid value: "1500m": must be an integer',
    'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
  ],
  addresses: [
    {
      status: {
        addresses: [
          { type: 'InternalIP', address: '10.1.1.1' },
          { type: 'InternalIP', address: '10.1.1.1' },
        ],
      },
    },
  ],
});

refusedUpdates('updates of Nodes', placed, {
  'another range': [
    { 'spec/podCIDR': '10.244.9.0/24', 'spec/podCIDRs': ['10.244.9.0/24'] },
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ],
  'another provider': [
    { 'spec/providerID': 'a://c' },
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ],
});
