import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdStorage } from '../storage/etcd/index.ts';
import { EtcdServer, etcdMissing } from '../storage/testing/index.ts';
import { parseEtcdServersOverrides } from './storage-overrides.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

test('one etcd for each set of servers, whatever their order; the later entry of a resource counts', () => {
  const parsed = parseEtcdServersOverrides([
    '/pods#http://a',
    '/events#http://b;http://c',
    'apps/*#http://c;http://b',
    '/pods#http://d',
  ]);
  assert.deepEqual(parsed, [
    { servers: ['http://d'], resources: new Set(['/pods']) },
    { servers: ['http://b', 'http://c'], resources: new Set(['/events', 'apps/*']) },
  ]);
  for (const bad of ['events#http://a', '/events', '/events#', '/events#http://a;', '/events#a#b', 'a/b/c#http://a']) {
    assert.throws(() => parseEtcdServersOverrides([bad]), /must be of format: group\/resource#servers/, bad);
  }
});

test('embedded storage has no overrides', async () => {
  await assert.rejects(
    startTestServer({ etcdServersOverrides: ['/events#http://127.0.0.1:1'] }),
    /needs --etcd-servers/,
  );
});

describe('events in an etcd of their own', { skip: etcdMissing() ?? false }, () => {
  let main: EtcdServer;
  let other: EtcdServer;
  let api: TestServer;
  const events = '/api/v1/namespaces/default/events';
  const event = (name: string) => ({
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Tested',
  });
  const keysOf = async (server: EtcdServer): Promise<string[]> => {
    const storage = await EtcdStorage.connect({ endpoints: [server.endpoint] });
    const { entries } = await storage.list({ prefix: '/registry/' });
    await storage.close();
    return entries.map(({ key }) => key);
  };

  before(async () => {
    [main, other] = await Promise.all([EtcdServer.start(), EtcdServer.start()]);
    api = await startTestServer({
      etcdServers: [main.endpoint],
      etcdServersOverrides: [`/events#${other.endpoint}`, `apps/deployments#${other.endpoint}`],
    });
  });
  after(async () => {
    await api.close();
    await main.stop();
    await other.stop();
  });

  test('are read, watched and listed as if there were one', async () => {
    assert.equal((await api.call('POST', events, { body: event('e1') })).status, 201);
    const { metadata } = (await api.call('GET', events)).json<{ metadata: { resourceVersion: string } }>();
    const watch = await api.open('GET', `${events}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    assert.equal((await api.call('POST', events, { body: event('e2') })).status, 201);
    for await (const line of watch.setEncoding('utf8')) {
      assert.match(String(line), /"ADDED".*"name":"e2"/);
      break;
    }
    const asOther = await api.call('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
    assert.match(asOther.text, /"name":"e1".*"name":"e2"/);
    assert.match((await api.call('GET', '/metrics')).text, /^apiserver_storage_objects\{resource="events"\} [2-9]/m);
    const body = { metadata: { name: 'c' } };
    assert.equal((await api.call('POST', '/api/v1/namespaces/default/configmaps', { body })).status, 201);
  });

  test('are the only ones there, beside other resources that are to be', async () => {
    const there = await keysOf(other);
    assert.ok(there.includes('/registry/events/default/e1'));
    assert.deepEqual(
      there.filter((key) => !/^\/registry\/(events|deployments)\//.test(key)),
      [],
    );
    const rest = await keysOf(main);
    assert.ok(rest.includes('/registry/configmaps/default/c'));
    assert.deepEqual(
      rest.filter((key) => /^\/registry\/(events|deployments)\//.test(key)),
      [],
    );
  });

  test('are told of in health, and missed when their etcd is away; the rest goes on', async () => {
    assert.match((await api.call('GET', '/healthz?verbose')).text, /^\[\+\]etcd-override-0 ok$/m);
    assert.match((await api.call('GET', '/readyz?verbose')).text, /^\[\+\]etcd-override-readiness-0 ok$/m);
    await other.kill();
    assert.equal((await api.call('GET', '/healthz/etcd-override-0')).status, 500);
    assert.equal((await api.call('GET', '/healthz/etcd')).status, 200);
    const { status, text } = await api.call('GET', '/metrics');
    assert.equal(status, 200);
    assert.match(text, /^apiserver_storage_objects\{resource="events"\} -1$/m);
    assert.match(text, /^apiserver_storage_size_bytes\{storage_cluster_id="etcd-0"\} \d/m);
    assert.doesNotMatch(text, /storage_cluster_id="etcd-1"/);
    const body = { metadata: { name: 'd' } };
    assert.equal((await api.call('POST', '/api/v1/namespaces/default/configmaps', { body })).status, 201);
    await other.run();
    assert.equal((await api.call('GET', `${events}/e1`)).status, 200);
  });
});
