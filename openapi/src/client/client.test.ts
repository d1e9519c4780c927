import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isConflict, isNotFound, type KubernetesObject, notFound, StatusError } from '../meta/index.ts';
import { Controller, type Reconciler, TerminalError } from './controller.ts';
import { EventRecorder } from './event-recorder.ts';
import { SharedInformerFactory } from './informer-factory.ts';
import { LeaderElector } from './leader-elector.ts';
import { configMaps, events, leases, pods } from './resources.ts';
import type { RestClient } from './rest-client.ts';
import { FakeApiServer, ManualClock } from './testing/index.ts';

let server: FakeApiServer;
let stopping: AbortController;

beforeEach(async () => {
  server = await FakeApiServer.start();
  stopping = new AbortController();
});

afterEach(async () => {
  stopping.abort();
  await server.stop();
});

const configMap = (
  name: string,
  data: Record<string, string> = {},
): KubernetesObject & { data: Record<string, string> } => ({
  metadata: { name, namespace: 'default' },
  data,
});

describe('RestClient', () => {
  it('creates, reads, changes and deletes', async () => {
    const maps = server.client().resource(configMaps);
    const created = await maps.create('default', configMap('a', { x: '1' }));
    assert.equal(created.kind, 'ConfigMap');
    assert.equal(created.apiVersion, 'v1');
    const read = await maps.get('default', 'a');
    assert.deepEqual(read.data, { x: '1' });
    const patched = await maps.patch('default', 'a', { data: { y: '2' } }, { type: 'merge' });
    assert.deepEqual(patched.data, { x: '1', y: '2' });
    await assert.rejects(maps.update(read), isConflict);
    assert.equal((await maps.list('default')).items.length, 1);
    await maps.delete('default', 'a');
    await assert.rejects(maps.get('default', 'a'), isNotFound);
  });

  it('pages through a list', async () => {
    for (let i = 0; i < 7; i++) server.put(configMaps, configMap(`m${i}`));
    const sizes: number[] = [];
    for await (const page of server.client().pages(configMaps, 'default', { pageSize: 3 }))
      sizes.push(page.items.length);
    assert.deepEqual(sizes, [3, 3, 1]);
  });

  it('tries again after a 429 with Retry-After, and gives up other failures', async () => {
    let refused = 0;
    server.put(configMaps, configMap('a'));
    server.intercept = () =>
      refused++ < 2 ? { code: 429, reason: 'TooManyRequests', retryAfterSeconds: 0 } : undefined;
    assert.equal((await server.client().resource(configMaps).get('default', 'a')).metadata?.name, 'a');
    assert.equal(refused, 3);
    server.intercept = () => ({ code: 403, reason: 'Forbidden', message: 'no' });
    await assert.rejects(
      server.client().resource(configMaps).get('default', 'a'),
      (error) => error instanceof StatusError && error.code === 403 && error.message === 'no',
    );
  });

  it('watches with selectors until aborted', async () => {
    const watch = server
      .client()
      .resource(configMaps)
      .watch('default', { labelSelector: 'app=x', signal: stopping.signal });
    const first = watch.next();
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const seen: string[] = [];
    const labelled = (name: string, app: string): KubernetesObject => ({
      metadata: { name, namespace: 'default', labels: { app } },
    });
    server.put(configMaps, labelled('no', 'y'));
    server.put(configMaps, labelled('yes', 'x'));
    server.put(configMaps, labelled('yes', 'y'));
    seen.push((await first).value?.type ?? 'end', (await watch.next()).value?.type ?? 'end');
    stopping.abort();
    assert.equal((await watch.next()).done, true);
    assert.deepEqual(seen, ['ADDED', 'DELETED']);
  });
});

