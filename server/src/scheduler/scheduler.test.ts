import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { FakeApiServer } from '@typernetes/openapi/client/testing';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { Component } from '../controllers/component/index.ts';
import { startScheduler } from './main.ts';

let server: FakeApiServer;
let scheduler: Component;
let stopping: AbortController;

beforeEach(async () => {
  server = await FakeApiServer.start();
  stopping = new AbortController();
});

/** With these nodes known from the start. */
async function start(...nodes: Node[]): Promise<void> {
  for (const entry of nodes) server.put(resources.nodes, entry);
  scheduler = startScheduler({ client: server.client(), signal: stopping.signal });
  await scheduler.ready;
}

afterEach(async () => {
  await scheduler.stop();
  await server.stop();
});

function node(
  name: string,
  spec: Node['spec'] = {},
  allocatable: Record<string, string> = { cpu: '4', memory: '8Gi', pods: '110' },
): Node {
  return { metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec, status: { allocatable } };
}

function pod(name: string, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
      ...spec,
    },
    status: { phase: 'Pending' },
  };
}

const nodeOf = (name: string): string | undefined => server.get(resources.pods, 'default', name)?.spec?.nodeName;
const condition = (name: string) =>
  server.get(resources.pods, 'default', name)?.status?.conditions?.find((entry) => entry.type === 'PodScheduled');

