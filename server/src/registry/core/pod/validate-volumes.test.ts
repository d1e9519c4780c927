import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('volumes', pods, {
  names: [
    {
      'spec/volumes': [
        { emptyDir: {} },
        { name: 'A', emptyDir: {} },
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
    },
    'spec.volumes[0].name: Required value',
    "spec.volumes[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.volumes[3].name: Duplicate value: "a"',
  ],
  'two sources': [
    { 'spec/volumes': [{ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] },
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  'a size below nothing': [
    { 'spec/volumes': [{ name: 'v', emptyDir: { sizeLimit: '-1' } }] },
    'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
  ],
  'a path': [{ 'spec/volumes': [{ name: 'v', hostPath: {} }] }, 'spec.volumes[0].hostPath.path: Required value'],
  'steps back': [
    { 'spec/volumes': [{ name: 'v', hostPath: { path: '/a/../b', type: 'X' } }] },
    'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
    'spec.volumes[0].hostPath.type: Unsupported value: "X": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  'a repository': [
    { 'spec/volumes': [{ name: 'v', gitRepo: { directory: '../a' } }] },
    'spec.volumes[0].gitRepo.directory: Invalid value: "../a": must not contain \'..\'',
    'spec.volumes[0].gitRepo.repository: Required value',
  ],
  'a secret': [
    {
      'spec/volumes': [
        {
          name: 'v',
          secret: { defaultMode: 512, items: [{}, { key: 'a', path: '/b' }, { key: 'a', path: '../b', mode: -1 }] },
        },
      ],
    },
    'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].secret.items[0].key: Required value',
    'spec.volumes[0].secret.items[0].path: Required value',
    'spec.volumes[0].secret.items[1].path: Invalid value: "/b": must be a relative path',
    'spec.volumes[0].secret.items[2].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].secret.items[2].path: Invalid value: "../b": must not contain \'..\'',
    'spec.volumes[0].secret.secretName: Required value',
  ],
  'a config map': [
    { 'spec/volumes': [{ name: 'v', configMap: { defaultMode: -1, items: [{ key: 'a', path: '..b' }] } }] },
    'spec.volumes[0].configMap.defaultMode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].configMap.items[0].path: Invalid value: "..b": must not start with \'..\'',
    'spec.volumes[0].configMap.name: Required value',
  ],
  'a claim': [
    { 'spec/volumes': [{ name: 'v', persistentVolumeClaim: {} }] },
    'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
  ],
  'the downward API': [
    {
      'spec/volumes': [
        {
          name: 'v',
          downwardAPI: {
            defaultMode: 512,
            items: [
              {},
              { path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } },
              { path: 'b', fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: { resource: 'limits.cpu' } },
              { path: 'c', resourceFieldRef: { resource: 'limits.cpu' } },
              { path: 'd', mode: -1, fieldRef: { fieldPath: 'metadata.name' } },
            ],
          },
        },
      ],
    },
    'spec.volumes[0].downwardAPI.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
    'spec.volumes[0].downwardAPI.mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].downwardAPI.path: Required value',
    'spec.volumes[0].downwardAPI.resourceFieldRef.containerName: Required value',
    'spec.volumes[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
    'spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
  ],
  'projections of two kinds': [
    { 'spec/volumes': [{ name: 'v', projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } }] },
    'spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
  ],
  'projections of nothing': [{ 'spec/volumes': [{ name: 'v', projected: { sources: [{}] } }] }],
  projections: [
    {
      'spec/volumes': [
        {
          name: 'v',
          projected: {
            defaultMode: 512,
            sources: [
              { secret: {} },
              { configMap: {} },
              { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
              { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
              { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    },
    'spec.volumes[0].projected.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    'spec.volumes[0].projected.sources[0].secret.name: Required value',
    'spec.volumes[0].projected.sources[1].configMap.name: Required value',
    'spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths',
    'spec.volumes[0].projected: Invalid value: "p": conflicting duplicate paths',
  ],
  tokens: [
    {
      'spec/volumes': [
        {
          name: 'v',
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 5 } },
              { serviceAccountToken: { path: '../a', expirationSeconds: 4294967297 } },
            ],
          },
        },
      ],
    },
    'spec.volumes[0].projected.path: Invalid value: "../a": must not contain \'..\'',
    'spec.volumes[0].projected.path: Required value',
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    'spec.volumes[0].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    'spec.volumes[0].projected.sources[1].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
  ],
  trust: [
    {
      'spec/volumes': [
        {
          name: 'v',
          projected: {
            sources: [
              { clusterTrustBundle: { path: 'a' } },
              { clusterTrustBundle: { name: 'x', signerName: 'a/b', path: 'b' } },
              { clusterTrustBundle: { signerName: 'nonsense', path: 'c' } },
              { clusterTrustBundle: { name: 'X y', path: '' } },
            ],
          },
        },
      ],
    },
  ],
  'trust by signer without labels': [
    {
      'spec/volumes': [
        {
          name: 'v',
          projected: {
            sources: [
              {
                clusterTrustBundle: {
                  signerName: 'example.com/a',
                  path: 'a',
                  labelSelector: { matchLabels: { 'a b': 'c' } },
                },
              },
            ],
          },
        },
      ],
    },
  ],
  'an ephemeral claim': [
    { 'spec/volumes': [{ name: 'v', ephemeral: {} }] },
    'spec.volumes[0].ephemeral.volumeClaimTemplate: Required value',
  ],
  'an ephemeral claim’s spec': [
    {
      'spec/volumes': [
        {
          name: 'v',
          ephemeral: { volumeClaimTemplate: { metadata: { labels: { 'a b': 'c' }, name: 'x' }, spec: {} } },
        },
      ],
    },
    "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
    'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
    'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
  ],
  'an image': [{ 'spec/volumes': [{ name: 'v', image: {} }] }, 'spec.volumes[0].image.reference: Required value'],
  'an image’s policy': [
    { 'spec/volumes': [{ name: 'v', image: { reference: 'a', pullPolicy: 'X' } }] },
    'spec.volumes[0].image.pullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
  ],
});