describe('SharedInformer', () => {
  it('delivers what is there, then every change, and survives ended and expired watches', async () => {
    server.put(configMaps, configMap('old'));
    const factory = new SharedInformerFactory(server.client(), { freeze: true, random: () => 0 });
    const informer = factory.informer(configMaps);
    assert.equal(factory.informer(configMaps), informer);
    const log: string[] = [];
    informer.addEventHandler({
      add: (object, initial) => log.push(`${initial ? 'initial' : 'add'} ${object.metadata?.name ?? ''}`),
      update: (_, object) => log.push(`update ${object.metadata?.name ?? ''}`),
      delete: (object) => log.push(`delete ${object.metadata?.name ?? ''}`),
    });
    factory.start(stopping.signal);
    assert.equal(await factory.waitForSync(stopping.signal), true);
    await assert.doesNotReject(informer.synced);
    server.put(configMaps, configMap('new'));
    server.put(configMaps, configMap('old', { changed: 'yes' }));
    const seen = (line: string) => server.waitFor(() => log.includes(line), line);
    const poll = setInterval(() => server.store.put('/ticks', 'tick', {}), 20);
    try {
      await seen('update old');
      server.endWatches();
      server.remove(configMaps, 'default', 'new');
      await seen('delete new');
      // What happened while history was lost comes out of the relist.
      server.intercept = (request) =>
        request.query.get('watch') ? { code: 503, reason: 'ServiceUnavailable' } : undefined;
      server.endWatches();
      server.remove(configMaps, 'default', 'old');
      server.put(configMaps, configMap('later'));
      server.store.compact();
      server.intercept = undefined;
      await seen('add later');
      await seen('delete old');
    } finally {
      clearInterval(poll);
    }
    assert.deepEqual(log.slice(0, 4), ['initial old', 'add new', 'update old', 'delete new']);
    assert.deepEqual([...informer.lister.keys()], ['default/later']);
    assert.equal(informer.lister.list('default').length, 1);
    assert.equal(informer.lister.list('other').length, 0);
    stopping.abort();
    await factory.stopped();
  });

  it('gives late handlers what is there', async () => {
    server.put(configMaps, configMap('a'));
    const factory = new SharedInformerFactory(server.client());
    const informer = factory.informer(configMaps);
    factory.start(stopping.signal);
    await informer.synced;
    const names: (string | undefined)[] = [];
    informer.addEventHandler({ add: (object) => names.push(object.metadata?.name) });
    assert.deepEqual(names, ['a']);
  });
});

describe('Controller', () => {
  it('retries errors, waits as told, and gives up what is terminal', async () => {
    const calls: string[] = [];
    const done = Promise.withResolvers<void>();
    const reconciler: Reconciler = {
      reconcile: (key) => {
        calls.push(key);
        if (key === 'flaky' && calls.filter((call) => call === key).length < 3)
          return Promise.reject(new Error('again'));
        if (key === 'flaky') done.resolve();
        if (key === 'terminal') return Promise.reject(new TerminalError('never'));
        return Promise.resolve(
          key === 'later' && calls.filter((call) => call === key).length < 2 ? { requeueAfter: 1 } : undefined,
        );
      },
    };
    const controller = new Controller({ name: 'test', reconciler, concurrency: 2 });
    const running = controller.start(stopping.signal);
    await running.ready;
    for (const key of ['flaky', 'terminal', 'later']) controller.queue.add(key);
    await done.promise;
    await running.stop();
    const count = (key: string): number => calls.filter((call) => call === key).length;
    assert.deepEqual([count('flaky'), count('terminal'), count('later')], [3, 1, 2]);
  });
});

