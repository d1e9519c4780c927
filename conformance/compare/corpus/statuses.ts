/** Status that is more than a report: devices allocated to claims, what has become of a pod's containers, pods resized. */
import type { Case, Json, JsonObject, Kind, Step } from '../case.ts';
import { clusterRoleBindings, clusterRoles, customResourceDefinitions, pods, resourceClaims } from '../kinds.ts';
import { create, item, made, patch, remove, settled } from '../requests.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

const writeStatus = (kind: Kind, status: JsonObject, label?: string, dryRun = true): Step => ({
  method: 'PATCH',
  path: `${item(kind, 'one')}/status${dryRun ? '?dryRun=All' : ''}`,
  body: { status },
  headers: merge,
  label: label ?? JSON.stringify(status),
});

const gpu = { driver: 'example.com', pool: 'pool', device: 'gpu-0' };
const result: JsonObject = { request: 'gpu', ...gpu };
const allocated = (change: JsonObject, more: JsonObject = {}): JsonObject => ({
  allocation: { devices: { results: [{ ...result, ...change }], ...more } },
});
const configured = (config: JsonObject): JsonObject => allocated({}, { config: [config] });
const opaque = { driver: 'example.com', parameters: { a: 1 } };
const holder = { resource: 'pods', name: 'one', uid: 'u' };
const id = '01234567-89ab-cdef-0123-456789abcdef';

const allocations: readonly JsonObject[] = [
  allocated({}),
  allocated({ request: 'other' }),
  allocated({ request: 'a/b/c' }),
  allocated({ request: '' }),
  allocated({ driver: '' }),
  allocated({ driver: 'Bad Driver' }),
  allocated({ pool: 'A' }),
  allocated({ device: 'a.b' }),
  allocated({ adminAccess: true }),
  ...['x', id, id.toUpperCase(), id.replaceAll('-', ''), `urn:uuid:${id}`, `{${id}}`, `x${id}y`, `${id}1`].map(
    (shareID) => allocated({ shareID }),
  ),
  allocated({ bindingConditions: ['a'] }),
  allocated({ bindingConditions: ['a', 'a'], bindingFailureConditions: ['a', 'b c'] }),
  allocated({ bindingConditions: ['a'], bindingFailureConditions: ['b'] }),
  configured({ source: 'FromClaim', opaque }),
  configured({ source: 'FromNowhere', opaque }),
  configured({ opaque, requests: ['x', 'x'] }),
  configured({ source: 'FromClass' }),
  { allocation: { nodeSelector: { nodeSelectorTerms: [] } } },
  { reservedFor: [holder] },
  { ...allocated({}), reservedFor: [holder, holder] },
  { ...allocated({}), reservedFor: [{ resource: '', name: '', uid: '' }] },
];

const reported = (report: JsonObject): JsonObject => ({ devices: [{ ...gpu, ...report }] });
const reports: readonly JsonObject[] = [
  reported({}),
  reported({ device: 'gpu-1' }),
  reported({ device: '', driver: '', pool: '' }),
  reported({ data: { a: 1 } }),
  reported({ data: [] }),
  reported({ data: 'x' }),
  reported({ conditions: [{ type: 'Ready', status: 'Maybe' }] }),
  reported({ networkData: { interfaceName: 'x'.repeat(257), hardwareAddress: 'y'.repeat(129) } }),
  ...(
    [
      ['10.9.8.7/24', '2001:db8::1/64'],
      ['10.9.8.7', '10.9.8.7/33', 'x/24', '/24', '10.9.8.7/'],
      ['10.9.8.07/24', '010.1.1.1/8', '2001:DB8::1/64', '2001:db8:0:0::1/64', '10.9.8.7/024'],
      ['::ffff:10.9.8.7/120', '10.0.0.1/24', '10.0.0.1/24'],
    ] as Json[]
  ).map((ips) => reported({ networkData: { ips } })),
  { devices: [gpu, gpu] },
  { reservedFor: [holder] },
  allocated({ device: 'gpu-1' }),
  { allocation: null },
];

