import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { withTestNode } from './testing.ts';

const pod = (
  name: string,
  spec: Partial<NonNullable<Pod['spec']>> = {},
  annotations: Record<string, string> = {},
): Pod => ({
  metadata: { name, namespace: 'default', annotations },
  spec: {
    containers: [{ name: 'main', image: 'busybox' }],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 1,
    ...spec,
  },
});
const simulate = (value: object): Record<string, string> => ({ 'typernetes.dev/simulate': JSON.stringify(value) });
const condition = (of: Pod | undefined, type: string): string | undefined =>
  of?.status?.conditions?.find((one) => one.type === type)?.status;
const isReady = (of: Pod | undefined): boolean => condition(of, 'Ready') === 'True';

test('the node registers, is Ready and holds a lease', async () => {
  await withTestNode(async ({ client }) => {
    const node = await client.resource(resources.nodes).get(undefined, 'node-1');
    assert.equal(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.equal(node.status?.nodeInfo?.containerRuntimeVersion, 'simulated://0.1.0');
    assert.equal(node.metadata?.labels?.['kubernetes.io/hostname'], 'node-1');
    assert.equal(node.status?.capacity?.['pods'], '110');
    const lease = await client.resource(resources.leases).get('kube-node-lease', 'node-1');
    assert.equal(lease.spec?.holderIdentity, 'node-1');
  });
});

test('a pod runs, is Ready, and leaves nothing when it is deleted', async () => {
  await withTestNode(async ({ create, until, markDeleted, kubelet, folder }) => {
    await create(pod('web'));
    const running = await until('web', isReady);
    assert.equal(running?.status?.phase, 'Running');
    assert.match(running?.status?.podIP ?? '', /^10\.244\.0\.\d+$/);
    assert.equal(running?.status?.hostIP, '127.0.0.1');
    assert.equal(running?.status?.qosClass, 'BestEffort');
    const [status] = running?.status?.containerStatuses ?? [];
    assert.match(status?.containerID ?? '', /^simulated:\/\/[0-9a-f]{64}$/);
    assert.equal(status?.ready, true);
    assert.equal(status?.started, true);
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'PodScheduled'])
      assert.equal(condition(running, type), 'True', type);
    await markDeleted('web', 1);
    await until('web', (now) => now === undefined);
    await kubelet.pleg.relist();
    assert.equal(kubelet.pleg.pods.size, 0);
    assert.deepEqual(await readdir(`${folder}/logs/pods`).catch(() => []), []);
  });
});

test('init containers run in order, sidecars stay, then the containers start', async () => {
  await withTestNode(async ({ create, until }) => {
    await create(
      pod('ordered', {
        initContainers: [
          { name: 'first', image: 'i', command: ['true'] },
          { name: 'sidecar', image: 'i', restartPolicy: 'Always' },
          { name: 'last', image: 'i', command: ['sh', '-c', 'sleep 0.05'] },
        ],
      }),
    );
    const ready = await until('ordered', isReady);
    const states = ready?.status?.initContainerStatuses?.map(({ name, state, started }) => [
      name,
      Object.keys(state ?? {})[0],
      started,
    ]);
    assert.deepEqual(states, [
      ['first', 'terminated', false],
      ['sidecar', 'running', true],
      ['last', 'terminated', false],
    ]);
  });
});

test('a job-like pod succeeds or fails by its exit code', async () => {
  await withTestNode(async ({ create, until }) => {
    await create(
      pod('good', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'i', command: ['sh', '-c', 'echo done; sleep 0.05'] }],
      }),
    );
    await create(
      pod('bad', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'i', command: ['sh', '-c', 'exit 3'] }],
      }),
    );
    const good = await until('good', (now) => now?.status?.phase === 'Succeeded');
    assert.equal(good?.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'Completed');
    assert.equal(condition(good, 'Ready'), 'False');
    const bad = await until('bad', (now) => now?.status?.phase === 'Failed');
    assert.equal(bad?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
    assert.equal(bad?.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'Error');
  });
});

