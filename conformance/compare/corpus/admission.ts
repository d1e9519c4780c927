/** What a namespace's own rules do to what is made in it: limit ranges, quotas and Pod Security. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import {
  configMaps,
  cronJobs,
  deployments,
  jobs,
  limitRanges,
  persistentVolumeClaims,
  pods,
  podTemplates,
  replicationControllers,
  resourceClaims,
  resourceQuotas,
  services,
} from '../kinds.ts';
import { create, get, list, patch, sub, update, variants } from '../requests.ts';

/** The reference reads rules from a cache that follows the storage. */
const followed = (kind: Kind): Step =>
  list(kind, { watch: true, timeoutSeconds: 1 }, { label: 'wait', uncompared: true });

const resources = 'spec/containers/0/resources';
const merge = { 'content-type': 'application/merge-patch+json' };

const limited = (name: string, limit: JsonObject, ...steps: Step[]): Case => ({
  name: `admission/limit ranges: ${name}`,
  steps: [create(limitRanges, 'one', { 'spec/limits': [limit] }), followed(limitRanges), ...steps],
});

const sidecar: Changes = {
  'spec/initContainers': [
    { name: 'side', image: 'x', restartPolicy: 'Always', resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } },
    { name: 'first', image: 'x', resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } },
  ],
};

