import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const persistentvolumeclaims: Kind = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  example: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
};

refusals('PersistentVolumeClaims', persistentvolumeclaims, {
  'no modes, no size': [
    { 'spec/accessModes': [], 'spec/resources': {} },
    'spec.accessModes: Required value: at least 1 access mode is required',
    'spec.resources[storage]: Required value',
  ],
  'a mode': [
    { 'spec/accessModes': ['X'] },
    'spec.accessModes: Unsupported value: "X": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
  ],
  'once in a pod, and more': [
    { 'spec/accessModes': ['ReadWriteOncePod', 'ReadOnlyMany'] },
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ],
  'size 0': [
    { 'spec/resources/requests/storage': '0' },
    'spec.resources[storage]: Invalid value: "0": must be greater than zero',
  ],
  'a bad class': [
    { 'spec/storageClassName': 'A b' },
    "spec.storageClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a bad volume': [{ 'spec/volumeName': 'A b' }],
  'a volume mode': [
    { 'spec/volumeMode': 'X' },
    'spec.volumeMode: Unsupported value: "X": supported values: "Block", "Filesystem"',
  ],
  'a selector': [
    { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'X' }] } },
    'spec.selector.matchExpressions[0].operator: Invalid value: "X": not a valid selector operator',
  ],
  'an attributes class': [
    { 'spec/volumeAttributesClassName': 'A b' },
    "spec.volumeAttributesClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a source without name': [
    { 'spec/dataSource': { kind: 'PersistentVolumeClaim', name: '' } },
    'spec.dataSource.name: Required value',
    'spec.dataSourceRef.name: Required value',
  ],
  'a source of the core': [
    { 'spec/dataSourceRef': { kind: 'ConfigMap', name: 'a' } },
    'spec.dataSource: Invalid value: "ConfigMap": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    'spec.dataSourceRef: Invalid value: "ConfigMap": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
  ],
  'two sources': [
    {
      'spec/dataSource': { kind: 'PersistentVolumeClaim', name: 'a' },
      'spec/dataSourceRef': { kind: 'PersistentVolumeClaim', name: 'b' },
    },
    'spec: Invalid value: {…}: must match dataSourceRef',
  ],
  'a source of a group': [
    { 'spec/dataSourceRef': { apiGroup: 'A b', kind: 'K', name: 'a' } },
    "spec.dataSource.apiGroup: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.dataSourceRef.apiGroup: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
});

refusedUpdates('updates of PersistentVolumeClaims', persistentvolumeclaims, {
  'a class': [{ 'spec/storageClassName': 'fast' }],
  less: [
    { 'spec/resources/requests/storage': '500Mi' },
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ],
  more: [
    { 'spec/resources/requests/storage': '2Gi' },
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ],
  'a mode': [
    { 'spec/accessModes': ['ReadWriteMany'] },
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ],
  'a volume': [{ 'spec/volumeName': 'v' }],
  'a volume mode': [
    { 'spec/volumeMode': 'Block' },
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    'volumeMode: Invalid value: "Block": field is immutable',
  ],
});
