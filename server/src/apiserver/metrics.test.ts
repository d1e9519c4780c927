/** What /metrics tells of what clients did, by a client that did it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiMetrics } from '../endpoints/metrics.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let api: TestServer;

before(async () => {
  api = await startTestServer();
});
after(() => api.close());

/** The value of one sample, 0 where there is none; labels in any order, `le` and others left out are not looked at. */
async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  const wanted = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  const line = text
    .split('\n')
    .find((each) => each.split(/[{ ]/, 1)[0] === name && wanted.every((pair) => each.includes(pair)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function growth(work: () => Promise<unknown>, ...sample: Parameters<typeof value>): Promise<number> {
  const before = await value(...sample);
  await work();
  return (await value(...sample)) - before;
}

const post = (url: string, body: unknown) => api.call('POST', url, { body });

test('the lifetime of client certificates is seen with each request', async () => {
  const ask = () => api.call('GET', '/api/v1/namespaces/default');
  assert.equal(await growth(ask, 'apiserver_client_certificate_expiration_seconds_count'), 2, 'one is the scrape');
  const anonymous = () => api.call('GET', '/livez', { anonymous: true });
  assert.equal(await growth(anonymous, 'apiserver_client_certificate_expiration_seconds_count'), 1);
  const soon = { le: '3600' };
  assert.equal(await value('apiserver_client_certificate_expiration_seconds_bucket', soon), 0, 'it lives a year');
});

test('a token is fetched once, and then found', async () => {
  const account = '/api/v1/namespaces/default/serviceaccounts';
  await post(account, { metadata: { name: 'caller' } });
  const issued = await post(`${account}/caller/token`, { spec: {} });
  const { token } = issued.json<{ status: { token: string } }>().status;
  const call = () => api.call('GET', '/livez', { token });
  const hits = ['authentication_token_cache_request_total', { status: 'hit' }] as const;
  const misses = ['authentication_token_cache_request_total', { status: 'miss' }] as const;
  assert.equal(await growth(call, ...misses), 1);
  assert.equal(await growth(call, ...hits), 1);
  assert.equal(await growth(() => api.call('GET', '/livez', { token: `${token}x` }), ...misses), 1);
  assert.equal(await value('authentication_token_cache_fetch_total', { status: 'error' }), 1);
  assert.equal(await value('authentication_token_cache_active_fetch_count', { status: 'in_flight' }), 0);
});

test('addresses and node ports of Services are counted, and how many are left', async () => {
  const [addresses, ports] = ['kube_apiserver_clusterip_allocator', 'kube_apiserver_nodeport_allocator'];
  const services = '/api/v1/namespaces/default/services';
  const body = (name: string, spec: object) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
  const free = await value(`${addresses}_available_ips`);
  const create = () => post(services, body('one', { type: 'NodePort' }));
  assert.equal(await growth(create, `${addresses}_allocation_total`, { scope: 'dynamic' }), 1);
  assert.equal(await value(`${addresses}_available_ips`), free - 1);
  assert.equal(await value(`${ports}_allocated_ports`), 1);
  assert.equal(await value(`${ports}_available_ports`), 2767);
  const taken = (await api.call('GET', `${services}/one`)).json<{ spec: { clusterIP: string } }>().spec;
  const again = () => post(services, body('two', { clusterIP: taken.clusterIP }));
  assert.equal(await growth(again, `${addresses}_allocation_errors_total`, { scope: 'static' }), 1);
  const dry = () => post(`${services}?dryRun=All`, body('three', {}));
  assert.equal(await growth(dry, `${addresses}_allocation_total`, { scope: 'dynamic' }), 0);
});

test('Pod Security tells what it allows, refuses and warns of; a refused pod is told to the audit log as well', async () => {
  const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;
  const labels = { [label('enforce')]: 'baseline', [label('audit')]: 'restricted', [label('warn')]: 'restricted' };
  await post('/api/v1/namespaces', { metadata: { name: 'guarded', labels } });
  await post('/api/v1/namespaces/guarded/serviceaccounts', { metadata: { name: 'default' } });
  const pod = (name: string, hostNetwork: boolean) => ({
    metadata: { name },
    spec: { hostNetwork, containers: [{ name: 'app', image: 'example.test/app' }] },
  });
  const pods = '/api/v1/namespaces/guarded/pods';
  const of = (decision: string, mode: string) =>
    ['pod_security_evaluations_total', { decision, mode, resource: 'pod', request_operation: 'create' }] as const;
  const exposed = () => post(pods, pod('exposed', true));
  assert.equal(await growth(exposed, ...of('deny', 'enforce')), 1);
  assert.equal(await value(...of('deny', 'audit')), 1);
  assert.equal(await value(...of('deny', 'warn')), 0, 'who is refused is not warned');
  await post(pods, pod('plain', false));
  assert.equal(await value(...of('deny', 'warn')), 1);
  assert.equal(await value('pod_security_evaluations_total', { decision: 'allow', policy_level: 'baseline' }), 1);
});

test('reads and writes that are executed are seen apart', async () => {
  const name = 'apiserver_flowcontrol_read_vs_write_current_requests_sum';
  const writes = [name, { phase: 'executing', request_kind: 'mutating' }] as const;
  assert.ok((await growth(() => post('/api/v1/namespaces', { metadata: { name: 'written' } }), ...writes)) > 0);
  assert.equal(await growth(() => api.call('GET', '/api/v1/namespaces'), ...writes), 0);
});

test('metrics are told while the storage cannot be reached', async () => {
  const metrics = new ApiMetrics();
  const down = () => Promise.reject(new Error('no storage'));
  metrics.watchStorageSizes([down]);
  metrics.watchObjectCounts(() => [
    ['pods', Promise.resolve(3)],
    ['secrets', down()],
  ]);
  const { text } = await metrics.expose();
  assert.match(
    text,
    /^apiserver_storage_objects\{resource="pods"\} 3\napiserver_storage_objects\{resource="secrets"\} -1$/m,
  );
  assert.doesNotMatch(text, /^apiserver_storage_size_bytes\{/m);
});
