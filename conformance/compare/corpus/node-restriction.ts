/** What a kubelet may write: as a node of the case's own, by impersonation. */
import type { Case, Changes, Json, JsonObject, Step } from '../case.ts';
import { csiDrivers, leases, nodes, pods } from '../kinds.ts';
import { collection, create, list, patch, post, sub, withParameters } from '../requests.ts';

const node = '$ns-one';
const identity = { 'impersonate-user': `system:node:${node}`, 'impersonate-group': 'system:nodes' };
const asNode = (step: Step, label?: string): Step => ({
  ...step,
  headers: { ...step.headers, ...identity },
  ...(label === undefined ? {} : { label }),
});

const ownPod = (name: string, volumes: JsonObject[]): Step =>
  create(pods, name, { 'spec/nodeName': node, 'spec/volumes': volumes }, {}, { as: name });

const askToken = (pod: string, ...audiences: string[]): Step =>
  asNode(
    {
      method: 'POST',
      path: '/api/v1/namespaces/$ns/serviceaccounts/default/token',
      body: {
        spec: {
          audiences,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod, uid: `{{${pod}.metadata.uid}}` },
        },
      },
    },
    `for ${pod}: ${audiences.join(' and ')}`,
  );

const owner: JsonObject = {
  apiVersion: 'v1',
  kind: 'Node',
  name: node,
  uid: '{{node.metadata.uid}}',
  controller: true,
};
const mirror = (label: string, changes: Changes): Step =>
  asNode(
    create(
      pods,
      'mirror',
      {
        'metadata/annotations': { 'kubernetes.io/config.mirror': 'x' },
        'metadata/ownerReferences': [owner],
        'spec/nodeName': node,
        ...changes,
      },
      { dryRun: 'All' },
    ),
    label,
  );
const withVolume = (source: JsonObject): Step =>
  mirror(JSON.stringify(source), { 'spec/volumes': [{ name: 'v', ...source }] });
const projected = (source: Json): Step => withVolume({ projected: { sources: [source] } });

const wait = list(pods, { watch: true, timeoutSeconds: 1 }, { label: 'wait', uncompared: true });
const claimed = { persistentVolumeClaim: { claimName: 'none' } };
const eviction = (pod: string): Step =>
  asNode({
    method: 'POST',
    path: `/api/v1/namespaces/$ns/pods/${pod}/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: '$ns' } },
  });

const volumes: readonly JsonObject[] = [
  { hostPath: { path: '/' } },
  { secret: {} },
  { configMap: { name: 'c' } },
  { csi: { driver: 'd' } },
  { glusterfs: { endpoints: 'e', path: 'p' } },
  claimed,
  { ephemeral: {} },
  { azureFile: { shareName: 's' } },
];
const sources: readonly JsonObject[] = [
  { configMap: {} },
  { serviceAccountToken: { path: 'x' } },
  { downwardAPI: {} },
  {},
];

export const nodeRestrictionCases: readonly Case[] = [
  {
    name: 'node restriction/tokens',
    steps: [
      create(nodes, 'one'),
      create(csiDrivers, 'driver', { 'spec/tokenRequests': [{ audience: 'cloud' }] }),
      ownPod('mine', [
        { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } },
        { name: 'b', csi: { driver: '$ns-driver' } },
      ]),
      ownPod('claimed', [{ name: 'a', ...claimed }]),
      create(pods, 'other', { 'spec/nodeName': '$ns-two' }, {}, { as: 'other' }),
      wait,
      ...['none', ''].map((audience) => askToken('mine', audience)),
      askToken('mine', 'vault', 'cloud'),
      { ...askToken('mine', 'cloud'), uncompared: true },
      askToken('claimed', 'cloud'),
      askToken('other'),
    ],
  },
  {
    name: 'node restriction/mirror pods',
    steps: [
      create(nodes, 'one', {}, {}, { as: 'node' }),
      wait,
      mirror('no mirror', { 'metadata/annotations': {} }),
      mirror('no owner', { 'metadata/ownerReferences': [] }),
      mirror('two owners', { 'metadata/ownerReferences': [owner, { ...owner, uid: 'x' }] }),
      mirror('of another node', { 'spec/nodeName': '$ns-two' }),
      mirror('nothing', {}),
      mirror('claims', { 'spec/resourceClaims': [{ name: 'a', resourceClaimName: 'b' }] }),
      ...volumes.map(withVolume),
      ...sources.map(projected),
    ],
  },
  {
    name: 'node restriction/other objects',
    steps: [
      create(nodes, 'one'),
      create(pods, 'other', { 'spec/nodeName': '$ns-two' }),
      wait,
      eviction('other'),
      eviction('none'),
      asNode(sub('status', patch('merge', pods, 'other', { status: { phase: 'Running' } }))),
      asNode({ method: 'DELETE', path: '/api/v1/namespaces/$ns/pods/other?dryRun=All' }),
      asNode(patch('merge', nodes, 'one', { metadata: { labels: { 'k8s.io/a': 'b', 'node.kubernetes.io/c': 'd' } } })),
      asNode(patch('merge', nodes, 'one', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })),
      asNode(post(leases, { metadata: { name: node } })),
      asNode({
        method: 'POST',
        path: withParameters(collection(leases).replace('$ns', 'kube-node-lease'), { dryRun: 'All' }),
        body: { metadata: { name: '$ns-two' } },
      }),
    ],
  },
];
