import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { alwaysDeny } from '../../authorization/always.ts';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import { admit, type Request } from '../testing/attributes.ts';
import { certificateSubjectRestriction } from './certificates.ts';
import { nodeRestriction } from './node-restriction.ts';

const node = { name: 'system:node:n1', groups: ['system:nodes'] };
let objects: MemoryObjects;
const run = (request: Request) =>
  admit([nodeRestriction({ registry: objects, authorizer: alwaysDeny })], { user: node, ...request });

const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true };
const mirror = (
  spec: object = {},
  owners: object[] = [owner],
  annotations: object = { 'kubernetes.io/config.mirror': 'x' },
) => ({
  metadata: { name: 'm', annotations, ownerReferences: owners },
  spec: { nodeName: 'n1', containers: [{ name: 'c' }], ...spec },
});
const bound = (nodeName: string, more: object = {}) => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'pod-uid' },
  spec: { nodeName, containers: [], ...more },
});

beforeEach(() => {
  objects = new MemoryObjects();
  objects.put('nodes', { metadata: { name: 'n1', uid: 'node-uid' } });
  objects.put(
    'pods',
    bound('n1', {
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'x', audience: 'vault' } },
              { serviceAccountToken: { path: 'token' } },
            ],
          },
        },
      ],
    }),
  );
});

const token = (boundObjectRef: object | undefined, audiences: string[] = []) => ({
  spec: { boundObjectRef, audiences },
});
const reference = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'pod-uid' };
const nodeObject = (labels: object = {}, spec: object = {}) => ({ metadata: { name: 'n1', labels }, spec });