describe('Scheduler', () => {
  it('binds to a node with room, and says so', async () => {
    await start(node('a'));
    server.put(resources.pods, pod('web'));
    await server.waitFor(() => nodeOf('web') === 'a', 'binding');
    const event = await server.waitFor(() => server.list(resources.events)[0], 'event');
    assert.equal(event.reason, 'Scheduled');
    assert.equal(event.message, 'Successfully assigned default/web to a');
    assert.equal(event.source?.component, 'default-scheduler');
  });

  it("reports upstream's message, and tries again when a node that fits comes", async () => {
    await start(
      node('small', {}, { cpu: '500m', memory: '1Gi', pods: '110' }),
      node('tainted', { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] }),
      node('off', { unschedulable: true }),
    );
    server.put(resources.pods, pod('web'));
    const failed = await server.waitFor(() => condition('web'), 'condition');
    assert.equal(failed.reason, 'Unschedulable');
    assert.equal(
      failed.message,
      '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    );
    await server.waitFor(
      () => server.list(resources.events).some((event) => event.reason === 'FailedScheduling'),
      'event',
    );
    server.put(resources.nodes, node('big'));
    await server.waitFor(() => nodeOf('web') === 'big', 'binding');
  });

  it('says when there are no nodes at all', async () => {
    await start();
    server.put(resources.pods, pod('web'));
    const failed = await server.waitFor(() => condition('web'), 'condition');
    assert.equal(failed.message, 'no nodes available to schedule pods');
    server.put(resources.nodes, node('a'));
    await server.waitFor(() => nodeOf('web') === 'a', 'binding');
  });

  it('follows node selectors, affinity, tolerations and host ports', async () => {
    const [a, b] = [node('a', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }), node('b')];
    await start({ ...a, metadata: { ...a.metadata, labels: { disk: 'ssd' } } }, b);
    const toleration = { tolerations: [{ key: 'gpu', operator: 'Exists' }] };
    const required = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
        },
      },
    };
    const port = { containers: [{ name: 'main', image: 'image', ports: [{ containerPort: 80, hostPort: 80 }] }] };
    server.put(resources.pods, pod('ssd', { nodeSelector: { disk: 'ssd' }, ...toleration }));
    server.put(resources.pods, pod('affine', { affinity: required, ...toleration }));
    server.put(resources.pods, pod('plain'));
    server.put(resources.pods, pod('port-1', port));
    await server.waitFor(() => nodeOf('port-1') === 'b', 'first port');
    server.put(resources.pods, pod('port-2', port));
    const failed = await server.waitFor(() => condition('port-2'), 'no second port');
    assert.match(failed.message ?? '', /1 node\(s\) didn't have free ports for the requested pod ports/);
    await server.waitFor(
      () => nodeOf('ssd') === 'a' && nodeOf('affine') === 'a' && nodeOf('plain') === 'b',
      'bindings',
    );
    server.remove(resources.pods, 'default', 'port-1');
    await server.waitFor(() => nodeOf('port-2') === 'b', 'the freed port');
  });

  it('spreads by what is left, and keeps to allowed pods', async () => {
    await start(...['a', 'b'].map((name) => node(name, {}, { cpu: '4', memory: '8Gi', pods: '2' })));
    for (let index = 0; index < 5; index++) server.put(resources.pods, pod(`p${index}`));
    await server.waitFor(
      () => server.list(resources.pods).filter((entry) => entry.spec?.nodeName).length === 4,
      'four bindings',
    );
    const failed = await server.waitFor(
      () => server.list(resources.pods).find((entry) => !entry.spec?.nodeName)?.status?.conditions?.[0],
      'the fifth',
    );
    assert.match(
      failed.message ?? '',
      /^0\/2 nodes are available: 2 Too many pods\. preemption: 0\/2 nodes are available: 2 No preemption victims found for incoming pod\.$/,
    );
  });

  it('makes room for a pod of higher priority', async () => {
    await start(node('a', {}, { cpu: '2', memory: '8Gi', pods: '110' }));
    server.put(resources.pods, pod('low-1', { priority: 0 }));
    server.put(resources.pods, pod('low-2', { priority: 1 }));
    await server.waitFor(() => nodeOf('low-1') && nodeOf('low-2'), 'low bindings');
    server.put(resources.pods, pod('high', { priority: 1000 }));
    await server.waitFor(
      () => server.get(resources.pods, 'default', 'low-1') === undefined,
      'eviction of the least important',
    );
    await server.waitFor(() => nodeOf('high') === 'a', 'binding');
    assert.equal(nodeOf('low-2'), 'a');
    assert.ok(server.list(resources.events).some((event) => event.reason === 'Preempted'));
  });

  it('leaves gated pods and those of other schedulers alone', async () => {
    await start(node('a'));
    server.put(resources.pods, pod('gated', { schedulingGates: [{ name: 'wait' }] }));
    server.put(resources.pods, pod('other', { schedulerName: 'other' }));
    server.put(resources.pods, pod('plain'));
    await server.waitFor(() => nodeOf('plain') === 'a', 'binding');
    assert.equal(nodeOf('gated'), undefined);
    assert.equal(nodeOf('other'), undefined);
    server.put(resources.pods, pod('gated'));
    await server.waitFor(() => nodeOf('gated') === 'a', 'the opened gate');
  });

  it('tries again after a binding that failed', async () => {
    let failures = 0;
    server.intercept = ({ path }) =>
      path.endsWith('/binding') && failures++ === 0
        ? { code: 500, reason: 'InternalError', message: 'broken' }
        : undefined;
    await start(node('a'));
    server.put(resources.pods, pod('web'));
    await server.waitFor(() => nodeOf('web') === 'a', 'second binding');
    assert.equal(failures, 2);
  });
});

describe('Scheduler under load', () => {
  it('binds 3,000 pods to 100 nodes quickly and evenly', async () => {
    await start(...Array.from({ length: 100 }, (_, index) => node(`node-${index}`)));
    // Processor time: others may be at work on the machine.
    const startedAt = process.cpuUsage();
    for (let index = 0; index < 3000; index++) {
      server.put(
        resources.pods,
        pod(`p${index}`, { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '10m' } } }] }),
      );
    }
    const bound = (): number => server.list(resources.pods).filter((entry) => entry.spec?.nodeName).length;
    let checks = 0;
    await server
      .waitFor(() => ++checks % 100 === 0 && bound() === 3000, 'all bindings', 240_000)
      .catch(() => assert.equal(bound(), 3000));
    const seconds = process.cpuUsage(startedAt).user / 1_000_000;
    const perNode = Object.values(
      Object.groupBy(server.list(resources.pods), (entry) => entry.spec?.nodeName ?? ''),
    ).map((group) => group?.length ?? 0);
    assert.ok(seconds < 30, `${seconds} s`);
    assert.ok(
      Math.max(...perNode) - Math.min(...perNode) <= 2,
      `${Math.min(...perNode)} to ${Math.max(...perNode)} pods`,
    );
  });
});
