import { type Kind, refusedUpdates } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: {
    spec: {
      containers: [{ name: 'main', image: 'example.com/main:1' }],
      schedulingGates: [{ name: 'a' }, { name: 'b' }],
      nodeSelector: { x: 'y' },
      activeDeadlineSeconds: 10,
      tolerations: [{ key: 'a', effect: 'NoExecute', tolerationSeconds: 5 }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
          },
        },
      },
    },
  },
};

refusedUpdates('what of a pod behind gates may change', pods, {
  'a gate less': [{ 'spec/schedulingGates': [{ name: 'a' }] }],
  'another gate': [
    { 'spec/schedulingGates': [{ name: 'c' }] },
    "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'",
  ],
  'a narrower node selector': [{ 'spec/nodeSelector': { x: 'y', a: 'b' } }],
  'another node selector': [
    { 'spec/nodeSelector': { a: 'b' } },
    'spec.nodeSelector: Invalid value: {…}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ],
  'a narrower affinity': [
    {
      'spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions':
        [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'Exists' },
        ],
    },
  ],
  'another affinity': [
    {
      'spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions':
        [{ key: 'b', operator: 'Exists' }],
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: Invalid value: {…}: only additions are allowed (no mutations or deletions)',
  ],
  'more terms': [
    {
      'spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/1': {
        matchExpressions: [{ key: 'b', operator: 'Exists' }],
      },
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Invalid value: {…}: no additions/deletions to non-empty NodeSelectorTerms list are allowed',
  ],
  'no affinity': [
    { 'spec/affinity': undefined },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed',
  ],
  'an affinity to pods': [
    { 'spec/affinity/podAffinity': { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  'a later deadline': [
    { 'spec/activeDeadlineSeconds': 20 },
    'spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value',
  ],
  'no deadline': [
    { 'spec/activeDeadlineSeconds': undefined },
    'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
  ],
  'a toleration’s seconds': [{ 'spec/tolerations/0/tolerationSeconds': 9 }],
  'a toleration less': [
    { 'spec/tolerations': [] },
    'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  ],
});
