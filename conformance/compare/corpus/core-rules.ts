/** Rules, warnings and allocations of core kinds, after the rows of upstream's own table tests. */
import type { Case, JsonObject } from '../case.ts';
import {
  endpoints,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
} from '../kinds.ts';
import { create, patch, put, sub, update, updates, variants } from '../requests.ts';

const hints = 'service.kubernetes.io/topology-aware-hints';
const mode = 'service.kubernetes.io/topology-mode';
const balancer = { 'spec/type': 'LoadBalancer' };
const avoid = (text: string) => ({
  'metadata/annotations': { 'scheduler.alpha.kubernetes.io/preferAvoidPods': text },
});
const affinity = (key: string): JsonObject => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] },
});
const csi = { 'spec/hostPath': undefined, 'spec/csi': { driver: 'example.com', volumeHandle: 'h' } };
const secret = (name: string): JsonObject => ({ name, namespace: 'default' });
const mountable = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
const oldClass = 'volume.beta.kubernetes.io/storage-class';
const tls = (certificate: string, key: string) => ({
  type: 'kubernetes.io/tls',
  data: {
    'tls.crt': Buffer.from(certificate).toString('base64'),
    'tls.key': Buffer.from(key).toString('base64'),
  },
});
const claimStatuses: readonly JsonObject[] = [
  { allocatedResourceStatuses: { 'kubernetes.io/foo': 'NodeResizePending' } },
  { allocatedResourceStatuses: { storage: 'X' } },
  { allocatedResources: { storage: '-1' } },
  { capacity: { storage: '-1500m' } },
];
const pem = (type: string): string => `-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----\n`;

