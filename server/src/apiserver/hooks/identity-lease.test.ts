/** The Lease by which API servers know of each other. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { Lease, LeaseList } from '@typernetes/openapi/types/coordination/v1';
import { FakeRegistry } from '../../registry/testing/registry.ts';
import { until } from '../testing/grants.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';
import { serverIdentity, startIdentityLease } from './identity-lease.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const name = serverIdentity(hostname());

async function names(api: TestServer): Promise<(string | undefined)[]> {
  const { items } = (await api.call('GET', leases)).json<LeaseList>();
  return items.map(({ metadata }) => metadata?.name);
}

test('a host has one name, which a kube-apiserver on it has as well', () => {
  assert.equal(serverIdentity('web'), serverIdentity('web'));
  assert.notEqual(serverIdentity('web'), serverIdentity('we'));
  assert.equal(serverIdentity('vm'), 'apiserver-wlv32tlttr4jl3gtroqexyxapa');
});

test('a server holds a lease while it runs, anew after each start, and clears away those that expired', async () => {
  const api = await startTestServer();
  try {
    const held = async (): Promise<Lease | undefined> => {
      const answer = await api.call('GET', `${leases}/${name}`);
      return answer.status === 200 ? answer.json<Lease>() : undefined;
    };
    await until(async () => (await held()) !== undefined);
    const first = await held();
    assert.deepEqual(first?.metadata?.labels, {
      'apiserver.kubernetes.io/identity': 'kube-apiserver',
      'kubernetes.io/hostname': hostname(),
    });
    assert.deepEqual(first?.metadata?.annotations, {
      'kubernetes.io/peer-advertise-address': `127.0.0.1:${api.server.port}`,
    });
    assert.equal(first?.spec?.leaseDurationSeconds, 3600);
    assert.match(first?.spec?.holderIdentity ?? '', new RegExp(`^${name}_[0-9a-f-]{36}$`));
    assert.ok(Math.abs(Date.parse(first?.spec?.renewTime ?? '') - Date.now()) < 60_000);
    assert.deepEqual(
      first?.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [['kube-apiserver', 'Update']],
    );
    const { text } = await api.call('GET', '/readyz?verbose');
    assert.match(text, /poststarthook\/start-kube-apiserver-identity-lease-controller ok/);
    assert.match(text, /poststarthook\/start-kube-apiserver-identity-lease-garbage-collector ok/);

    const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
    const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString().replace('Z', '000Z');
    for (const [metadata, seconds] of [
      [{ name: 'dead', labels }, 20],
      [{ name: 'alive', labels }, 5],
      [{ name: 'another' }, 20],
    ] as const) {
      const spec = { holderIdentity: 'someone', leaseDurationSeconds: 10, renewTime: ago(seconds) };
      assert.equal((await api.call('POST', leases, { body: { metadata, spec } })).status, 201);
    }
    await api.restart();
    await until(async () => (await held()) !== undefined && !(await names(api)).includes('dead'));
    assert.notEqual((await held())?.spec?.holderIdentity, first?.spec?.holderIdentity);
    const left = await names(api);
    assert.ok(left.includes('another') && left.includes('alive'), String(left));

    await api.restart({ featureGates: 'APIServerIdentity=false' });
    assert.ok(!(await names(api)).includes(name), 'it went with its server');
    assert.doesNotMatch((await api.call('GET', '/readyz?verbose')).text, /identity-lease/);
  } finally {
    await api.close();
  }
});

test('it is renewed every ten seconds, made again when somebody deletes it, and no longer once it was ended', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const resource = { group: 'coordination.k8s.io', resource: 'leases' };
  const registry = new FakeRegistry();
  const clock = { time: Date.parse('2026-01-02T03:04:05Z') };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const held = () => registry.get<Lease>(resource, 'kube-system', serverIdentity('web'));
  const tick = async (): Promise<void> => {
    clock.time += 10_000;
    t.mock.timers.tick(10_000);
    await settled();
  };
  const report = (error: unknown): void => assert.fail(String(error));
  const lease = startIdentityLease({ registry, now: () => new Date(clock.time), report, host: 'web' });
  await settled();
  const first = await held();
  assert.equal(first?.spec?.renewTime, '2026-01-02T03:04:05.000000Z');
  await tick();
  const second = await held();
  assert.equal(second?.spec?.renewTime, '2026-01-02T03:04:15.000000Z');
  assert.equal(second?.spec?.holderIdentity, first?.spec?.holderIdentity);
  registry.remove(resource, 'kube-system', serverIdentity('web'));
  await tick();
  assert.equal((await held())?.spec?.renewTime, '2026-01-02T03:04:25.000000Z');
  await lease.stop();
  await tick();
  assert.equal(await held(), undefined);
});