describe('EventRecorder', () => {
  it('counts repetitions in one event', async () => {
    const recorder = new EventRecorder(server.client(), { component: 'test', host: 'node-1' });
    const pod = server.put(pods, { metadata: { name: 'web', namespace: 'default' } });
    for (let i = 0; i < 3; i++) recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting failed container');
    recorder.event(pod, 'Normal', 'Pulled', 'Container image already present');
    await server.waitFor(() => server.list(events).length === 2 && server.list(events)[0]?.count === 3, 'two events');
    await recorder.stop();
    const [backOff] = server.list(events);
    assert.equal(backOff?.involvedObject.name, 'web');
    assert.equal(backOff?.involvedObject.kind, 'Pod');
    assert.equal(backOff?.source?.component, 'test');
    assert.match(backOff?.metadata?.name ?? '', /^web\.[0-9a-f]+$/);
    assert.equal(backOff?.type, 'Warning');
  });

  it('finds a name for events about objects whose names cannot begin one', async () => {
    const recorder = new EventRecorder(server.client(), { component: 'test' });
    for (const name of ['system:node', 'a'.repeat(250)])
      recorder.event({ kind: 'ClusterRole', name }, 'Normal', 'Changed', name);
    await server.waitFor(() => server.list(events).length === 2, 'two events');
    await recorder.stop();
    for (const { metadata } of server.list(events)) assert.match(metadata?.name ?? '', /^[0-9a-f-]{36}$/);
  });
});

describe('Reflector', () => {
  it('does not spin where every watch is too old for its list', async () => {
    server.intercept = (request) => (request.query.get('watch') ? { code: 410, reason: 'Expired' } : undefined);
    const factory = new SharedInformerFactory(server.client(), { random: () => 0 });
    factory.informer(configMaps);
    factory.start(stopping.signal);
    assert.equal(await factory.waitForSync(stopping.signal), true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(server.requests.length <= 4, `${server.requests.length} requests`);
    stopping.abort();
    await factory.stopped();
  });
});

describe('LeaderElector', () => {
  it('gives up in time where a renewal hangs: others may lead soon after', async () => {
    const clock = new ManualClock();
    const started = clock.now();
    const hangs = {
      create: (_: string, lease: object) => Promise.resolve(lease),
      get: (_: string, __: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          if (!led) reject(notFound({ group: 'coordination.k8s.io', resource: 'leases' }, 'test'));
          else if (clock.now() - started < 500) reject(new Error('not now'));
          else signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
    let led = false;
    const elector = new LeaderElector({ resource: () => hangs } as unknown as RestClient, {
      namespace: 'kube-system',
      name: 'test',
      identity: 'one',
      leaseDurationMs: 1500,
      renewDeadlineMs: 1000,
      retryPeriodMs: 200,
      clock,
    });
    const lead = (signal: AbortSignal) => {
      led = true;
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    let outcome: string | undefined;
    void elector.run(lead, stopping.signal).then((how) => (outcome = how));
    for (;;) {
      await new Promise(setImmediate);
      if (outcome !== undefined || clock.now() - started > 2000) break;
      clock.advance(100);
    }
    assert.deepEqual([outcome, clock.now() - started], ['lost', 1000]);
  });

  it('lets one lead, and the next when it is released', async () => {
    const options = {
      namespace: 'kube-system',
      name: 'test',
      leaseDurationMs: 200_000,
      renewDeadlineMs: 100_000,
      retryPeriodMs: 20,
    };
    const first = new AbortController();
    const led: string[] = [];
    const lead = (who: string) => (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        led.push(who);
        signal.addEventListener('abort', () => resolve());
      });
    const one = new LeaderElector(server.client(), { ...options, identity: 'one' }).run(lead('one'), first.signal);
    await server.waitFor(() => server.list(leases)[0]?.spec?.holderIdentity === 'one', 'first leader');
    while (led.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const two = new LeaderElector(server.client(), { ...options, identity: 'two' }).run(lead('two'), stopping.signal);
    first.abort();
    assert.equal(await one, 'stopped');
    await server.waitFor(() => server.list(leases)[0]?.spec?.holderIdentity === 'two', 'second leader');
    while (led.length < 2) await new Promise((resolve) => setImmediate(resolve));
    stopping.abort();
    assert.equal(await two, 'stopped');
    assert.deepEqual(led, ['one', 'two']);
    assert.equal(server.list(leases)[0]?.spec?.leaseTransitions, 1);
  });
});
