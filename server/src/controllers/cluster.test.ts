import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import { startGarbageCollector } from './garbagecollector/garbage-collector.ts';
import { startNamespaceController } from './namespace/namespace-controller.ts';
import { startNodeIpamController } from './nodeipam/node-ipam-controller.ts';
import { startNodeLifecycleController } from './nodelifecycle/node-lifecycle-controller.ts';
import { startPodGcController } from './podgc/podgc-controller.ts';
import { startRootCaCertPublisher } from './root-ca-cert-publisher/root-ca-cert-publisher.ts';
import { startServiceAccountController } from './serviceaccount/serviceaccount-controller.ts';
import { startTaintEvictionController } from './tainteviction/taint-eviction-controller.ts';
import { type Harness, startHarness } from './testing/harness.ts';

let harness: Harness;

afterEach(() => harness.stop());

const pod = (name: string, spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name, namespace: 'default', ...metadata },
  spec: { containers: [], ...spec },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

describe('namespace controller', () => {
  it('empties a namespace, pods first, says what is left, and lets it go', async () => {
    harness = await startHarness([startNamespaceController]);
    const { server } = harness;
    server.put(resources.namespaces, {
      metadata: { name: 'gone' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    server.put(resources.pods, pod('stuck', {}, { namespace: 'gone', finalizers: ['example.com/wait'] }));
    server.put(resources.configMaps, { metadata: { name: 'settings', namespace: 'gone' } });
    server.put(resources.configMaps, { metadata: { name: 'settings', namespace: 'default' } });
    await server.client().resource(resources.namespaces).delete(undefined, 'gone');
    const remaining = await server.waitFor(
      () =>
        server
          .get(resources.namespaces, undefined, 'gone')
          ?.status?.conditions?.find((condition) => condition.type === 'NamespaceContentRemaining'),
      'condition',
    );
    assert.equal(remaining.status, 'True');
    assert.equal(remaining.message, 'Some resources are remaining: pods. has 1 resource instances');
    assert.ok(server.get(resources.configMaps, 'gone', 'settings'), 'what pods use stays as long as they do');
    await server
      .client()
      .resource(resources.pods)
      .patch('gone', 'stuck', { metadata: { finalizers: null } }, { type: 'merge' });
    await server.waitFor(() => server.get(resources.namespaces, undefined, 'gone') === undefined, 'the end');
    assert.equal(server.get(resources.configMaps, 'gone', 'settings'), undefined);
    assert.ok(server.get(resources.configMaps, 'default', 'settings'));
  });
});

describe('what every namespace has', () => {
  it('a default ServiceAccount and the root CA, again and again', async () => {
    harness = await startHarness([startServiceAccountController, startRootCaCertPublisher]);
    const { server } = harness;
    server.put(resources.namespaces, { metadata: { name: 'new' }, status: { phase: 'Active' } });
    await server.waitFor(() => server.get(resources.serviceAccounts, 'new', 'default'), 'service account');
    await server.waitFor(
      () => server.get(resources.configMaps, 'new', 'kube-root-ca.crt')?.data?.['ca.crt'] === 'CERTIFICATE',
      'root CA',
    );
    server.remove(resources.serviceAccounts, 'new', 'default');
    server.remove(resources.configMaps, 'new', 'kube-root-ca.crt');
    await server.waitFor(
      () =>
        server.get(resources.serviceAccounts, 'new', 'default') &&
        server.get(resources.configMaps, 'new', 'kube-root-ca.crt'),
      'both again',
    );
    await server
      .client()
      .resource(resources.configMaps)
      .patch('new', 'kube-root-ca.crt', { data: { 'ca.crt': 'forged' } }, { type: 'merge' });
    await server.waitFor(
      () => server.get(resources.configMaps, 'new', 'kube-root-ca.crt')?.data?.['ca.crt'] === 'CERTIFICATE',
      'correction',
    );
  });
});

describe('garbage collector', () => {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'owner',
    controller: true,
    blockOwnerDeletion: true,
  };
  const replicaSet = { metadata: { name: 'owner', namespace: 'default' }, spec: { selector: {}, template: {} } };

  it('deletes dependents of what is deleted, through generations', async () => {
    harness = await startHarness([startGarbageCollector]);
    const { server } = harness;
    const uid = server.put(resources.replicaSets, replicaSet).metadata?.uid ?? '';
    const child = server.put(resources.pods, pod('child', {}, { ownerReferences: [{ ...owner, uid }] }));
    server.put(resources.configMaps, {
      metadata: {
        name: 'grandchild',
        namespace: 'default',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'child', uid: child.metadata?.uid ?? '' }],
      },
    });
    server.put(resources.pods, pod('free'));
    await server.client().resource(resources.replicaSets).delete('default', 'owner');
    await server.waitFor(
      () => server.list(resources.pods).length === 1 && server.list(resources.configMaps).length === 0,
      'both generations to go',
    );
    assert.ok(server.get(resources.pods, 'default', 'free'));
  });

  it('collects what was orphaned while nobody looked, but not what has another owner', async () => {
    harness = await startHarness([startGarbageCollector]);
    const { server } = harness;
    const uid = server.put(resources.replicaSets, replicaSet).metadata?.uid ?? '';
    const absent = { ...owner, name: 'never', uid: 'never-was' };
    server.put(resources.pods, pod('dangling', {}, { ownerReferences: [absent] }));
    server.put(
      resources.pods,
      pod(
        'shared',
        {},
        {
          ownerReferences: [
            { ...owner, uid },
            { ...absent, controller: false },
          ],
        },
      ),
    );
    await server.waitFor(
      () => server.get(resources.pods, 'default', 'dangling') === undefined,
      'the dangling one to go',
    );
    await server.waitFor(
      () => server.get(resources.pods, 'default', 'shared')?.metadata?.ownerReferences?.length === 1,
      'the absent owner to be taken out',
    );
  });

  it('deletes in the foreground: the owner goes last', async () => {
    harness = await startHarness([startGarbageCollector]);
    const { server } = harness;
    const uid = server.put(resources.replicaSets, replicaSet).metadata?.uid ?? '';
    server.put(
      resources.pods,
      pod('child', {}, { ownerReferences: [{ ...owner, uid }], finalizers: ['example.com/wait'] }),
    );
    await server
      .client()
      .resource(resources.replicaSets)
      .delete('default', 'owner', { propagationPolicy: 'Foreground' });
    await server.waitFor(
      () => server.get(resources.pods, 'default', 'child')?.metadata?.deletionTimestamp,
      'the child to be deleted',
    );
    assert.ok(server.get(resources.replicaSets, 'default', 'owner'));
    await server
      .client()
      .resource(resources.pods)
      .patch('default', 'child', { metadata: { finalizers: null } }, { type: 'merge' });
    await server.waitFor(() => server.get(resources.replicaSets, 'default', 'owner') === undefined, 'the owner to go');
  });

  it('orphans on request', async () => {
    harness = await startHarness([startGarbageCollector]);
    const { server } = harness;
    const uid = server.put(resources.replicaSets, replicaSet).metadata?.uid ?? '';
    server.put(resources.pods, pod('child', {}, { ownerReferences: [{ ...owner, uid }] }));
    await server.client().resource(resources.replicaSets).delete('default', 'owner', { propagationPolicy: 'Orphan' });
    await server.waitFor(() => server.get(resources.replicaSets, 'default', 'owner') === undefined, 'the owner to go');
    assert.deepEqual(server.get(resources.pods, 'default', 'child')?.metadata?.ownerReferences, []);
  });
});