const limitCases: readonly Case[] = [
  limited(
    'defaults',
    { type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { memory: '512Mi' } },
    ...variants(pods, {
      nothing: {},
      'some requests': { [resources]: { requests: { cpu: '100m' } } },
      limits: { [resources]: { limits: { cpu: '2' } } },
      'requests above the default': { [resources]: { requests: { memory: '2Gi' } } },
      'init containers': sidecar,
      'of the whole pod': { 'spec/resources': { requests: { cpu: '100m' } } },
    }),
  ),
  limited(
    'a least and a most',
    { type: 'Container', min: { cpu: '100m' }, max: { cpu: '1' } },
    ...variants(pods, {
      nothing: {},
      'too little': { [resources]: { requests: { cpu: '50m' } } },
      'too much': { [resources]: { requests: { cpu: '1' }, limits: { cpu: '1001m' } } },
      'less than a thousandth too much': { [resources]: { requests: { cpu: '1' }, limits: { cpu: '1000100u' } } },
      'an init container': sidecar,
    }),
  ),
  limited(
    'a ratio',
    { type: 'Container', maxLimitRequestRatio: { memory: '1500m' } },
    ...variants(pods, {
      nothing: {},
      'no limit': { [resources]: { requests: { memory: '1Gi' } } },
      'just so': { [resources]: { requests: { memory: '1Gi' }, limits: { memory: '1536Mi' } } },
      more: { [resources]: { requests: { memory: '1Gi' }, limits: { memory: '2Gi' } } },
      'nothing requested': { [resources]: { requests: { memory: '0' }, limits: { memory: '2Gi' } } },
    }),
  ),
  limited(
    'of pods',
    { type: 'Pod', max: { cpu: '2' } },
    ...variants(pods, {
      nothing: {},
      'a sidecar and more': { ...sidecar, [resources]: { requests: { cpu: '1' }, limits: { cpu: '1' } } },
      'of the whole pod': { 'spec/resources': { requests: { cpu: '1' }, limits: { cpu: '2' } } },
      'too much of the whole pod': { 'spec/resources': { limits: { cpu: '3' } } },
      enough: { [resources]: { limits: { cpu: '2' } } },
    }),
  ),
  limited(
    'of pods: huge pages',
    { type: 'Pod', max: { 'hugepages-2Mi': '2Mi' } },
    ...variants(pods, {
      'for the whole pod': {
        [resources]: { limits: { 'hugepages-2Mi': '4Mi', cpu: '1' } },
        'spec/resources': { limits: { 'hugepages-2Mi': '4Mi', cpu: '1' } },
      },
    }),
  ),
  limited(
    'of claims',
    { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
    ...variants(persistentVolumeClaims, {
      enough: {},
      'too small': { 'spec/resources/requests/storage': '1Mi' },
      'too large': { 'spec/resources/requests/storage': '3Gi' },
    }),
  ),
];

/** `used` by what there is so far; zero unless told. */
const quota = (
  name: string,
  hard: Record<string, string>,
  used: Record<string, string> = {},
  more: Changes = {},
): Step[] => [
  create(resourceQuotas, name, { 'spec/hard': hard, ...more }),
  sub(
    'status',
    patch('merge', resourceQuotas, name, {
      status: { hard, used: { ...Object.fromEntries(Object.keys(hard).map((each) => [each, '0'])), ...used } },
    }),
  ),
];

const quotaed = (name: string, ...steps: (Step | Step[])[]): Case => ({
  name: `admission/quotas: ${name}`,
  steps: steps.flat(),
});

const wait = followed(resourceQuotas);
const usage = get(resourceQuotas, 'one', {}, { label: 'what is used' });

const scope = (scopeName: string, operator: string, ...values: string[]): Changes => ({
  'spec/scopeSelector': { matchExpressions: [{ scopeName, operator, ...(values.length === 0 ? {} : { values }) }] },
});

const affine = (term: JsonObject): Changes => ({
  'spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution': [
    { topologyKey: 'kubernetes.io/hostname', labelSelector: {}, ...term },
  ],
});

const exact = (count: number): Json => ({ deviceClassName: 'gold', allocationMode: 'ExactCount', count });
const devicesOf = (...requests: JsonObject[]): Changes => ({ 'spec/devices': { requests } });

const quotaCases: readonly Case[] = [
  quotaed(
    'of compute',
    quota('one', { pods: '5', 'requests.cpu': '1', 'limits.memory': '1Gi' }, { pods: '1', 'requests.cpu': '500m' }),
    wait,
    variants(pods, {
      'nothing said': {},
      'half of it said, by two': {
        'spec/containers/1': { name: 'b', image: 'x' },
        [resources]: { requests: { cpu: '1m' } },
      },
      'empty for the whole pod': { 'spec/resources': {} },
      'for the whole pod': { 'spec/resources': { requests: { cpu: '600m' }, limits: { memory: '2Gi' } } },
      'of one too much': { [resources]: { requests: { cpu: '600m' }, limits: { memory: '1Mi' } } },
      'of all too much': { [resources]: { requests: { cpu: '501m' }, limits: { memory: '1025Mi', cpu: '9' } } },
      enough: { [resources]: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } } },
    }),
    create(pods, 'one', { [resources]: { requests: { cpu: '250m' }, limits: { memory: '1e3' } } }),
    usage,
    create(pods, 'two', { [resources]: { requests: { cpu: '251m' }, limits: { memory: '1k' } } }),
  ),
  quotaed(
    'that nobody has counted yet',
    create(resourceQuotas, 'one', { 'spec/hard': { pods: '1', 'services.nodeports': '1' } }),
    sub(
      'status',
      patch('merge', resourceQuotas, 'one', {
        status: { hard: { pods: '1', 'services.nodeports': '1', cpu: '1' }, used: {} },
      }),
    ),
    wait,
    variants(pods, { 'cpu is not stated': {}, 'cpu is stated': { [resources]: { requests: { cpu: '1' } } } }),
    variants(services, { 'of no node port': {} }),
    variants(configMaps, { 'of another kind': {} }),
  ),
  quotaed(
    'of things by number',
    quota('one', { configmaps: '1', 'count/configmaps': '2', 'count/deployments.apps': '0', 'count/events': '0' }),
    wait,
    variants(deployments, { 'one too many': {} }),
    create(configMaps, 'one'),
    usage,
    variants(configMaps, { 'one too many': {} }),
    update(configMaps, 'one', { 'data/key': 'other' }),
    {
      method: 'POST',
      path: '/api/v1/namespaces/$ns/events?dryRun=All',
      body: {
        metadata: { name: 'e' },
        involvedObject: { namespace: '$ns' },
      },
      label: 'events are not counted',
      uncompared: true,
    },
  ),
  quotaed(
    'of services',
    quota('one', { services: '5', 'services.nodeports': '2', 'services.loadbalancers': '0' }),
    wait,
    variants(services, {
      'no node ports': {},
      'a load balancer': { 'spec/type': 'LoadBalancer' },
      'three node ports': {
        'spec/type': 'NodePort',
        'spec/ports': [80, 81, 82].map((port) => ({ port, name: `p${port}` })),
      },
    }),
    create(services, 'one', {}),
    patch('merge', services, 'one', { spec: { type: 'LoadBalancer' } }, { dryRun: 'All' }),
    patch('merge', services, 'one', { spec: { type: 'NodePort' } }, {}, { uncompared: true }),
    usage,
  ),
  quotaed(
    'of storage',
    quota('one', {
      persistentvolumeclaims: '2',
      'requests.storage': '2Gi',
      'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
      'tin.storageclass.storage.k8s.io/persistentvolumeclaims': '0',
    }),
    wait,
    variants(persistentVolumeClaims, {
      'too large': { 'spec/resources/requests/storage': '3Gi' },
      'too large for its class': { 'spec/storageClassName': 'gold', 'spec/resources/requests/storage': '1025Mi' },
      'of a class that has none': { 'spec/storageClassName': 'tin' },
      'of a class by annotation': { 'metadata/annotations': { 'volume.beta.kubernetes.io/storage-class': 'tin' } },
    }),
    create(persistentVolumeClaims, 'one', { 'spec/resources/requests/storage': '1.5Gi' }),
    usage,
    sub(
      'status',
      patch('merge', persistentVolumeClaims, 'one', { status: { allocatedResources: { storage: '9Gi' } } }),
    ),
    usage,
  ),
  ...(
    [
      ['Terminating', { 'spec/scopes': ['Terminating'] }],
      ['NotTerminating', { 'spec/scopes': ['NotTerminating'] }],
      ['BestEffort', { 'spec/scopes': ['BestEffort'] }],
      ['NotBestEffort', { 'spec/scopes': ['NotBestEffort'] }],
      ['CrossNamespacePodAffinity', scope('CrossNamespacePodAffinity', 'Exists')],
      ['PriorityClass', scope('PriorityClass', 'In', 'system-node-critical')],
      ['no PriorityClass', scope('PriorityClass', 'DoesNotExist')],
      ['another PriorityClass', scope('PriorityClass', 'NotIn', 'system-node-critical')],
      ['a PriorityClass nobody can name', scope('PriorityClass', 'In', 'a b')],
    ] satisfies [string, Changes][]
  ).map(([name, more]) =>
    quotaed(
      `in scope ${name}`,
      quota('one', { pods: '0' }, {}, more),
      wait,
      variants(pods, {
        plain: {},
        'with a deadline': { 'spec/activeDeadlineSeconds': 9 },
        'with requests': { [resources]: { requests: { cpu: '1' } } },
        'with requests for nothing': { [resources]: { requests: { cpu: '0' }, limits: { 'ephemeral-storage': '1' } } },
        'with requests for all': { 'spec/resources': { requests: { memory: '1Gi' } } },
        'of a class': { 'spec/priorityClassName': 'system-node-critical' },
        'away from its own': affine({}),
        'away from others': affine({ namespaces: ['default'] }),
        'away from all': affine({ namespaceSelector: {} }),
      }),
      variants(configMaps, { 'another kind': {} }),
    ),
  ),
  quotaed(
    'in scope of attributes',
    quota('one', { persistentvolumeclaims: '0' }, {}, scope('VolumeAttributesClass', 'In', 'fast')),
    wait,
    variants(persistentVolumeClaims, {
      plain: {},
      fast: { 'spec/volumeAttributesClassName': 'fast' },
      slow: { 'spec/volumeAttributesClassName': 'slow' },
    }),
  ),
  quotaed(
    'of devices',
    quota('one', {
      'gold.deviceclass.resource.k8s.io/devices': '3',
      'requests.deviceclass.resource.kubernetes.io/gold': '4',
    }),
    wait,
    variants(resourceClaims, {
      enough: devicesOf({ name: 'a', exactly: exact(3) }),
      'too many': devicesOf({ name: 'a', exactly: exact(2) }, { name: 'b', exactly: exact(2) }),
      'far too many': devicesOf({ name: 'a', exactly: exact(5) }),
      all: devicesOf({ name: 'a', exactly: { deviceClassName: 'gold', allocationMode: 'All' } }),
      'one or the other': devicesOf({
        name: 'a',
        firstAvailable: [
          { name: 'x', deviceClassName: 'gold', count: 4 },
          { name: 'y', deviceClassName: 'gold', count: 1 },
        ],
      }),
      'another class': devicesOf({ name: 'a', exactly: { deviceClassName: 'tin', allocationMode: 'All' } }),
    }),
    variants(pods, {
      'by name': { [resources]: { limits: { 'deviceclass.resource.kubernetes.io/gold': '5' } } },
    }),
  ),
  quotaed(
    'two of them',
    quota('one', { pods: '9' }),
    quota('two', { 'count/pods': '1' }),
    wait,
    create(pods, 'one'),
    create(pods, 'two'),
    usage,
    get(resourceQuotas, 'two'),
  ),
];