const as = (user: string): Record<string, string> => ({ ...merge, 'impersonate-user': user });
const reader = '$ns-reporter';

const container: JsonObject = {
  name: 'main',
  image: 'i',
  imageID: 'i',
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode: 1 } },
};
const running = { ...container, state: { running: {} } };
const said: readonly JsonObject[] = [
  { containerStatuses: [running] },
  { containerStatuses: [{ ...running, name: 'other' }] },
  { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] },
  { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
  { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
  { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'x' }] },
  { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }, { ip: 'fd00::2' }] },
  { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'A' }] },
  { extendedResourceClaimStatus: { resourceClaimName: '', requestMappings: [] } },
  {
    extendedResourceClaimStatus: {
      resourceClaimName: 'one',
      requestMappings: [
        { containerName: 'main', resourceName: 'x', requestName: 'A' },
        { containerName: 'x', resourceName: 'x', requestName: 'a' },
        { containerName: 'x', resourceName: 'x', requestName: 'a' },
      ],
    },
  },
  { ephemeralContainerStatuses: [{ ...running, allocatedResourcesStatus: [{ name: 'x' }] }] },
  {
    containerStatuses: [
      {
        ...container,
        allocatedResourcesStatus: [
          { name: 'cpu', resources: [{ resourceID: 'a', health: 'Ill' }, { resourceID: 'a' }] },
          { name: 'claim:x' },
        ],
      },
    ],
  },
  { containerStatuses: [{ ...container, user: { linux: { uid: -1, gid: -1, supplementalGroups: [4294967296] } } }] },
  { observedGeneration: -1, conditions: [{ type: 'A b', status: 'True', observedGeneration: -1 }] },
  { nominatedNodeName: 'A b' },
  { qosClass: 'Guaranteed' },
];

const compute = { requests: { cpu: '100m', memory: '64Mi' } };
const resized = (spec: JsonObject): Step => ({
  method: 'PATCH',
  path: `${item(pods, 'one')}/resize?dryRun=All`,
  body: { spec },
  headers: { 'content-type': 'application/strategic-merge-patch+json' },
  label: JSON.stringify(spec),
});