const allowed: Request[] = [
  { line: 'create pods', object: mirror() },
  { line: 'delete pods', name: 'p', oldObject: bound('n1') },
  { line: 'update pods/status', object: bound('n1'), oldObject: bound('n1') },
  { line: 'create pods/eviction', name: 'p', object: {} },
  {
    line: 'create nodes',
    object: nodeObject({ 'kubernetes.io/hostname': 'n1', 'example.com/a': 'b', 'node.kubernetes.io/x': 'y' }),
  },
  { line: 'update nodes/status', object: nodeObject(), oldObject: nodeObject() },
  { line: 'create serviceaccounts/token', name: 'sa', object: token(reference) },
  { line: 'create serviceaccounts/token', name: 'sa', object: token(reference, ['vault']) },
  { line: 'create leases.coordination.k8s.io', namespace: 'kube-node-lease', object: { metadata: { name: 'n1' } } },
  { line: 'create csinodes.storage.k8s.io', object: { metadata: { name: 'n1' } } },
  { line: 'create resourceslices.resource.k8s.io', object: { metadata: { name: 's' }, spec: { nodeName: 'n1' } } },
  {
    line: 'update persistentvolumeclaims/status',
    object: { status: { capacity: { storage: '2Gi' } } },
    oldObject: { status: {} },
  },
  { line: 'create events', object: {} },
];
const refused: [Request, RegExp][] = [
  [
    { line: 'create pods', object: mirror({}, [owner], {}) },
    /pod does not have "kubernetes.io\/config.mirror" annotation, node "n1" can only create mirror pods/,
  ],
  [
    { line: 'create pods', object: mirror({ nodeName: 'n2' }) },
    /can only create pods with spec.nodeName set to itself/,
  ],
  [{ line: 'create pods', object: mirror({}, []) }, /can only create pods with an owner reference set to itself/],
  [
    { line: 'create pods', object: mirror({}, [{ ...owner, uid: 'x' }]) },
    /node n1 UID mismatch: expected x got node-uid/,
  ],
  [{ line: 'create pods', object: mirror({}, [{ ...owner, controller: false }]) }, /controller owner reference/],
  [
    { line: 'create pods', object: mirror({}, [{ ...owner, blockOwnerDeletion: true }]) },
    /must not set blockOwnerDeletion/,
  ],
  [
    { line: 'create pods', object: mirror({ serviceAccountName: 'sa' }) },
    /can not create pods that reference serviceaccounts/,
  ],
  [
    { line: 'create pods', object: mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }) },
    /that reference secrets/,
  ],
  [
    { line: 'create pods', object: mirror({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }) },
    /that reference persistentvolumeclaims/,
  ],
  ...(
    [
      [{ ephemeral: {} }, 'persistentvolumeclaims (via ephemeral volumes)'],
      [{ configMap: {} }, 'configmaps (via configmap volumes)'],
      [{ csi: { driver: 'd' } }, 'csidrivers (via CSI volumes)'],
      [{ projected: { sources: [{ downwardAPI: {} }, { podCertificate: {} }] } }, 'podcertificates'],
    ] as const
  ).map(([source, says]): [Request, RegExp] => [
    {
      line: 'create pods',
      object: mirror({
        volumes: [
          { name: 'e', emptyDir: {} },
          { name: 'v', ...source },
        ],
      }),
    },
    new RegExp(`node "n1" can not create pods that reference ${says.replaceAll(/[()]/g, '\\$&')}$`),
  ]),
  [
    { line: 'create pods', object: mirror({ volumes: [{ name: 'v', projected: { sources: [{}] } }] }) },
    /error checking mirror pod for API references: unknown source for projected volume "v"$/,
  ],
  [{ line: 'create pods/eviction', name: 'gone', object: {} }, /pod "gone" not found/],
  [{ line: 'update pods', object: bound('n1'), oldObject: bound('n1') }, /can only create and delete mirror pods/],
  [{ line: 'delete pods', name: 'p', oldObject: bound('n2') }, /can only delete pods with spec.nodeName set to itself/],
  [
    { line: 'update pods/status', object: bound('n2'), oldObject: bound('n2') },
    /can only update pod status for pods with spec.nodeName set to itself/,
  ],
  [
    {
      line: 'update pods/status',
      object: { ...bound('n1'), metadata: { labels: { a: 'b' } } },
      oldObject: bound('n1'),
    },
    /cannot update labels through pod status/,
  ],
  [{ line: 'create pods/binding', name: 'p', object: {} }, /unexpected pod subresource "binding"/],
  [{ line: 'create nodes', object: { metadata: { name: 'n2' } } }, /node "n1" is not allowed to modify node "n2"/],
  [
    {
      line: 'create nodes',
      object: nodeObject({ 'node-role.kubernetes.io/control-plane': '', 'a.node-restriction.kubernetes.io/b': 'c' }),
    },
    /not allowed to set the following labels: a.node-restriction.kubernetes.io\/b, node-role.kubernetes.io\/control-plane/,
  ],
  [
    { line: 'update nodes', object: nodeObject(), oldObject: nodeObject({ 'node-restriction.kubernetes.io/x': 'y' }) },
    /is not allowed to modify labels: node-restriction.kubernetes.io\/x/,
  ],
  [
    {
      line: 'update nodes',
      object: nodeObject({}, { taints: [] }),
      oldObject: nodeObject({}, { taints: [{ key: 'a' }] }),
    },
    /not allowed to modify taints/,
  ],
  [
    { line: 'create serviceaccounts/token', name: 'sa', object: token(undefined) },
    /node requested token not bound to a pod/,
  ],
  [
    { line: 'create serviceaccounts/token', name: 'sa', object: token({ ...reference, uid: '' }) },
    /pod binding without a uid/,
  ],
  [
    { line: 'create serviceaccounts/token', name: 'sa', object: token({ ...reference, uid: 'x' }) },
    /does not match the UID in record/,
  ],
  [
    { line: 'create serviceaccounts/token', name: 'sa', object: token(reference, ['other']) },
    /audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience/,
  ],
  [{ line: 'create serviceaccounts/token', name: 'sa', object: token(reference, ['a', 'b']) }, /0 or 1 audiences/],
  [
    { line: 'create leases.coordination.k8s.io', namespace: 'kube-node-lease', object: { metadata: { name: 'n2' } } },
    /node lease with the same name/,
  ],
  [
    { line: 'update leases.coordination.k8s.io', namespace: 'kube-system', name: 'n1', object: {} },
    /"kube-node-lease" system namespace/,
  ],
  [
    { line: 'delete resourceslices.resource.k8s.io', name: 's', oldObject: { spec: { nodeName: 'n2' } } },
    /can only delete ResourceSlice with the same NodeName/,
  ],
  [{ line: 'update persistentvolumeclaims', object: {}, oldObject: {} }, /may only update PVC status/],
  [
    { line: 'update persistentvolumeclaims/status', object: { spec: { volumeName: 'v' } }, oldObject: {} },
    /is not allowed to update fields other than/,
  ],
  [
    { line: 'create pods', object: mirror(), user: { name: 'system:node:', groups: ['system:nodes'] } },
    /could not determine node from user/,
  ],
];