describe('nodes', () => {
  const heartbeat = (): string => new Date().toISOString();
  const node = (name: string, status: Node['status'] = {}): Node => ({
    metadata: { name, creationTimestamp: heartbeat() },
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat(), lastTransitionTime: heartbeat() }],
      ...status,
    },
  });

  it('get their part of the pod network, and give it back', async () => {
    harness = await startHarness([startNodeIpamController], { clusterCidrs: ['10.244.0.0/23', 'fd00::/63'] });
    const { server } = harness;
    for (const name of ['a', 'b']) server.put(resources.nodes, node(name));
    await server.waitFor(
      () => server.list(resources.nodes).every((entry) => entry.spec?.podCIDRs?.length === 2),
      'CIDRs',
    );
    const allocated = new Set(server.list(resources.nodes).map((entry) => entry.spec?.podCIDR));
    assert.deepEqual(allocated, new Set(['10.244.0.0/24', '10.244.1.0/24']));
    assert.deepEqual(server.get(resources.nodes, undefined, 'a')?.spec?.podCIDRs, ['10.244.0.0/24', 'fd00::/64']);
    server.put(resources.nodes, node('c'));
    await server.waitFor(
      () => harness.events().some((event) => event.reason === 'CIDRNotAvailable' && event.involvedObject.name === 'c'),
      'event',
    );
    server.remove(resources.nodes, undefined, 'a');
    await server.waitFor(
      () => server.get(resources.nodes, undefined, 'c')?.spec?.podCIDR === '10.244.0.0/24',
      'the freed part',
    );
  });

  it('follow conditions with taints at once', async () => {
    harness = await startHarness([startNodeLifecycleController]);
    const { server } = harness;
    server.put(
      resources.nodes,
      node('a', {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'DiskPressure', status: 'True' },
        ],
      }),
    );
    await server.waitFor(
      () =>
        server
          .get(resources.nodes, undefined, 'a')
          ?.spec?.taints?.some((taint) => taint.key === 'node.kubernetes.io/disk-pressure'),
      'taint',
    );
    await server
      .client()
      .resource(resources.nodes)
      .patch(undefined, 'a', { spec: { unschedulable: true } }, { type: 'merge' });
    await server.waitFor(() => server.get(resources.nodes, undefined, 'a')?.spec?.taints?.length === 2, 'cordon taint');
    server.put(resources.nodes, {
      ...server.get(resources.nodes, undefined, 'a'),
      spec: { taints: server.get(resources.nodes, undefined, 'a')?.spec?.taints ?? [] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    await server.waitFor(() => server.get(resources.nodes, undefined, 'a')?.spec?.taints?.length === 0, 'taints to go');
  });

  it('that fall silent become Unknown and tainted, and lose their pods', async () => {
    // Long enough for the lease of the other node to be renewed and heard of on a busy machine.
    const grace = { nodeMonitorGracePeriodMs: 3000, nodeStartupGracePeriodMs: 3000 };
    harness = await startHarness([startNodeLifecycleController, startTaintEvictionController], grace);
    const { server } = harness;
    server.put(resources.nodes, node('silent'));
    server.put(resources.nodes, node('alive'));
    const lease = { metadata: { name: 'alive', namespace: 'kube-node-lease' } };
    const renewing = setInterval(
      () => server.put(resources.leases, { ...lease, spec: { renewTime: heartbeat() } }),
      50,
    );
    try {
      server.put(resources.pods, pod('leaves', { nodeName: 'silent' }));
      server.put(
        resources.pods,
        pod('stays', {
          nodeName: 'silent',
          tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }],
        }),
      );
      server.put(
        resources.pods,
        pod('leaves-later', {
          nodeName: 'silent',
          tolerations: [
            { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 4 },
          ],
        }),
      );
      const silent = (): Node | undefined => server.get(resources.nodes, undefined, 'silent');
      const ready = await server.waitFor(
        () => silent()?.status?.conditions?.find((condition) => condition.status === 'Unknown'),
        'Unknown',
      );
      assert.equal(ready.reason, 'NodeStatusUnknown');
      assert.equal(ready.message, 'Kubelet stopped posting node status.');
      await server.waitFor(
        () =>
          silent()?.spec?.taints?.some(
            (taint) => taint.key === 'node.kubernetes.io/unreachable' && taint.effect === 'NoExecute',
          ),
        'taint',
      );
      await server.waitFor(() => server.get(resources.pods, 'default', 'leaves') === undefined, 'eviction');
      assert.ok(server.get(resources.pods, 'default', 'leaves-later'));
      await server.waitFor(() => server.get(resources.pods, 'default', 'leaves-later') === undefined, 'later eviction');
      assert.equal(
        server
          .get(resources.pods, 'default', 'stays')
          ?.status?.conditions?.find((condition) => condition.type === 'Ready')?.status,
        'False',
      );
      assert.ok(!server.get(resources.nodes, undefined, 'alive')?.spec?.taints?.length);
      server.put(resources.nodes, { ...silent(), status: node('silent').status ?? {} });
      await server.waitFor(() => silent()?.spec?.taints?.length === 0, 'taints to go');
      assert.ok(
        harness.events().some((event) => event.reason === 'NodeNotReady' && event.involvedObject.name === 'silent'),
      );
    } finally {
      clearInterval(renewing);
    }
  });
});

describe('pod garbage collector', () => {
  it('removes pods deleted before they had a node, and ended ones beyond the threshold', async () => {
    harness = await startHarness([startPodGcController], { terminatedPodGcThreshold: 1 }, (server) => {
      const deletionTimestamp = new Date().toISOString();
      server.put(
        resources.pods,
        pod('unscheduled', {}, { deletionTimestamp, deletionGracePeriodSeconds: 30, finalizers: [] }),
      );
      for (const [name, year] of [
        ['old', 2020],
        ['new', 2021],
      ] as const) {
        server.put(resources.pods, {
          ...pod(name, {}, { creationTimestamp: `${year}-01-01T00:00:00Z` }),
          status: { phase: 'Succeeded' },
        });
      }
    });
    const { server } = harness;
    await server.waitFor(() => server.list(resources.pods).length === 1, 'two to go');
    assert.ok(server.get(resources.pods, 'default', 'new'));
  });
});