export const statusCases: Case[] = [
  {
    name: 'claims/allocation and reports',
    steps: [
      create(resourceClaims, 'one'),
      ...allocations.map((status) => writeStatus(resourceClaims, status)),
      ...reports.slice(0, 1).map((status) => writeStatus(resourceClaims, status, 'a report of nothing')),
      writeStatus(resourceClaims, { ...allocated({}), devices: [gpu] }, 'allocated', false),
      ...reports.map((status) => writeStatus(resourceClaims, status)),
      patch('merge', resourceClaims, 'one', { metadata: { finalizers: ['example.com/held'] } }),
      remove(resourceClaims, 'one'),
      writeStatus(resourceClaims, { reservedFor: [holder] }, 'held once deleted'),
      patch('merge', resourceClaims, 'one', { metadata: { finalizers: null } }),
    ],
  },
  {
    name: 'claims/who may allocate',
    steps: [
      create(clusterRoles, 'reporter', {
        rules: [
          { apiGroups: ['resource.k8s.io'], resources: ['resourceclaims/status'], verbs: ['patch'] },
          {
            apiGroups: ['resource.k8s.io'],
            resources: ['resourceclaims/driver'],
            resourceNames: ['known.example.com'],
            verbs: ['arbitrary-node:patch'],
          },
        ],
      }),
      create(clusterRoleBindings, 'reporter', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: '$ns-reporter' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader }],
      }),
      create(resourceClaims, 'one'),
      // Until the role has come through.
      ...Array.from({ length: 3 }, () => ({
        ...writeStatus(resourceClaims, {}),
        headers: as(reader),
        uncompared: true,
      })),
      { ...writeStatus(resourceClaims, allocated({})), headers: as(reader) },
      { ...writeStatus(resourceClaims, { ...allocated({ driver: '' }), reservedFor: [holder] }), headers: as(reader) },
      writeStatus(
        resourceClaims,
        { allocation: { devices: { results: [result, { ...result, driver: 'known.example.com' }] } } },
        'allocated',
        false,
      ),
      { ...writeStatus(resourceClaims, reported({})), headers: as(reader) },
      { ...writeStatus(resourceClaims, reported({ driver: 'known.example.com' })), headers: as(reader) },
      { ...writeStatus(resourceClaims, { allocation: null }), headers: as(reader) },
    ],
  },
  {
    name: 'pods/what is said of them',
    steps: [
      create(pods, 'one', { 'spec/restartPolicy': 'Never' }),
      writeStatus(pods, { containerStatuses: [container] }, 'ended', false),
      ...said.map((status) => writeStatus(pods, status)),
      {
        method: 'PATCH',
        path: `${item(pods, 'one')}/status?dryRun=All`,
        body: { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } },
        headers: merge,
        label: 'a mirror pod',
      },
    ],
  },
  {
    name: 'pods/zeros are not absence',
    steps: [
      create(pods, 'one', { 'spec/containers/0/securityContext': { allowPrivilegeEscalation: false } }),
      ...(
        [
          { containers: [{ name: 'main', securityContext: { runAsUser: 0 } }] },
          { containers: [{ name: 'main', securityContext: { allowPrivilegeEscalation: null } }] },
          { containers: [{ name: 'main', securityContext: { readOnlyRootFilesystem: false } }] },
          { automountServiceAccountToken: false },
          { hostNetwork: false, nodeName: '' },
        ] as JsonObject[]
      ).map((spec) => patch('strategic', pods, 'one', { spec }, { dryRun: 'All' }, { label: JSON.stringify(spec) })),
    ],
  },
  {
    name: 'pods/resize in depth',
    steps: [
      create(pods, 'one', {
        'spec/containers/0/resources': compute,
        'spec/initContainers': [
          { name: 'init', image: 'x', resources: compute },
          { name: 'sidecar', image: 'x', resources: compute, restartPolicy: 'Always' },
        ],
      }),
      resized({ initContainers: [{ name: 'init', resources: { requests: { cpu: '200m' } } }] }),
      resized({ initContainers: [{ name: 'sidecar', resources: { requests: { cpu: '200m' } } }] }),
      resized({ initContainers: [{ name: 'sidecar', resources: { requests: { 'ephemeral-storage': '1Gi' } } }] }),
      resized({ initContainers: [{ name: 'other', image: 'x' }] }),
      resized({ containers: [{ name: 'main', resources: { requests: { memory: null } } }] }),
      resized({ containers: [{ name: 'main', resources: { claims: [{ name: 'x' }] } }] }),
      resized({ resources: { requests: { cpu: '1' } } }),
      resized({ resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } } }),
      writeStatus(pods, { containerStatuses: [running] }, 'runs, and tells of no resources', false),
      resized({ containers: [{ name: 'main', resources: { requests: { cpu: '200m' } } }] }),
    ],
  },
  {
    name: 'definitions/deleted twice while others hold it',
    steps: [
      ...made(customResourceDefinitions, 'one'),
      patch('merge', customResourceDefinitions, 'one', { metadata: { finalizers: ['example.com/held'] } }),
      remove(customResourceDefinitions, 'one'),
      ...settled(customResourceDefinitions, 'one'),
      remove(customResourceDefinitions, 'one', { propagationPolicy: 'Background' }, { label: 'again' }),
      // By then it may have no instances any more.
      { ...patch('merge', customResourceDefinitions, 'one', { metadata: { finalizers: null } }), uncompared: true },
    ],
  },
];
