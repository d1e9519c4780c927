/** What controller manager and scheduler tell of themselves, over the API server's own objects. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Controller, observeWorkQueues, RestClient, resources } from '@typernetes/openapi/client';
import { FakeApiServer } from '@typernetes/openapi/client/testing';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import { WorkQueueMetrics } from '../../metrics/index.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { ComponentMetrics } from './metrics.ts';

let server: FakeApiServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function sample(metrics: ComponentMetrics, start: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find((each) => each.startsWith(start));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

test('requests are counted by status, with their sizes', async () => {
  server = await FakeApiServer.start();
  const metrics = new ComponentMetrics();
  const { config } = server.client();
  const client = new RestClient(config, { observer: metrics.client });
  const { host } = new URL(config.server);
  await client.resource(resources.pods).list('default');
  await assert.rejects(client.resource(resources.pods).get('default', 'nothing'));
  assert.equal(await sample(metrics, `rest_client_requests_total{code="200",host="${host}",method="GET"}`), 1);
  assert.equal(await sample(metrics, `rest_client_requests_total{code="404",host="${host}",method="GET"}`), 1);
  assert.equal(await sample(metrics, `rest_client_request_duration_seconds_count{host="${host}",verb="GET"}`), 2);
  assert.ok(((await sample(metrics, `rest_client_response_size_bytes_sum{host="${host}",verb="GET"}`)) ?? 0) > 20);
  await server.stop();
  server = undefined;
  await assert.rejects(client.resource(resources.pods).list('default'));
  assert.ok(((await sample(metrics, `rest_client_requests_total{code="<error>",host="${host}"`)) ?? 0) >= 1);
  client.close();
});

test('the queues of controllers are counted by their names', async () => {
  const metrics = new ComponentMetrics();
  const queues = new WorkQueueMetrics(metrics.registry);
  observeWorkQueues((queue) => queues.queue(queue));
  const worked = Promise.withResolvers<void>();
  const reconciler = { reconcile: () => Promise.resolve(worked.resolve()).then(() => undefined) };
  const controller = new Controller({ name: 'deployment', reconciler });
  controller.queue.add('default/web');
  assert.equal(await sample(metrics, 'workqueue_depth{name="deployment"}'), 1);
  const running = controller.start();
  await worked.promise;
  await running.stop();
  assert.equal(await sample(metrics, 'workqueue_adds_total{name="deployment"}'), 1);
  assert.equal(await sample(metrics, 'workqueue_depth{name="deployment"}'), 0);
  assert.equal(await sample(metrics, 'workqueue_work_duration_seconds_count{name="deployment"}'), 1);
});

test('the scheduler tells who waits and why, and how its attempts ended', async () => {
  server = await FakeApiServer.start();
  const metrics = new ComponentMetrics();
  const node: Node = {
    metadata: { name: 'one' },
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' }, capacity: { cpu: '1', memory: '1Gi', pods: '10' } },
  };
  const pod = (name: string, cpu: string): Pod => ({
    metadata: { name, namespace: 'default' },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'app', image: 'example.test/app', resources: { requests: { cpu } } }],
    },
  });
  server.put(resources.nodes, node);
  server.put(resources.pods, pod('small', '100m'));
  server.put(resources.pods, pod('large', '2'));
  const scheduler = startScheduler({
    client: server.client(),
    signal: new AbortController().signal,
    metrics: metrics.registry,
  });
  await scheduler.ready;
  const attempts = (result: string) =>
    sample(metrics, `scheduler_schedule_attempts_total{profile="default-scheduler",result="${result}"}`);
  while ((await attempts('scheduled')) !== 1 || (await attempts('unschedulable')) !== 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await sample(metrics, 'scheduler_pending_pods{queue="unschedulable"}'), 1);
  const blamed = 'scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"}';
  assert.equal(await sample(metrics, blamed), 1);
  assert.equal(await sample(metrics, 'scheduler_cache_size{type="nodes"}'), 1);
  assert.equal(await sample(metrics, 'scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"}'), 1);
  assert.equal(await sample(metrics, 'scheduler_preemption_attempts_total'), 1);
  await scheduler.stop();
});
