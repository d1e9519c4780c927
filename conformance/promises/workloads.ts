/** Deployments and pods as a user runs them, through kubectl. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('workloads');

const deployment = (context: PromiseContext, name: string, replicas: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: context.image, command: ['sleep', '3600'] }],
        },
      },
    },
  });

promise(
  'a Deployment becomes available and rollout status says so',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'web', 3));
    const output = await context.kubectl.run(['rollout', 'status', 'deployment/web', '--timeout=120s']);
    assert.match(output, /deployment "web" successfully rolled out/);
    const table = await context.kubectl.run(['get', 'deployment', 'web']);
    assert.match(table, /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +3\/3 +3 +3 +\S+\n$/);
  },
  { needs: ['nodes', 'kubectl'], deadlineMs: 180_000 },
);

promise(
  'kubectl scale changes the number of pods up and down',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'scaled', 1));
    for (const replicas of [4, 2]) {
      await context.kubectl.run(['scale', 'deployment/scaled', `--replicas=${replicas}`]);
      await context.waitFor(
        'v1',
        'pods',
        (pods) => pods.length === replicas && pods.every((pod) => pod.metadata.deletionTimestamp === undefined),
      );
    }
  },
  { needs: ['nodes', 'kubectl'], deadlineMs: 180_000 },
);

promise(
  'a rolling update replaces every pod and rollout undo brings the old template back',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'rolled', 2));
    await context.kubectl.run(['rollout', 'status', 'deployment/rolled', '--timeout=120s']);
    await context.kubectl.run(['set', 'env', 'deployment/rolled', 'COLOR=blue']);
    await context.kubectl.run(['rollout', 'status', 'deployment/rolled', '--timeout=120s']);
    await context.kubectl.run(['rollout', 'undo', 'deployment/rolled']);
    await context.kubectl.run(['rollout', 'status', 'deployment/rolled', '--timeout=120s']);
    const env = await context.kubectl.run([
      'get',
      'deployment',
      'rolled',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].env}',
    ]);
    assert.equal(env, '');
    const sets = (await context.kubectl.run(['get', 'replicasets', '-o', 'jsonpath={.items[*].spec.replicas}']))
      .split(' ')
      .toSorted();
    assert.deepEqual(sets, ['0', '2']);
  },
  { codename: 'k8s-deployment-rollover', needs: ['nodes', 'kubectl'], deadlineMs: 300_000 },
);

promise(
  'deleting a Deployment deletes its ReplicaSets and pods',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'gone', 2));
    await context.kubectl.run(['rollout', 'status', 'deployment/gone', '--timeout=120s']);
    await context.kubectl.run(['delete', 'deployment', 'gone']);
    await context.waitFor('apps/v1', 'replicasets', (sets) => sets.length === 0);
    await context.waitFor('v1', 'pods', (pods) => pods.length === 0);
  },
  { needs: ['nodes', 'kubectl'], deadlineMs: 240_000 },
);

promise(
  'deleting a Deployment with --cascade=orphan leaves its ReplicaSet',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'orphaned', 1));
    await context.kubectl.run(['rollout', 'status', 'deployment/orphaned', '--timeout=120s']);
    await context.kubectl.run(['delete', 'deployment', 'orphaned', '--cascade=orphan']);
    await context.waitFor('apps/v1', 'replicasets', (sets) => {
      const owners = sets.map(
        ({ metadata }) => (metadata as { ownerReferences?: unknown[] }).ownerReferences?.length ?? 0,
      );
      return sets.length === 1 && owners[0] === 0;
    });
  },
  { needs: ['nodes', 'kubectl'], deadlineMs: 240_000 },
);

promise(
  'a pod that no node has room for stays Pending and says why',
  async (context) => {
    await context.create('v1', 'pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'large' },
      spec: { containers: [{ name: 'main', image: context.image, resources: { requests: { cpu: '10000' } } }] },
    });
    const message = await context.waitForObject('v1', 'pods', 'large', (pod) => {
      const conditions = (pod?.status?.['conditions'] ?? []) as {
        type: string;
        status: string;
        reason?: string;
        message?: string;
      }[];
      return conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message;
    });
    assert.match(message, /^0\/\d+ nodes are available: .*\d+ Insufficient cpu/);
  },
  { needs: ['nodes'] },
);

promise('a namespace has a default ServiceAccount and the root certificate', async (context) => {
  await context.waitForObject('v1', 'serviceaccounts', 'default', (object) => object !== undefined);
  await context.waitForObject('v1', 'configmaps', 'kube-root-ca.crt', (object) => object !== undefined);
});

promise(
  'a Service gets an address and EndpointSlices with the ready pods',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], deployment(context, 'served', 2));
    await context.kubectl.run(['expose', 'deployment', 'served', '--port=80', '--target-port=8080']);
    const address = await context.kubectl.run(['get', 'service', 'served', '-o', 'jsonpath={.spec.clusterIP}']);
    assert.match(address, /^[0-9a-f.:]+$/);
    const ready = await context.waitFor('discovery.k8s.io/v1', 'endpointslices', (slices) => {
      const endpoints = slices.flatMap(
        (slice) =>
          (slice as unknown as { endpoints: { addresses: string[]; conditions: { ready?: boolean } }[] | null })
            .endpoints ?? [],
      );
      return endpoints.length === 2 && endpoints.every(({ conditions }) => conditions.ready === true) && endpoints;
    });
    const pods = (await context.kubectl.run(['get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}'])).split(' ');
    assert.deepEqual(ready.flatMap(({ addresses }) => addresses).toSorted(), pods.toSorted());
  },
  { needs: ['nodes', 'kubectl'], deadlineMs: 180_000 },
);

promise(
  'a CronJob whose day never comes gets an event InvalidSchedule',
  async (context) => {
    await context.create('batch/v1', 'cronjobs', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'never' },
      spec: {
        schedule: '59 23 31 2 *',
        jobTemplate: {
          spec: {
            template: {
              spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: context.image }] },
            },
          },
        },
      },
    });
    type Event = WatchedObject & { reason?: string; involvedObject?: { name?: string } };
    await context.waitFor('v1', 'events', (events) =>
      (events as Event[]).some((event) => event.reason === 'InvalidSchedule' && event.involvedObject?.name === 'never'),
    );
  },
  { needs: ['nodes'], deadlineMs: 120_000 },
);