const labels = (level: string, version?: string): JsonObject => ({
  'pod-security.kubernetes.io/enforce': level,
  ...(version === undefined ? {} : { 'pod-security.kubernetes.io/enforce-version': version }),
});
const relabel = (given: JsonObject, label: string): Step => ({
  method: 'PATCH',
  path: '/api/v1/namespaces/$ns',
  body: { metadata: { labels: given } },
  headers: merge,
  label,
});
const waitForLabels = followed(pods);

const holders: readonly [kind: Kind, template: string][] = [
  [deployments, 'spec/template/'],
  [replicationControllers, 'spec/template/'],
  [jobs, 'spec/template/'],
  [cronJobs, 'spec/jobTemplate/spec/template/'],
  [podTemplates, 'template/'],
];

const breaches: Record<string, Changes> = {
  nothing: {},
  'host namespaces': { 'spec/hostNetwork': true, 'spec/hostPID': true },
  'a host port': { 'spec/containers/0/ports': [{ containerPort: 80, hostPort: 81 }] },
  'a host path': { 'spec/volumes': [{ name: 'v', hostPath: { path: '/' } }] },
  'a probed host': { 'spec/containers/0/livenessProbe': { tcpSocket: { port: 1, host: 'example.com' } } },
  privileged: { 'spec/containers/0/securityContext': { privileged: true, capabilities: { add: ['SYS_ADMIN', 'A'] } } },
  'a user namespace': { 'spec/hostUsers': false, 'spec/securityContext': { runAsUser: 0 } },
  windows: {
    'spec/os': { name: 'windows' },
    'spec/securityContext': { windowsOptions: { hostProcess: true } },
    'spec/hostNetwork': true,
  },
  sysctls: {
    'spec/securityContext': {
      sysctls: [
        { name: 'net.ipv4.tcp_rmem', value: '1' },
        { name: 'a.b', value: '1' },
      ],
    },
  },
  SELinux: { 'spec/securityContext': { seLinuxOptions: { type: 'x', user: 'u', role: 'r' } } },
  'a debugger': {
    'spec/containers/0/securityContext': { procMount: 'Unmasked', runAsNonRoot: false },
    'spec/hostUsers': false,
  },
};