test('a container that keeps failing is restarted once at once, then held back', async () => {
  await withTestNode(async ({ create, until }) => {
    await create(pod('crashing', { containers: [{ name: 'main', image: 'i', command: ['false'] }] }));
    const held = await until(
      'crashing',
      (now) => now?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const [status] = held?.status?.containerStatuses ?? [];
    assert.equal(status?.restartCount, 1);
    assert.match(
      status?.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=main pod=crashing_default\(/,
    );
    assert.equal(status?.lastState?.terminated?.exitCode, 1);
    assert.equal(held?.status?.phase, 'Running');
  });
});

test('an image that cannot be had is shown as such', async () => {
  await withTestNode(async ({ create, until, client }) => {
    await create(pod('unpullable', { containers: [{ name: 'main', image: 'no-such-image:1' }] }));
    const waiting = await until('unpullable', (now) =>
      ['ErrImagePull', 'ImagePullBackOff'].includes(now?.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? ''),
    );
    assert.equal(waiting?.status?.phase, 'Pending');
    await create(pod('never', { containers: [{ name: 'main', image: 'other', imagePullPolicy: 'Never' }] }));
    await until('never', (now) => now?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImageNeverPull');
    const events = await client.resource(resources.events).list('default');
    assert.ok(
      events.items.some(
        ({ reason, involvedObject }) => reason === 'Failed' && involvedObject.fieldPath === 'spec.containers{main}',
      ),
    );
  });
});

test('probes decide readiness, and a failed liveness probe restarts', async () => {
  await withTestNode(async ({ create, until }) => {
    const probe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 };
    await create(
      pod(
        'probed',
        { containers: [{ name: 'main', image: 'i', readinessProbe: probe, livenessProbe: probe }] },
        simulate({
          containers: { main: { probes: { readiness: { after: '1500ms' }, liveness: { until: '4s' } } } },
        }),
      ),
    );
    await until('probed', (now) => now?.status?.phase === 'Running' && !isReady(now));
    await until('probed', isReady);
    const restarted = await until('probed', (now) => (now?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    assert.equal(restarted?.status?.phase, 'Running');
  });
});

test('containers survive a restart of the kubelet', async () => {
  await withTestNode(async (node) => {
    await node.create(pod('lasting'));
    const before = await node.until('lasting', isReady);
    await node.restart();
    await node.kubelet.housekeeping();
    const after = await node.until('lasting', isReady);
    assert.equal(
      after?.status?.containerStatuses?.[0]?.containerID,
      before?.status?.containerStatuses?.[0]?.containerID,
    );
    assert.equal(after?.status?.containerStatuses?.[0]?.restartCount, 0);
    assert.equal(after?.status?.startTime, before?.status?.startTime);
  });
});

test('a pod deleted while the kubelet was away is ended when it is back', async () => {
  await withTestNode(async (node) => {
    await node.create(pod('gone'));
    await node.until('gone', isReady);
    await node.running.stop();
    await node.client.resource(resources.pods).delete('default', 'gone', { gracePeriodSeconds: 0 });
    await node.restart();
    const deadline = Date.now() + 60_000;
    do {
      await node.kubelet.housekeeping();
      await node.kubelet.pleg.relist();
    } while (node.kubelet.pleg.pods.size > 0 && Date.now() < deadline);
    assert.equal(node.kubelet.pleg.pods.size, 0);
  });
});

test('activeDeadlineSeconds end a pod', async () => {
  await withTestNode(async ({ create, until }) => {
    await create(pod('late', { activeDeadlineSeconds: 3 }));
    await until('late', isReady);
    const failed = await until('late', (now) => now?.status?.phase === 'Failed');
    assert.equal(failed?.status?.reason, 'DeadlineExceeded');
  });
});
