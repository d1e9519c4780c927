import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('volumes of storage systems', pods, {
  gcePersistentDisk: [
    { 'spec/volumes': [{ name: 'v', gcePersistentDisk: { pdName: '', partition: 256 } }] },
    'spec.volumes[0].persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
    'spec.volumes[0].persistentDisk.pdName: Required value',
  ],
  awsElasticBlockStore: [
    { 'spec/volumes': [{ name: 'v', awsElasticBlockStore: { volumeID: '', partition: -1 } }] },
    'spec.volumes[0].awsElasticBlockStore.partition: Invalid value: -1: must be between 1 and 255, inclusive',
    'spec.volumes[0].awsElasticBlockStore.volumeID: Required value',
  ],
  nfs: [
    { 'spec/volumes': [{ name: 'v', nfs: { server: '', path: 'a' } }] },
    'spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path',
    'spec.volumes[0].nfs.server: Required value',
  ],
  glusterfs: [
    { 'spec/volumes': [{ name: 'v', glusterfs: { endpoints: '', path: '' } }] },
    'spec.volumes[0].glusterfs.endpoints: Required value',
    'spec.volumes[0].glusterfs.path: Required value',
  ],
  'flocker, nothing': [
    { 'spec/volumes': [{ name: 'v', flocker: {} }] },
    'spec.volumes[0].flocker: Required value: one of datasetName and datasetUUID is required',
  ],
  'flocker, both': [
    { 'spec/volumes': [{ name: 'v', flocker: { datasetName: 'a/b', datasetUUID: 'c' } }] },
    'spec.volumes[0].flocker.datasetName: Invalid value: "a/b": must not contain \'/\'',
    'spec.volumes[0].flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously',
  ],
  rbd: [
    { 'spec/volumes': [{ name: 'v', rbd: { monitors: [], image: '' } }] },
    'spec.volumes[0].rbd.image: Required value',
    'spec.volumes[0].rbd.monitors: Required value',
  ],
  cephfs: [
    { 'spec/volumes': [{ name: 'v', cephfs: { monitors: [] } }] },
    'spec.volumes[0].cephfs.monitors: Required value',
  ],
  'quobyte, nothing': [
    { 'spec/volumes': [{ name: 'v', quobyte: { registry: '', volume: '' } }] },
    'spec.volumes[0].quobyte.registry: Required value: must be a host:port pair or multiple pairs separated by commas',
    'spec.volumes[0].quobyte.volume: Required value',
  ],
  'quobyte, a registry': [
    { 'spec/volumes': [{ name: 'v', quobyte: { registry: 'a:1,b', volume: 'v' } }] },
    'spec.volumes[0].quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas',
  ],
  'quobyte, a tenant': [
    {
      'spec/volumes': [
        {
          name: 'v',
          quobyte: {
            registry: 'a:1',
            volume: 'v',
            tenant: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          },
        },
      ],
    },
    'spec.volumes[0].quobyte.tenant: Required value: must be a UUID and may not exceed a length of 64 characters',
  ],
  'fc, nothing': [
    { 'spec/volumes': [{ name: 'v', fc: {} }] },
    'spec.volumes[0].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both',
  ],
  'fc, both': [
    { 'spec/volumes': [{ name: 'v', fc: { targetWWNs: ['a'], wwids: ['b'], lun: 1 } }] },
    'spec.volumes[0].fc.targetWWNs: Invalid value: {…}: targetWWNs and wwids can not be specified simultaneously',
  ],
  'fc, no unit': [
    { 'spec/volumes': [{ name: 'v', fc: { targetWWNs: ['a'] } }] },
    'spec.volumes[0].fc.lun: Required value: lun is required if targetWWNs is specified',
  ],
  'fc, a unit': [
    { 'spec/volumes': [{ name: 'v', fc: { targetWWNs: ['a'], lun: 256 } }] },
    'spec.volumes[0].fc.lun: Invalid value: 256: must be between 0 and 255, inclusive',
  ],
  flexVolume: [
    {
      'spec/volumes': [
        { name: 'v', flexVolume: { driver: '', options: { 'a.kubernetes.io/b': 'c', 'k8s.io': 'd', ok: 'e' } } },
      ],
    },
    'spec.volumes[0].flexVolume.driver: Required value',
    'spec.volumes[0].flexVolume.options[a.kubernetes.io/b]: Invalid value: "a.kubernetes.io/b": kubernetes.io and k8s.io namespaces are reserved',
    'spec.volumes[0].flexVolume.options[k8s.io]: Invalid value: "k8s.io": kubernetes.io and k8s.io namespaces are reserved',
  ],
  azureFile: [
    { 'spec/volumes': [{ name: 'v', azureFile: { secretName: '', shareName: '' } }] },
    'spec.volumes[0].azureFile.secretName: Required value',
    'spec.volumes[0].azureFile.shareName: Required value',
  ],
  vsphereVolume: [
    { 'spec/volumes': [{ name: 'v', vsphereVolume: { volumePath: '' } }] },
    'spec.volumes[0].vsphereVolume.volumePath: Required value',
  ],
  photonPersistentDisk: [
    { 'spec/volumes': [{ name: 'v', photonPersistentDisk: { pdID: '' } }] },
    'spec.volumes[0].photonPersistentDisk.pdID: Required value',
  ],
  portworxVolume: [
    { 'spec/volumes': [{ name: 'v', portworxVolume: { volumeID: '' } }] },
    'spec.volumes[0].portworxVolume.volumeID: Required value',
  ],
  'azureDisk, nothing': [
    { 'spec/volumes': [{ name: 'v', azureDisk: { diskName: '', diskURI: '', cachingMode: 'X', kind: 'Y' } }] },
    'spec.volumes[0].azureDisk.cachingMode: Unsupported value: "X": supported values: "None", "ReadOnly", "ReadWrite"',
    'spec.volumes[0].azureDisk.diskName: Required value',
    'spec.volumes[0].azureDisk.diskURI: Required value',
    'spec.volumes[0].azureDisk.diskURI: Unsupported value: "": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    'spec.volumes[0].azureDisk.kind: Unsupported value: "Y": supported values: "Dedicated", "Managed", "Shared"',
  ],
  'azureDisk, managed': [
    { 'spec/volumes': [{ name: 'v', azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Managed' } }] },
    'spec.volumes[0].azureDisk.diskURI: Unsupported value: "b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
  ],
  'azureDisk, shared': [
    { 'spec/volumes': [{ name: 'v', azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Shared' } }] },
    'spec.volumes[0].azureDisk.diskURI: Unsupported value: "b": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
  ],
  scaleIO: [
    { 'spec/volumes': [{ name: 'v', scaleIO: { gateway: '', system: '', volumeName: '', secretRef: {} } }] },
    'spec.volumes[0].scaleIO.gateway: Required value',
    'spec.volumes[0].scaleIO.system: Required value',
    'spec.volumes[0].scaleIO.volumeName: Required value',
  ],
  'iscsi, nothing': [
    { 'spec/volumes': [{ name: 'v', iscsi: { targetPortal: '', iqn: '', lun: 256, chapAuthSession: true } }] },
    'spec.volumes[0].iscsi.iqn: Required value',
    'spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    'spec.volumes[0].iscsi.secretRef: Required value',
    'spec.volumes[0].iscsi.targetPortal: Required value',
  ],
  'iscsi, names': [
    { 'spec/volumes': [{ name: 'v', iscsi: { targetPortal: 'a', iqn: 'x', lun: 1, initiatorName: 'iqn.nonsense' } }] },
    'spec.volumes[0].iscsi.initiatorname: Invalid value: "iqn.nonsense": must be valid format',
    'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
  ],
  'iscsi, eui and naa': [
    { 'spec/volumes': [{ name: 'v', iscsi: { targetPortal: 'a', iqn: 'eui.1', lun: 1, initiatorName: 'naa.1' } }] },
    'spec.volumes[0].iscsi.initiatorname: Invalid value: "naa.1": must be valid format',
    'spec.volumes[0].iscsi.iqn: Invalid value: "eui.1": must be valid format',
  ],
  cinder: [
    { 'spec/volumes': [{ name: 'v', cinder: { volumeID: '', secretRef: {} } }] },
    'spec.volumes[0].cinder.secretRef.name: Required value',
    'spec.volumes[0].cinder.volumeID: Required value',
  ],
  storageos: [
    { 'spec/volumes': [{ name: 'v', storageos: { volumeName: '', volumeNamespace: 'A b', secretRef: {} } }] },
    'spec.volumes[0].storageos.secretRef.name: Required value',
    'spec.volumes[0].storageos.volumeName: Required value',
    "spec.volumes[0].storageos.volumeNamespace: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  csi: [
    { 'spec/volumes': [{ name: 'v', csi: { driver: '', nodePublishSecretRef: {} } }] },
    'spec.volumes[0].csi.driver: Required value',
    'spec.volumes[0].csi.nodePublishSecretRef.name: Required value',
  ],
  'csi, a long driver': [
    {
      'spec/volumes': [
        {
          name: 'v',
          csi: {
            driver: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
            nodePublishSecretRef: { name: 'A b' },
          },
        },
      ],
    },
    'spec.volumes[0].csi.driver: Too long: may not be more than 63 bytes',
    "spec.volumes[0].csi.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
});