const securityCases: readonly Case[] = [
  ...(
    [
      ['baseline', undefined],
      ['restricted', undefined],
      ['restricted', 'v1.18'],
      ['restricted', 'v1.34'],
      ['restricted', 'v1.99'],
    ] as const
  ).map(
    ([level, version]): Case => ({
      name: `admission/pod security: ${level} ${version ?? ''}`,
      steps: [
        relabel(labels(level, version), 'enforce'),
        waitForLabels,
        ...variants(pods, breaches),
        ...holders.flatMap(([kind, prefix]) =>
          variants(kind, { privileged: { [`${prefix}spec/containers/0/securityContext`]: { privileged: true } } }),
        ),
      ],
    }),
  ),
  {
    name: 'admission/pod security: labels of namespaces',
    steps: [
      create(pods, 'one', { 'spec/hostNetwork': true }),
      create(pods, 'two', { 'spec/hostNetwork': true }),
      create(pods, 'three', { 'spec/containers/0/securityContext': { privileged: true } }),
      waitForLabels,
      ...(['baseline', 'restricted', 'nonsense'] as const).flatMap((level) => [
        { ...relabel(labels(level), level), path: '/api/v1/namespaces/$ns?dryRun=All' },
        { ...relabel(labels(level, 'v1.20'), `${level} of v1.20`), path: '/api/v1/namespaces/$ns?dryRun=All' },
        { ...relabel(labels(level, '1.20'), `${level} of 1.20`), path: '/api/v1/namespaces/$ns?dryRun=All' },
      ]),
      relabel(
        { 'pod-security.kubernetes.io/warn': 'x', 'pod-security.kubernetes.io/audit-version': 'v1.099' },
        'wrong warn and audit',
      ),
      relabel(labels('baseline'), 'enforce'),
      relabel(labels('baseline', 'v1.30'), 'an older version'),
      relabel(labels('privileged'), 'let go'),
      relabel({ 'pod-security.kubernetes.io/enforce-version': 'v1.99999999999999999999' }, 'a version beyond numbers'),
    ],
  },
  {
    name: 'admission/pod security: updates',
    steps: [
      create(pods, 'one', { 'spec/hostNetwork': true }),
      relabel(labels('baseline'), 'enforce'),
      waitForLabels,
      patch('merge', pods, 'one', { metadata: { labels: { a: 'b' } } }),
      patch('strategic', pods, 'one', { spec: { containers: [{ name: 'main', image: 'other' }] } }),
      sub(
        'ephemeralcontainers',
        patch('strategic', pods, 'one', { spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } }),
      ),
    ],
  },
];

export const admissionCases: readonly Case[] = [...limitCases, ...quotaCases, ...securityCases];
