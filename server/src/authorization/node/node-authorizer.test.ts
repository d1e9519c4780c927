import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Authorization, buildAuthorizer } from '../build.ts';
import { request, user } from '../testing/attributes.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';

const node1 = user('system:node:node-1', 'system:nodes', 'system:authenticated');
let objects: MemoryObjects;
let authorizer: Authorization;

function pod(name: string, nodeName: string, spec: object = {}, annotations?: object): object {
  return {
    metadata: { name, namespace: 'ns', uid: name, ...(annotations ? { annotations } : {}) },
    spec: { nodeName, serviceAccountName: `${name}-sa`, containers: [], ...spec },
  };
}

const references = (prefix: string): object => ({
  imagePullSecrets: [{ name: `${prefix}-pull` }],
  containers: [
    {
      name: 'c',
      envFrom: [{ secretRef: { name: `${prefix}-envfrom` } }, { configMapRef: { name: `${prefix}-cm-envfrom` } }],
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: `${prefix}-env`, key: 'k' } } }],
    },
  ],
  volumes: [
    { name: 's', secret: { secretName: `${prefix}-volume` } },
    {
      name: 'p',
      projected: {
        sources: [{ configMap: { name: `${prefix}-cm-projected` } }, { secret: { name: `${prefix}-projected` } }],
      },
    },
    { name: 'd', persistentVolumeClaim: { claimName: `${prefix}-claim` } },
    { name: 'e', ephemeral: {} },
  ],
});

beforeEach(async () => {
  objects = new MemoryObjects();
  objects.put('pods', pod('one', 'node-1', references('one')));
  objects.put('pods', pod('two', 'node-2', references('two')));
  objects.put('pods', pod('mirror', 'node-1', references('mirror'), { 'kubernetes.io/config.mirror': 'x' }));
  objects.put('pods', pod('pending', '', references('pending')));
  objects.put('persistentvolumes', {
    metadata: { name: 'pv-one' },
    spec: {
      claimRef: { namespace: 'ns', name: 'one-claim' },
      csi: {
        nodeStageSecretRef: { name: 'stage', namespace: 'csi' },
        controllerPublishSecretRef: { name: 'controller', namespace: 'csi' },
      },
    },
  } as object);
  objects.put('persistentvolumes', {
    metadata: { name: 'pv-two' },
    spec: { claimRef: { namespace: 'ns', name: 'two-claim' } },
  } as object);
  objects.put('volumeattachments.storage.k8s.io', {
    metadata: { name: 'va-1' },
    spec: { nodeName: 'node-1' },
  } as object);
  objects.put('resourceslices.resource.k8s.io', {
    metadata: { name: 'slice-1' },
    spec: { nodeName: 'node-1' },
  } as object);
  authorizer = buildAuthorizer({ modes: ['Node', 'RBAC'], rbacSource: objects, nodeGraphSource: objects });
  await authorizer.ready;
});
afterEach(() => authorizer.stop());

describe('node-1 may', () => {
  const allowed = [
    'get secrets one-pull in ns',
    'get secrets one-envfrom in ns',
    'list secrets one-env in ns',
    'watch secrets one-volume in ns',
    'get secrets one-projected in ns',
    'get secrets stage in csi',
    'get configmaps one-cm-envfrom in ns',
    'get configmaps one-cm-projected in ns',
    'get persistentvolumeclaims one-claim in ns',
    'get persistentvolumeclaims one-e in ns',
    'patch persistentvolumeclaims/status one-claim in ns',
    'get persistentvolumes pv-one',
    'get volumeattachments.storage.k8s.io va-1',
    'get serviceaccounts one-sa in ns',
    'create serviceaccounts/token one-sa in ns',
    'create leases.coordination.k8s.io in kube-node-lease',
    'update leases.coordination.k8s.io node-1 in kube-node-lease',
    'update csinodes.storage.k8s.io node-1',
    'create nodes',
    'get nodes node-1',
    'watch nodes node-1',
    'patch nodes/status node-1',
    'get pods one in ns',
    'list pods where spec.nodeName=node-1',
    'watch pods where spec.nodeName==node-1,metadata.name=one',
    'create pods in ns',
    'delete pods one in ns',
    'patch pods/status one in ns',
    'create pods/eviction one in ns',
    'list services',
    'watch services',
    'create events in ns',
    'create tokenreviews.authentication.k8s.io',
    'create subjectaccessreviews.authorization.k8s.io',
    'create certificatesigningrequests.certificates.k8s.io',
    'list runtimeclasses.node.k8s.io',
    'list csidrivers.storage.k8s.io',
    'get resourceslices.resource.k8s.io slice-1',
    'list resourceslices.resource.k8s.io where spec.nodeName=node-1',
  ];
  for (const line of allowed) {
    test(line, async () => {
      assert.equal((await authorizer.authorize(request(node1, line))).decision, 'allow');
    });
  }
});

describe('node-1 may not', () => {
  const refused = [
    'get secrets two-pull in ns',
    'get secrets one-pull in other',
    'list secrets in ns',
    'list secrets',
    'update secrets one-pull in ns',
    'delete configmaps one-cm-envfrom in ns',
    'get secrets mirror-pull in ns',
    'get secrets pending-pull in ns',
    'get secrets controller in csi',
    'get configmaps two-cm-envfrom in ns',
    'get persistentvolumeclaims two-claim in ns',
    'list persistentvolumeclaims in ns',
    'get persistentvolumes pv-two',
    'create serviceaccounts/token two-sa in ns',
    'create serviceaccounts/token mirror-sa in ns',
    'create serviceaccounts in ns',
    'update leases.coordination.k8s.io node-2 in kube-node-lease',
    'update leases.coordination.k8s.io node-1 in kube-system',
    'list leases.coordination.k8s.io in kube-node-lease',
    'get csinodes.storage.k8s.io node-2',
    'get nodes node-2',
    'list nodes',
    'delete nodes node-1',
    'get pods two in ns',
    'list pods',
    'list pods where spec.nodeName=node-2',
    'list pods where spec.nodeName!=node-1',
    'list pods where metadata.name=spec.nodeName=node-1',
    'update pods one in ns',
    'create pods/binding one in ns',
    'get pods/log one in ns',
    'list deployments.apps in ns',
    'get resourceslices.resource.k8s.io slice-2',
    'list resourceslices.resource.k8s.io',
  ];
  for (const line of refused) {
    test(line, async () => {
      assert.equal((await authorizer.authorize(request(node1, line))).decision, 'noOpinion');
    });
  }
});

test('only members of system:nodes are nodes', async () => {
  const line = 'get secrets one-pull in ns';
  assert.equal((await authorizer.authorize(request(user('system:node:node-1'), line))).decision, 'noOpinion');
  assert.equal((await authorizer.authorize(request(user('jane', 'system:nodes'), line))).decision, 'noOpinion');
  assert.equal((await authorizer.authorize(request(user('system:node:', 'system:nodes'), line))).decision, 'noOpinion');
});

test('rights end with the last pod that gave them', async () => {
  const shared = { imagePullSecrets: [{ name: 'shared' }] };
  const decide = async (): Promise<string> =>
    (await authorizer.authorize(request(node1, 'get secrets shared in ns'))).decision;
  objects.put('pods', pod('x', 'node-1', shared));
  objects.put('pods', pod('y', 'node-1', shared));
  objects.remove('pods', 'ns', 'x');
  assert.equal(await decide(), 'allow');
  objects.remove('pods', 'ns', 'y');
  assert.equal(await decide(), 'noOpinion');
});
