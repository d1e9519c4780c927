/** Volumes, claims, and the classes and drivers behind them. */
import type { Case } from '../case.ts';
import {
  csiDrivers,
  csiNodes,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../kinds.ts';
import { get, patch, remove, sub, table, updates, variants } from '../requests.ts';

export const storageCases: readonly Case[] = [
  {
    name: 'storage/volumes and claims',
    steps: [
      ...variants(persistentVolumes, {
        'no capacity': { 'spec/capacity': undefined },
        'capacity 0': { 'spec/capacity': { storage: '0' } },
        'two capacities': { 'spec/capacity': { storage: '1Gi', cpu: '1' } },
        'no modes': { 'spec/accessModes': [] },
        'a mode of nonsense': { 'spec/accessModes': ['Nonsense'] },
        'once in a pod, and more': { 'spec/accessModes': ['ReadWriteOncePod', 'ReadOnlyMany'] },
        'two sources': { 'spec/nfs': { server: 's', path: '/p' } },
        'no source': { 'spec/hostPath': undefined },
        'a driver': { 'spec/hostPath': undefined, 'spec/csi': { driver: 'example.com', volumeHandle: 'h' } },
        'a driver without handle': { 'spec/hostPath': undefined, 'spec/csi': { driver: 'example.com' } },
        'local without affinity': { 'spec/hostPath': undefined, 'spec/local': { path: '/a' } },
        'steps back': { 'spec/hostPath': { path: '/a/../b' } },
        'a class': { 'spec/storageClassName': 'fast' },
        'a bad class': { 'spec/storageClassName': 'A B' },
        'recycled root': { 'spec/hostPath': { path: '/' }, 'spec/persistentVolumeReclaimPolicy': 'Recycle' },
        block: { 'spec/volumeMode': 'Block' },
        'a volume mode of nonsense': { 'spec/volumeMode': 'Nonsense' },
        'an affinity': {
          'spec/nodeAffinity': {
            required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Nonsense' }] }] },
          },
        },
        'mount options': { 'spec/mountOptions': ['ro', 'a b'] },
      }),
      ...updates(persistentVolumes, {
        'another path': { 'spec/hostPath/path': '/other' },
        'more room': { 'spec/capacity/storage': '2Gi' },
        'another mode': { 'spec/volumeMode': 'Block' },
        'a class': { 'spec/storageClassName': 'fast' },
      }),
      sub('status', patch('merge', persistentVolumes, 'updated', { status: { phase: 'Bound' } })),
      table(persistentVolumes, { fieldSelector: 'metadata.name=$ns-updated' }),
      ...variants(persistentVolumeClaims, {
        'no modes': { 'spec/accessModes': [] },
        'no size': { 'spec/resources': {} },
        'size 0': { 'spec/resources/requests/storage': '0' },
        negative: { 'spec/resources/requests/storage': '-1Gi' },
        'an odd size': { 'spec/resources/requests/storage': '1.5Gi' },
        'no class': { 'spec/storageClassName': '' },
        'a bad class': { 'spec/storageClassName': 'A B' },
        'a volume': { 'spec/volumeName': 'v' },
        'a source': { 'spec/dataSource': { kind: 'PersistentVolumeClaim', name: 'c' } },
        'a source of another group': {
          'spec/dataSource': { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
        },
        'two sources': {
          'spec/dataSource': { kind: 'PersistentVolumeClaim', name: 'c' },
          'spec/dataSourceRef': { kind: 'PersistentVolumeClaim', name: 'd' },
        },
        'a volume mode of nonsense': { 'spec/volumeMode': 'Nonsense' },
        'a selector': { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'Nonsense' }] } },
      }),
      ...updates(persistentVolumeClaims, {
        'more room': { 'spec/resources/requests/storage': '2Gi' },
        'another class': { 'spec/storageClassName': 'fast' },
        'a volume': { 'spec/volumeName': 'v' },
      }),
      sub(
        'status',
        patch('merge', persistentVolumeClaims, 'updated', { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }),
      ),
      patch('merge', persistentVolumeClaims, 'updated', { spec: { resources: { requests: { storage: '2Gi' } } } }),
      patch('merge', persistentVolumeClaims, 'updated', { spec: { resources: { requests: { storage: '500Mi' } } } }),
      table(persistentVolumeClaims),
      remove(persistentVolumeClaims, 'updated'),
      get(persistentVolumeClaims, 'updated'),
    ],
  },
  {
    name: 'storage/classes, drivers, attachments',
    steps: [
      ...variants(storageClasses, {
        'no provisioner': { provisioner: undefined },
        'a bad provisioner': { provisioner: 'A B' },
        'a policy of nonsense': { reclaimPolicy: 'Nonsense' },
        'a binding mode of nonsense': { volumeBindingMode: 'Nonsense' },
        waiting: { volumeBindingMode: 'WaitForFirstConsumer' },
        parameters: { parameters: { a: 'b', '': 'c' } },
        topologies: { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] }] },
        default: { 'metadata/annotations': { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      }),
      ...updates(storageClasses, {
        'other parameters': { parameters: { a: 'c' } },
        'another policy': { reclaimPolicy: 'Retain' },
        expansion: { allowVolumeExpansion: true },
      }),
      table(storageClasses, { fieldSelector: 'metadata.name=$ns-updated' }),
      ...variants(csiDrivers, {
        'a policy of nonsense': { 'spec/fsGroupPolicy': 'Nonsense' },
        modes: { 'spec/volumeLifecycleModes': ['Persistent', 'Ephemeral'] },
        'a mode of nonsense': { 'spec/volumeLifecycleModes': ['Nonsense'] },
        tokens: { 'spec/tokenRequests': [{ audience: 'a' }, { audience: 'a', expirationSeconds: 5 }] },
      }),
      ...updates(csiDrivers, {
        'attach not required': { 'spec/attachRequired': false },
        capacity: { 'spec/storageCapacity': true },
      }),
      table(csiDrivers, { fieldSelector: 'metadata.name=$ns-updated' }),
      ...variants(csiNodes, {
        'no id': { 'spec/drivers/0/nodeID': '' },
        'one driver twice': { 'spec/drivers/1': { name: 'example.com', nodeID: 'a', topologyKeys: [] } },
        'a bad key': { 'spec/drivers/0/topologyKeys': ['a b'] },
        'a negative count': { 'spec/drivers/0/allocatable': { count: -1 } },
      }),
      table(csiNodes, { fieldSelector: 'metadata.name=$ns-updated' }),
      ...variants(volumeAttachments, {
        'no attacher': { 'spec/attacher': '' },
        'no source': { 'spec/source': {} },
        'no node': { 'spec/nodeName': '' },
        'an inline volume': {
          'spec/source': { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } } },
        },
      }),
      ...updates(volumeAttachments, { 'another node': { 'spec/nodeName': 'other' } }),
      ...variants(volumeAttributesClasses, { 'no driver': { driverName: '' }, 'no parameters': { parameters: {} } }),
      ...updates(volumeAttributesClasses, { 'other parameters': { parameters: { a: 'b' } } }),
    ],
  },
];
