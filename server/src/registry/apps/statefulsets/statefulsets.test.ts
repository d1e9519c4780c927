import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const statefulsets: Kind = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  example: {
    spec: {
      selector: { matchLabels: { app: 'web' } },
      serviceName: 'web',
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] },
      },
    },
  },
};

refusals('StatefulSets', statefulsets, {
  'a selector that misses': [
    { 'spec/selector/matchLabels': { app: 'other' } },
    'spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`',
  ],
  'no selector': [
    { 'spec/selector': {} },
    'spec.selector: Invalid value: {…}: empty selector is invalid for statefulset',
  ],
  'negative numbers': [
    { 'spec/replicas': -1, 'spec/minReadySeconds': -1 },
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a policy': [
    { 'spec/podManagementPolicy': 'X' },
    "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'",
  ],
  'a strategy': [
    { 'spec/updateStrategy': { type: 'X' } },
    "spec.updateStrategy: Invalid value: {…}: must be 'RollingUpdate' or 'OnDelete'",
  ],
  'a partition': [
    { 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: -1 } } },
    'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
  ],
  unavailable: [{ 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } } }],
  'unavailable, too much': [
    { 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '101%' } } },
  ],
  'a rolling update on delete': [
    { 'spec/updateStrategy': { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    "spec.updateStrategy.rollingUpdate: Invalid value: {…}: only allowed for updateStrategy 'RollingUpdate'",
  ],
  'claims kept': [
    { 'spec/persistentVolumeClaimRetentionPolicy': { whenDeleted: 'X', whenScaled: 'Y' } },
    'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "X": supported values: "Retain", "Delete"',
    'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Y": supported values: "Retain", "Delete"',
  ],
  ordinals: [
    { 'spec/ordinals': { start: -1 } },
    'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a service': [
    { 'spec/serviceName': 'A b' },
    "spec.serviceName: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  'restarted never': [
    { 'spec/template/spec/restartPolicy': 'Never' },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  'a deadline': [
    { 'spec/template/spec/activeDeadlineSeconds': 5 },
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
  ],
  claims: [
    { 'spec/volumeClaimTemplates': [{ metadata: { name: 'A b' }, spec: {} }] },
    "spec.template.spec.volumes[0].name: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
    'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
  ],
});

refusedUpdates('updates of StatefulSets', statefulsets, {
  'a selector': [
    { 'spec/selector/matchLabels': { app: 'web', a: 'b' }, 'spec/template/metadata/labels': { app: 'web', a: 'b' } },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  'a service': [
    { 'spec/serviceName': 'other' },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  'a policy': [
    { 'spec/podManagementPolicy': 'Parallel' },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  claims: [
    {
      'spec/volumeClaimTemplates': [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  replicas: [{ 'spec/replicas': 3 }],
});