describe('a node may', () => {
  for (const request of allowed)
    test(`${request.line} ${JSON.stringify(request.object)}`.slice(0, 100), async () => {
      await run(request);
    });
});
describe('a node may not', () => {
  for (const [request, says] of refused) {
    test(`${request.line}: ${says.source}`.slice(0, 100), () => assert.rejects(run(request), says));
  }
});

describe('a node may ask tokens for what drivers of volumes want', () => {
  const ask = (volume: object) => {
    objects.put('pods', bound('n1', { volumes: [{ name: 'v', ...volume }] }));
    return run({ line: 'create serviceaccounts/token', name: 'sa', object: token(reference, ['cloud']) });
  };
  const claimed = { persistentVolumeClaim: { claimName: 'c' } };
  const driver = (name: string, audience: string) =>
    objects.put('csidrivers.storage.k8s.io', { metadata: { name }, spec: { tokenRequests: [{ audience }] } } as object);
  const volume = (source: object) => {
    objects.put('persistentvolumeclaims', {
      metadata: { namespace: 'ns', name: 'c' },
      spec: { volumeName: 'pv' },
    } as object);
    objects.put('persistentvolumes', { metadata: { name: 'pv' }, spec: source } as object);
  };
  test('of their own type, or of one that a driver took over', async () => {
    driver('d', 'cloud');
    driver('ebs.csi.aws.com', 'cloud');
    await ask({ csi: { driver: 'd' } });
    await ask({ awsElasticBlockStore: { volumeID: 'x' } });
    volume({ csi: { driver: 'd' } });
    await ask(claimed);
    volume({ awsElasticBlockStore: { volumeID: 'x' } });
    await ask(claimed);
    driver('d', 'other');
    await assert.rejects(ask({ csi: { driver: 'd' } }), /audience "cloud" not found in pod spec volume/);
  });
  test('and hears what is missing', async () => {
    const says = (what: string) => new RegExp(`forbidden: error validating audience "cloud": ${what} not found$`);
    await assert.rejects(ask(claimed), says('persistentvolumeclaim "c"'));
    volume({ csi: { driver: 'd' } });
    await assert.rejects(ask(claimed), says('csidriver.storage.k8s.io "d"'));
  });
});

test('others are not restricted', async () => {
  await run({ line: 'create pods', object: mirror({}, [], {}), user: { name: 'jane', groups: [] } });
});

test('certificate requests: nodes ask in their own name, nobody asks for system:masters', async () => {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const request = async (signerName: string, ...name: Record<string, string[]>[]) => {
    const made = await Pkcs10CertificateRequestGenerator.create({
      name,
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    return { spec: { signerName, request: Buffer.from(made.toString('pem')).toString('base64') } };
  };
  const line = 'create certificatesigningrequests.certificates.k8s.io';
  await run({
    line,
    object: await request('kubernetes.io/kubelet-serving', { O: ['system:nodes'] }, { CN: ['system:node:n1'] }),
  });
  await assert.rejects(
    run({ line, object: await request('kubernetes.io/kubelet-serving', { CN: ['system:node:n2'] }) }),
    /can only create a node CSR with CN=system:node:n1/,
  );
  await assert.rejects(
    run({ line, object: { spec: { signerName: 'kubernetes.io/kubelet-serving', request: 'AAAA' } } }),
    /unable to parse csr/,
  );
  const restrict = [certificateSubjectRestriction()];
  await admit(restrict, {
    line,
    object: await request('kubernetes.io/kube-apiserver-client', { O: ['devs'] }, { CN: ['jane'] }),
  });
  await assert.rejects(
    admit(restrict, {
      line,
      object: await request('kubernetes.io/kube-apiserver-client', { O: ['system:masters'] }, { CN: ['jane'] }),
    }),
    /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed/,
  );
});
