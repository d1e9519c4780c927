/** Which APIServices there are, and what is said of those that are not available. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import { AggregatingServer, apiService, apiServicePath, condition, eventually } from './testing/aggregating-server.ts';

let api: AggregatingServer;
before(async () => {
  api = await AggregatingServer.start();
});
after(() => api.stop());

test('every built-in group version has a local APIService with its priority', async () => {
  const { items } = (await api.call('GET', apiServicePath)).json<{ items: APIService[] }>();
  const apps = items.find(({ metadata }) => metadata?.name === 'v1.apps')!;
  assert.deepEqual(apps.spec, { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 });
  assert.deepEqual(apps.metadata?.labels, { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
  const { lastTransitionTime, ...rest } = condition(apps)!;
  assert.ok(lastTransitionTime);
  assert.deepEqual(rest, {
    type: 'Available',
    status: 'True',
    reason: 'Local',
    message: 'Local APIServices are always available',
  });
  const names = items.map(({ metadata }) => metadata?.name);
  assert.ok(names.includes('v1.'), 'the core group');
  assert.ok(!names.includes('v1.apiregistration.k8s.io'), 'the group of APIServices has none itself');
  const groups = (await api.call('GET', '/apis')).json<{ groups: { name: string }[] }>().groups;
  assert.equal(groups[0]?.name, 'apiregistration.k8s.io');
  assert.equal(groups[1]?.name, 'apps');
  const { text } = await api.call('GET', '/readyz?verbose');
  for (const check of ['autoregister-completion', 'poststarthook/storage-readiness'])
    assert.ok(text.includes(`[+]${check} ok`), text);
});

test('the trust of extension servers is written down, and again when somebody deletes it', async () => {
  const url = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { data } = (await api.call('GET', url)).json<{ data: Record<string, string> }>();
  const { certificates } = api.server;
  assert.deepEqual(data, {
    'client-ca-file': certificates.ca.certificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': certificates.frontProxyCA.certificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  });
  assert.equal((await api.call('DELETE', url)).status, 200);
  await eventually('written again', async () => ((await api.call('GET', url)).status === 200 ? true : undefined));
});

test('a CustomResourceDefinition gets an APIService for each served version, for as long as it is there', async () => {
  const version = (name: string, served: boolean) => ({
    name,
    served,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const url = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const created = await api.call('POST', url, {
    metadata: { name: 'things.crd.example.com' },
    spec: {
      group: 'crd.example.com',
      scope: 'Cluster',
      names: { plural: 'things', kind: 'Thing' },
      versions: [version('v1', true), version('v2', false)],
    },
  });
  assert.equal(created.status, 201, created.text);
  const found = await eventually('APIService', async () => {
    const answer = await api.call('GET', `${apiServicePath}/v1.crd.example.com`);
    return answer.status === 200 ? answer.json<APIService>() : undefined;
  });
  assert.deepEqual(found.metadata?.labels, { 'kube-aggregator.kubernetes.io/automanaged': 'true' });
  assert.deepEqual(found.spec, {
    group: 'crd.example.com',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 100,
  });
  assert.equal((await api.call('GET', `${apiServicePath}/v2.crd.example.com`)).status, 404);
  await api.patch(`${apiServicePath}/v1.crd.example.com`, { spec: { versionPriority: 7 } });
  await eventually('put right', async () => {
    const { spec } = (await api.call('GET', `${apiServicePath}/v1.crd.example.com`)).json<APIService>();
    return spec?.versionPriority === 100 ? true : undefined;
  });
  await api.call('DELETE', `${url}/things.crd.example.com`);
  await eventually('gone', async () =>
    (await api.call('GET', `${apiServicePath}/v1.crd.example.com`)).status === 404 ? true : undefined,
  );
});

test('why a remote APIService is not available is said in its condition', async () => {
  const service = { namespace: 'default', name: 'absent', port: 7443 };
  assert.equal((await api.call('POST', apiServicePath, apiService('v1', { service }, 'cond.example.com'))).status, 201);
  const name = 'v1.cond.example.com';
  assert.equal(
    (await api.waitForReason(name, 'ServiceNotFound')).message,
    'service/absent in "default" is not present',
  );
  const rejected = await api.call('GET', '/apis/cond.example.com/v1');
  assert.deepEqual([rejected.status, rejected.text], [503, 'service unavailable\n']);
  const table = await api.call('GET', `${apiServicePath}/${name}`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const [row] = table.json<{ rows: { cells: unknown[] }[] }>().rows;
  assert.deepEqual(row?.cells.slice(0, 3), [name, 'default/absent', 'False (ServiceNotFound)']);

  const create = (url: string, body: object) =>
    api.call('POST', url, body).then(({ status, text }) => assert.equal(status, 201, text));
  await create('/api/v1/namespaces/default/services', {
    metadata: { name: 'absent' },
    spec: { ports: [{ name: 'web', port: 80 }] },
  });
  assert.equal(
    (await api.waitForReason(name, 'ServicePortError')).message,
    'service/absent in "default" is not listening on port 7443',
  );
  await api.patch('/api/v1/namespaces/default/services/absent', { spec: { ports: [{ name: 'api', port: 7443 }] } });
  assert.equal(
    (await api.waitForReason(name, 'EndpointsNotFound')).message,
    'cannot find endpointslices for service/absent in "default"',
  );
  await create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'absent-1', labels: { 'kubernetes.io/service-name': 'absent' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }],
    ports: [{ name: 'api', port: 443 }],
  });
  assert.equal(
    (await api.waitForReason(name, 'MissingEndpoints')).message,
    'endpointslices for service/absent in "default" have no addresses with port name "api"',
  );
  assert.equal((await api.call('DELETE', `${apiServicePath}/${name}`)).status, 200);
  assert.equal((await api.call('GET', '/apis/cond.example.com/v1')).status, 404);
});

test('an APIService that leads back to this server is not followed for ever', async () => {
  const service = { namespace: 'default', name: 'kubernetes', port: 443 };
  const endpoints = {
    metadata: { name: 'kubernetes-1', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ name: 'https', port: 443 }],
  };
  await api.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', endpoints);
  const body = apiService('v1', { service, insecureSkipTLSVerify: true }, 'loop.example.com');
  assert.equal((await api.call('POST', apiServicePath, body)).status, 201);
  const { message } = await api.waitForReason('v1.loop.example.com', 'FailedDiscoveryCheck');
  assert.match(message ?? '', /bad status from \S+: (503|508)$/);
  const { text } = await api.call('GET', '/metrics');
  assert.match(text, /aggregator_unavailable_apiservice\{name="v1\.loop\.example\.com"\} 1/);
  assert.match(
    text,
    /aggregator_unavailable_apiservice_total\{name="v1\.loop\.example\.com",reason="FailedDiscoveryCheck"\} 1/,
  );
  await api.call('DELETE', `${apiServicePath}/v1.loop.example.com`);
});

test('a remote APIService that becomes local is available at once', async () => {
  const service = { namespace: 'default', name: 'nowhere', port: 443 };
  await api.call('POST', apiServicePath, apiService('v1', { service }, 'local.example.com'));
  await api.waitForReason('v1.local.example.com', 'ServiceNotFound');
  await api.patch(`${apiServicePath}/v1.local.example.com`, { spec: { service: null } });
  assert.equal((await api.waitForReason('v1.local.example.com', 'Local')).status, 'True');
});
