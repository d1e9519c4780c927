import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('mounts and devices', pods, {
  mounts: [
    {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      'spec/containers/0/volumeMounts': [
        { name: 'v', mountPath: '' },
        { name: 'w', mountPath: '/a' },
        { mountPath: '/b' },
        { name: 'v', mountPath: '/c' },
        { name: 'v', mountPath: '/c' },
      ],
    },
    'spec.containers[0].volumeMounts[0].mountPath: Required value',
    'spec.containers[0].volumeMounts[1].name: Not found: "w"',
    'spec.containers[0].volumeMounts[2].name: Not found: ""',
    'spec.containers[0].volumeMounts[2].name: Required value',
    'spec.containers[0].volumeMounts[4].mountPath: Invalid value: "/c": must be unique',
  ],
  paths: [
    {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      'spec/containers/0/volumeMounts': [
        { name: 'v', mountPath: '/a', subPath: '/x' },
        { name: 'v', mountPath: '/b', subPath: '../x' },
        { name: 'v', mountPath: '/c', subPathExpr: '../x' },
        { name: 'v', mountPath: '/d', subPath: 'a', subPathExpr: 'b' },
      ],
    },
    'spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain \'..\'',
    'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
    'spec.containers[0].volumeMounts.subPathExpr: Invalid value: "../x": must not contain \'..\'',
    'spec.containers[0].volumeMounts[3].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive',
  ],
  propagation: [
    {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      'spec/containers/0/volumeMounts': [
        { name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' },
        { name: 'v', mountPath: '/b', mountPropagation: 'X' },
      ],
    },
    'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    'spec.containers[0].volumeMounts.mountPropagation: Unsupported value: "X": supported values: "Bidirectional", "HostToContainer", "None"',
  ],
  'read-only to the ground': [
    {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      'spec/containers/0/volumeMounts': [
        { name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' },
        { name: 'v', mountPath: '/b', readOnly: true, recursiveReadOnly: 'X' },
        {
          name: 'v',
          mountPath: '/c',
          readOnly: true,
          recursiveReadOnly: 'Enabled',
          mountPropagation: 'HostToContainer',
        },
      ],
    },
    'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
    'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    'spec.containers[0].volumeMounts.recursiveReadOnly: Unsupported value: "X": supported values: "Disabled", "Enabled", "IfPossible"',
  ],
  devices: [
    {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      'spec/containers/0/volumeDevices': [
        { name: 'v', devicePath: '/a' },
        { name: 'v', devicePath: '/b' },
        {},
        { name: 'w', devicePath: '../a' },
      ],
    },
    'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    'spec.containers[0].volumeDevices[1].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    'spec.containers[0].volumeDevices[1].name: Invalid value: "v": must be unique',
    'spec.containers[0].volumeDevices[2].devicePath: Required value',
    'spec.containers[0].volumeDevices[2].name: Not found: ""',
    'spec.containers[0].volumeDevices[2].name: Required value',
    'spec.containers[0].volumeDevices[3].devicePath: Invalid value: "../a": can not contain backsteps (\'..\')',
    'spec.containers[0].volumeDevices[3].name: Not found: "w"',
  ],
  'a device and a mount in one place': [
    {
      'spec/volumes': [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }],
      'spec/containers/0/volumeMounts': [{ name: 'v', mountPath: '/a' }],
      'spec/containers/0/volumeDevices': [{ name: 'v', devicePath: '/a' }],
    },
    'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts',
    'spec.containers[0].volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts',
    'spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices',
    'spec.containers[0].volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices',
  ],
});
