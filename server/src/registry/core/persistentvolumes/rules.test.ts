import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const persistentvolumes: Kind = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  example: { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp/data' } } },
};

refusals('PersistentVolumes', persistentvolumes, {
  'no modes': [{ 'spec/accessModes': [] }, 'spec.accessModes: Required value'],
  'no capacity': [
    { 'spec/capacity': undefined },
    'spec.capacity: Required value',
    'spec.capacity: Unsupported value: null: supported values: "storage"',
  ],
  'capacity 0': [
    { 'spec/capacity': { storage: '0' } },
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
  ],
  'two capacities': [
    { 'spec/capacity': { storage: '1Gi', cpu: '1' } },
    'spec.capacity: Unsupported value: {…}: supported values: "storage"',
  ],
  'no source': [{ 'spec/hostPath': undefined }, 'spec: Required value: must specify a volume type'],
  'two sources': [
    { 'spec/nfs': { server: 's', path: '/p' } },
    'spec.nfs: Forbidden: may not specify more than 1 volume type',
  ],
  'steps back': [
    { 'spec/hostPath': { path: '/a/../b' } },
    'spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
  ],
  'a reclaim policy': [
    { 'spec/persistentVolumeReclaimPolicy': 'X' },
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "X": supported values: "Delete", "Recycle", "Retain"',
  ],
  'a root recycled': [
    { 'spec/hostPath': { path: '/' }, 'spec/persistentVolumeReclaimPolicy': 'Recycle' },
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ],
  'a class': [
    { 'spec/storageClassName': 'A b' },
    "spec.storageClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a volume mode': [
    { 'spec/volumeMode': 'X' },
    'spec.volumeMode: Unsupported value: "X": supported values: "Block", "Filesystem"',
  ],
  'a local volume without node': [
    { 'spec/hostPath': undefined, 'spec/local': { path: '/a' } },
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ],
  'a local volume of nothing': [
    { 'spec/hostPath': undefined, 'spec/local': { path: '' } },
    'spec.local.path: Required value',
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ],
  'an affinity of nothing': [
    { 'spec/nodeAffinity': {} },
    'spec.nodeAffinity.required: Required value: must specify required node constraints',
  ],
  'an affinity': [
    { 'spec/nodeAffinity': { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'X' }] }] } } },
    'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "X": not a valid selector operator',
  ],
  'an attributes class without driver': [
    { 'spec/volumeAttributesClassName': 'a' },
    'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
  ],
  'an attributes class': [
    {
      'spec/hostPath': undefined,
      'spec/csi': { driver: 'example.com', volumeHandle: 'h' },
      'spec/volumeAttributesClassName': '',
    },
    'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
  ],
  'csi, secrets': [
    {
      'spec/hostPath': undefined,
      'spec/csi': {
        driver: 'example.com',
        volumeHandle: '',
        controllerPublishSecretRef: {},
        controllerExpandSecretRef: { name: 'A b', namespace: 'A b' },
        nodePublishSecretRef: { name: 'a' },
        nodeExpandSecretRef: { namespace: 'a' },
      },
    },
    "spec.csi.controllerExpandSecretRef.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.csi.controllerExpandSecretRef.namespace: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.csi.controllerPublishSecretRef.name: Required value',
    'spec.csi.controllerPublishSecretRef.namespace: Required value',
    'spec.csi.nodeExpandSecretRef.name: Required value',
    'spec.csi.nodePublishSecretRef.namespace: Required value',
    'spec.csi.volumeHandle: Required value',
  ],
  'csi, a driver': [
    { 'spec/hostPath': undefined, 'spec/csi': { driver: 'a b', volumeHandle: 'h' } },
    "spec.csi.driver: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  iscsi: [
    {
      'spec/hostPath': undefined,
      'spec/iscsi': { targetPortal: 'a', iqn: 'x', lun: 1, chapAuthSession: true, secretRef: {} },
    },
    'spec.iscsi.iqn: Invalid value: "x": must be valid format',
    'spec.iscsi.secretRef.name: Required value',
  ],
  glusterfs: [
    { 'spec/hostPath': undefined, 'spec/glusterfs': { endpoints: 'a', path: 'b', endpointsNamespace: '' } },
    'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
  ],
  'glusterfs, a namespace': [
    { 'spec/hostPath': undefined, 'spec/glusterfs': { endpoints: 'a', path: 'b', endpointsNamespace: 'A b' } },
    "spec.glusterfs.endpointsNamespace: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  cinder: [
    { 'spec/hostPath': undefined, 'spec/cinder': { volumeID: 'a', secretRef: {} } },
    'spec.cinder.secretRef.name: Required value',
    'spec.cinder.secretRef.namespace: Required value',
  ],
  azureFile: [
    { 'spec/hostPath': undefined, 'spec/azureFile': { secretName: 'a', shareName: 'b', secretNamespace: '' } },
    'spec.azureFile.secretNamespace: Required value',
  ],
  storageos: [
    { 'spec/hostPath': undefined, 'spec/storageos': { volumeName: 'a', secretRef: {} } },
    'spec.storageos.secretRef.name: Required value',
    'spec.storageos.secretRef.namespace: Required value',
  ],
  'a claim': [{ 'spec/claimRef': { kind: 'X' } }],
});

refusedUpdates('updates of PersistentVolumes', persistentvolumes, {
  'another path': [
    { 'spec/hostPath/path': '/other' },
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  ],
  'another mode': [{ 'spec/volumeMode': 'Block' }, 'volumeMode: Invalid value: "Block": field is immutable'],
  'an affinity': [
    {
      'spec/nodeAffinity': {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] },
      },
    },
  ],
});