export const coreRuleCases: readonly Case[] = [
  {
    name: 'core/services: more specs',
    steps: variants(services, {
      'an annotation of the old name': { 'metadata/annotations': { [hints]: 'auto' } },
      'two annotations that differ': { 'metadata/annotations': { [hints]: 'auto', [mode]: 'disabled' } },
      'external addresses': { 'spec/externalIPs': ['192.0.2.1', '2001:DB8::1'] },
      'external addresses, headless': { 'spec/externalIPs': ['192.0.2.1'], 'spec/clusterIP': 'None' },
      'affinity, headless': { 'spec/sessionAffinity': 'ClientIP', 'spec/clusterIP': 'None', 'spec/loadBalancerIP': '' },
      'external addresses with leading zeros': { 'spec/externalIPs': ['010.0.2.1', '::ffff:192.0.2.1', '127.0.0.01'] },
      'external addresses of an external name': {
        'spec/type': 'ExternalName',
        'spec/externalName': 'example.com',
        'spec/internalTrafficPolicy': 'Cluster',
        'spec/externalIPs': ['192.0.2.1'],
      },
      'an address of a balancer': { ...balancer, 'spec/loadBalancerIP': '2001:DB8::1' },
      'ranges with leading zeros': { ...balancer, 'spec/loadBalancerSourceRanges': ['010.0.0.0/8', '10.0.0.0/08'] },
      'ranges with host bits': { ...balancer, 'spec/loadBalancerSourceRanges': ['10.0.0.1/8', '::ffff:10.0.0.0/104'] },
      'node ports of one number': {
        'spec/type': 'NodePort',
        'spec/ports': [
          { name: 'a', port: 53, protocol: 'UDP', nodePort: 30_999 },
          { name: 'b', port: 54, protocol: 'TCP', nodePort: 30_999 },
        ],
      },
      'no policy but one family preferred': { 'spec/ipFamilies': ['IPv4'], 'spec/ipFamilyPolicy': 'PreferDualStack' },
    }),
  },
  {
    name: 'core/services: an address of no range',
    steps: [create(services, 'outside', { 'spec/clusterIP': '192.0.2.1' })],
  },
  {
    name: 'core/services: from one type to another',
    steps: [
      create(services, 'one', { 'spec/type': 'LoadBalancer', 'spec/loadBalancerClass': 'example.com/a' }),
      patch('merge', services, 'one', { spec: { type: 'ClusterIP', loadBalancerClass: 'example.com/b' } }),
      patch('merge', services, 'one', { spec: { loadBalancerClass: 'example.com/b' } }),
      sub(
        'status',
        patch('merge', services, 'one', { status: { loadBalancer: { ingress: [{ ip: '2001:DB8::1' }] } } }),
      ),
      sub(
        'status',
        patch('merge', services, 'one', { status: { loadBalancer: { ingress: [{ hostname: '010.0.0.1' }] } } }),
      ),
      patch('merge', services, 'one', { spec: { type: 'ClusterIP' } }),
      patch('merge', services, 'one', { spec: { type: 'ExternalName', externalName: 'example.com' } }),
      patch('merge', services, 'one', { spec: { type: 'NodePort' } }),
    ],
  },
  {
    name: 'core/endpoints: addresses in other forms',
    steps: variants(endpoints, {
      'leading zeros': { 'subsets/0/addresses': [{ ip: '010.0.0.1' }] },
      capitals: { 'subsets/0/addresses': [{ ip: '2001:DB8::1' }] },
      'link-local, of many machines': { 'subsets/0/addresses': [{ ip: 'ff12::1' }, { ip: '224.0.0.5' }] },
    }),
  },
  {
    name: 'core/nodes: more specs',
    steps: variants(nodes, {
      'pods to avoid': avoid('{"preferAvoidPods":[{"podSignature":{"podController":{"controller":true}}}]}'),
      'pods to avoid, of nobody': avoid(
        '{"preferAvoidPods":[{},{"podSignature":{"podController":{"controller":false}}}]}',
      ),
      'pods to avoid, empty': avoid('{}'),
      'a taint twice': {
        'spec/taints': [
          { key: 'a', value: '1', effect: 'NoSchedule' },
          { key: 'a', value: '2', effect: 'NoSchedule' },
        ],
      },
      'ranges with leading zeros': { 'spec/podCIDR': '10.244.000.0/24' },
      'a range in capitals': { 'spec/podCIDR': '2001:DB8::/64' },
      'features out of order': { status: { declaredFeatures: ['B', 'A', 'A', 'a b'] } },
      'swap of nothing': { status: { nodeInfo: { swap: { capacity: 0 } } } },
    }),
  },
  {
    name: 'core/nodes: updates',
    steps: [
      ...updates(
        nodes,
        {
          'another id': { 'spec/externalID': 'b' },
          'other ranges': { 'spec/podCIDR': '10.1.0.0/24', 'spec/podCIDRs': ['10.1.0.0/24', '2001:db8:1::/64'] },
        },
        { 'spec/externalID': 'a', 'spec/podCIDR': '10.0.0.0/24', 'spec/podCIDRs': ['10.0.0.0/24', '2001:db8::/64'] },
      ),
      sub(
        'status',
        patch('merge', nodes, 'updated', {
          status: {
            addresses: [
              { type: 'Hostname', address: 'a' },
              { type: 'Hostname', address: 'a' },
            ],
          },
        }),
      ),
    ],
  },
  {
    name: 'core/persistentvolumes: more updates',
    steps: [
      ...updates(
        persistentVolumes,
        { 'a secret for expansion': { 'spec/csi/controllerExpandSecretRef': secret('a') }, 'none of a class': {} },
        csi,
      ),
      ...updates(
        persistentVolumes,
        { 'another secret': { 'spec/csi/controllerExpandSecretRef': secret('b') } },
        { ...csi, 'spec/csi/controllerExpandSecretRef': secret('a') },
      ),
    ],
  },
  {
    name: 'core/persistentvolumes: labels that became others',
    steps: updates(
      persistentVolumes,
      {
        stable: { 'spec/nodeAffinity': affinity('topology.kubernetes.io/zone') },
        another: { 'spec/nodeAffinity': affinity('topology.kubernetes.io/region') },
      },
      { 'spec/nodeAffinity': affinity('failure-domain.beta.kubernetes.io/zone') },
    ),
  },
  {
    name: 'core/persistentvolumes: recycling and mounting',
    steps: variants(persistentVolumes, {
      'the root, in other words': { 'spec/hostPath/path': '//', 'spec/persistentVolumeReclaimPolicy': 'Recycle' },
      'options by annotation': { 'metadata/annotations': { 'volume.beta.kubernetes.io/mount-options': 'ro' } },
    }),
  },
  {
    name: 'core/persistentvolumeclaims: classes by annotation',
    steps: updates(
      persistentVolumeClaims,
      {
        another: { 'metadata/annotations': { [oldClass]: 'b' } },
        'as a field': { 'spec/storageClassName': 'a' },
        'another as a field': { 'spec/storageClassName': 'b' },
      },
      { 'metadata/annotations': { [oldClass]: 'a' } },
    ),
  },
  {
    name: 'core/persistentvolumeclaims: status',
    steps: [
      create(persistentVolumeClaims, 'one'),
      ...claimStatuses.map((status) =>
        sub(
          'status',
          patch('merge', persistentVolumeClaims, 'one', { status }, undefined, { label: JSON.stringify(status) }),
        ),
      ),
    ],
  },
  {
    name: 'core/secrets: pairs that are none',
    steps: variants(secrets, {
      'no PEM': tls('a', 'b'),
      'a key for a certificate': tls(pem('PRIVATE KEY'), pem('PRIVATE KEY')),
      'something else': tls(pem('X'), pem('Y')),
      'no certificate in the certificate': tls(`${pem('X')}${pem('Y')}`, ''),
      'dockercfg of nonsense': { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'YmFk' } },
      'dockercfg of a list': { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'W10=' } },
      'dockercfg of a bool': { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'dHJ1ZQ==' } },
    }),
  },
  {
    name: 'core/quotas, accounts and controllers: warnings',
    steps: [
      ...variants(resourceQuotas, {
        'more than may be used': {
          'spec/hard': { cpu: '2', 'limits.cpu': '1', 'requests.memory': '2', 'limits.memory': '1' },
        },
      }),
      ...updates(serviceAccounts, { 'only its own secrets': { 'metadata/annotations': mountable } }),
      ...variants(serviceAccounts, { 'only its own secrets': { 'metadata/annotations': mountable } }),
      create(replicationControllers, 'a.b'),
      ...updates(
        replicationControllers,
        {
          another: { 'spec/template/spec/nodeSelector': { 'beta.kubernetes.io/os': 'linux' } },
          less: { 'spec/template/spec/nodeSelector': {} },
        },
        { 'spec/template/spec/nodeSelector': { 'beta.kubernetes.io/arch': 'amd64' } },
      ),
    ],
  },
  {
    name: 'core/pods: more warnings',
    steps: variants(pods, {
      'profiles by annotation': {
        'metadata/annotations': {
          'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
          'container.seccomp.security.alpha.kubernetes.io/main': 'runtime/default',
        },
      },
      'addresses in capitals': {
        'spec/hostAliases': [{ ip: '2001:DB8::1', hostnames: ['a'] }],
        'spec/dnsConfig': { nameservers: ['2001:DB8::2'] },
      },
      'files over files': {
        'spec/volumes': [
          {
            name: 'v',
            projected: {
              sources: [
                { configMap: { name: 'a', items: [{ key: 'a', path: 'dir' }] } },
                { secret: { name: 'b', items: [{ key: 'a', path: 'dir/file' }] } },
              ],
            },
          },
        ],
      },
      'a port of an address': { 'spec/containers/0/ports': [{ containerPort: 80, hostIP: '10.0.0.1' }] },
      'preferred values that no label has': {
        'spec/affinity': {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] } },
            ],
          },
        },
      },
      'keys that the selector has': {
        'metadata/labels': { a: 'b' },
        'spec/topologySpreadConstraints': [
          {
            maxSkew: 1,
            topologyKey: 'a',
            whenUnsatisfiable: 'DoNotSchedule',
            matchLabelKeys: ['a'],
            labelSelector: { matchLabels: { a: 'b' } },
          },
        ],
      },
    }),
  },
  {
    name: 'core/pods: of other systems and files',
    steps: [
      create(pods, 'mirror', {
        'metadata/annotations': { 'kubernetes.io/config.mirror': 'a' },
        'spec/nodeName': 'nowhere',
      }),
      create(pods, 'windows', { 'spec/os': { name: 'windows' } }),
      sub('resize', update(pods, 'windows')),
      sub('ephemeralcontainers', put(pods, 'windows', {})),
    ],
  },
];
