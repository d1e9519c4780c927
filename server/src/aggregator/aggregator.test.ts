/** API aggregation as clients see it: a real API server, a real extension API server, HTTPS between all. */
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import { frontProxyOptions } from '../apiserver/testing/server-files.ts';
import { startTestServer, type TestAnswer, type TestServer } from '../apiserver/testing/test-server.ts';
import { type ExtensionServer, group, startExtensionServer } from './testing/extension-server.ts';

let server: TestServer;
const extensions: ExtensionServer[] = [];

before(async () => {
  server = await startTestServer((certificates) => ({
    ...frontProxyOptions(certificates),
    proxyClientCertFile: certificates.frontProxyClient.certificateFile,
    proxyClientKeyFile: certificates.frontProxyClient.keyFile,
  }));
});
after(async () => {
  await server.close();
  for (const extension of extensions) await extension.stop();
});

const call = (method: string, url: string, body?: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
  server.call(method, url, { body, headers });

const patch = (url: string, body: object): Promise<TestAnswer> =>
  call('PATCH', url, body, { 'content-type': 'application/merge-patch+json' });

const apiServicePath = '/apis/apiregistration.k8s.io/v1/apiservices';

async function eventually<T>(what: string, look: () => Promise<T | undefined>, limitMs = 15_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function condition(apiService: APIService) {
  return apiService.status?.conditions?.find(({ type }) => type === 'Available');
}

async function waitForReason(name: string, reason: string) {
  return eventually(`${name} ${reason}`, async () => {
    const found = condition((await call('GET', `${apiServicePath}/${name}`)).json<APIService>());
    return found?.reason === reason ? found : undefined;
  });
}

function apiService(version: string, spec: object, name = group) {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${name}` },
    spec: { group: name, version, groupPriorityMinimum: 2000, versionPriority: 200, ...spec },
  };
}

/** A Service that leads to this machine; its port is the APIService's. */
async function externalService(name: string): Promise<void> {
  const created = await call('POST', '/api/v1/namespaces/default/services', {
    metadata: { name },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  assert.equal(created.status, 201, created.text);
}

async function extensionServer(name: string, options: { versions?: string[]; legacy?: boolean } = {}) {
  const trust = (
    await call('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')
  ).json<{ data: Record<string, string> }>().data;
  const extension = await startExtensionServer({
    name: `${name}.default.svc`,
    proxyCa: trust['requestheader-client-ca-file']!,
    ...options,
  });
  extensions.push(extension);
  await externalService(name);
  return extension;
}

test('every built-in group version has a local APIService with its priority', async () => {
  const { items } = (await call('GET', apiServicePath)).json<{ items: APIService[] }>();
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
  const groups = (await call('GET', '/apis')).json<{ groups: { name: string }[] }>().groups;
  assert.equal(groups[0]?.name, 'apiregistration.k8s.io');
  assert.equal(groups[1]?.name, 'apps');
  assert.match((await call('GET', '/readyz?verbose')).text, /\[\+\]autoregister-completion ok/);
});

test('the trust of extension servers is written down, and again when somebody deletes it', async () => {
  const url = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { data } = (await call('GET', url)).json<{ data: Record<string, string> }>();
  const { certificates } = server;
  assert.deepEqual(data, {
    'client-ca-file': certificates.ca.certificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': certificates.frontProxyCA.certificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  });
  assert.equal((await call('DELETE', url)).status, 200);
  await eventually('written again', async () => ((await call('GET', url)).status === 200 ? true : undefined));
});

test('a CustomResourceDefinition gets an APIService for each served version, for as long as it is there', async () => {
  const version = (name: string, served: boolean) => ({
    name,
    served,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const url = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const created = await call('POST', url, {
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
    const answer = await call('GET', `${apiServicePath}/v1.crd.example.com`);
    return answer.status === 200 ? answer.json<APIService>() : undefined;
  });
  assert.deepEqual(found.metadata?.labels, { 'kube-aggregator.kubernetes.io/automanaged': 'true' });
  assert.deepEqual(found.spec, {
    group: 'crd.example.com',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 100,
  });
  assert.equal((await call('GET', `${apiServicePath}/v2.crd.example.com`)).status, 404);
  await patch(`${apiServicePath}/v1.crd.example.com`, { spec: { versionPriority: 7 } });
  await eventually('put right', async () => {
    const { spec } = (await call('GET', `${apiServicePath}/v1.crd.example.com`)).json<APIService>();
    return spec?.versionPriority === 100 ? true : undefined;
  });
  await call('DELETE', `${url}/things.crd.example.com`);
  await eventually('gone', async () =>
    (await call('GET', `${apiServicePath}/v1.crd.example.com`)).status === 404 ? true : undefined,
  );
});

test('why a remote APIService is not available is said in its condition', async () => {
  const service = { namespace: 'default', name: 'absent', port: 7443 };
  assert.equal((await call('POST', apiServicePath, apiService('v1', { service }, 'cond.example.com'))).status, 201);
  const name = 'v1.cond.example.com';
  assert.equal((await waitForReason(name, 'ServiceNotFound')).message, 'service/absent in "default" is not present');
  const rejected = await call('GET', '/apis/cond.example.com/v1');
  assert.deepEqual([rejected.status, rejected.text], [503, 'service unavailable\n']);
  const table = await call('GET', `${apiServicePath}/${name}`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const [row] = table.json<{ rows: { cells: unknown[] }[] }>().rows;
  assert.deepEqual(row?.cells.slice(0, 3), [name, 'default/absent', 'False (ServiceNotFound)']);

  const create = (url: string, body: object) =>
    call('POST', url, body).then(({ status, text }) => assert.equal(status, 201, text));
  await create('/api/v1/namespaces/default/services', {
    metadata: { name: 'absent' },
    spec: { ports: [{ name: 'web', port: 80 }] },
  });
  assert.equal(
    (await waitForReason(name, 'ServicePortError')).message,
    'service/absent in "default" is not listening on port 7443',
  );
  await patch('/api/v1/namespaces/default/services/absent', { spec: { ports: [{ name: 'api', port: 7443 }] } });
  assert.equal(
    (await waitForReason(name, 'EndpointsNotFound')).message,
    'cannot find endpointslices for service/absent in "default"',
  );
  await create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'absent-1', labels: { 'kubernetes.io/service-name': 'absent' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }],
    ports: [{ name: 'api', port: 443 }],
  });
  assert.equal(
    (await waitForReason(name, 'MissingEndpoints')).message,
    'endpointslices for service/absent in "default" have no addresses with port name "api"',
  );
  assert.equal((await call('DELETE', `${apiServicePath}/${name}`)).status, 200);
  assert.equal((await call('GET', '/apis/cond.example.com/v1')).status, 404);
});

test('requests reach the extension server with the identity of the user, its answers come back', async () => {
  const extension = await extensionServer('wardle', { versions: ['v1', 'v2'] });
  const service = { namespace: 'default', name: 'wardle', port: extension.port };
  const { caBundle } = extension;
  for (const version of ['v1', 'v2'])
    assert.equal((await call('POST', apiServicePath, apiService(version, { service, caBundle }))).status, 201);
  assert.equal((await waitForReason(`v1.${group}`, 'Passed')).message, 'all checks passed');
  await waitForReason(`v2.${group}`, 'Passed');
  const checks = extension.requests.filter(({ user }) => user === 'system:kube-aggregator');
  assert.ok(checks.length > 0);
  assert.ok(checks.every(({ groups }) => groups.includes('system:masters')));

  const flunders = `/apis/${group}/v1/namespaces/default/flunders`;
  const created = await call(
    'POST',
    `${flunders}?b=2&a=x%2Fy`,
    { metadata: { name: 'one' } },
    {
      'x-remote-user': 'mallory',
      'x-remote-group': 'evil',
      'impersonate-user': 'jane',
      'impersonate-group': 'devs',
      'impersonate-extra-a.io%2fb': 'ä',
    },
  );
  assert.equal(created.status, 403, 'jane may not, as authorization is before the proxy');
  extension.requests.length = 0;
  const asAdmin = await call(
    'POST',
    `${flunders}?b=2&a=x%2Fy`,
    { metadata: { name: 'one' } },
    { 'x-remote-user': 'mallory' },
  );
  assert.equal(asAdmin.status, 201, asAdmin.text);
  const request = extension.requests.find(({ method }) => method === 'POST');
  assert.equal(request?.url, `${flunders}?a=x%2Fy&b=2`);
  assert.equal(request?.user, 'kubernetes-admin');
  assert.deepEqual(request?.groups, ['system:masters', 'system:authenticated']);
  assert.deepEqual(request?.headers['x-remote-user'], ['kubernetes-admin']);
  const asJane = await call('GET', flunders, undefined, {
    'impersonate-user': 'jäne',
    'impersonate-group': 'system:masters',
    'impersonate-uid': '42',
    'impersonate-extra-a.io%2fb': 'c',
  });
  assert.equal(asJane.status, 200, asJane.text);
  const last = extension.requests.findLast(({ url }) => url === flunders)!;
  assert.deepEqual(last.headers['x-remote-uid'], ['42']);
  assert.deepEqual(last.headers['x-remote-extra-a.io%2fb'], ['c']);
  assert.equal(Buffer.from(last.user, 'latin1').toString(), 'jäne');
  assert.ok(last.groups.includes('system:masters'));
  assert.ok(!Object.keys(last.headers).some((name) => name.startsWith('impersonate-')));
});

test('discovery and OpenAPI show what other servers serve, and say when it is stale', async () => {
  const groups = (await call('GET', '/apis')).json<{ groups: { name: string; versions: unknown[] }[] }>().groups;
  assert.equal(groups.at(-1)?.name, group, 'before custom resources, after what is built in');
  assert.deepEqual((await call('GET', `/apis/${group}`)).json<object>(), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: group,
    versions: [
      { groupVersion: `${group}/v2`, version: 'v2' },
      { groupVersion: `${group}/v1`, version: 'v1' },
    ],
    preferredVersion: { groupVersion: `${group}/v2`, version: 'v2' },
  });
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  interface Discovery {
    items: {
      metadata: { name: string };
      versions: { version: string; freshness: string; resources?: { resource: string }[] }[];
    }[];
  }
  const discovered = (wanted: string) =>
    eventually(wanted, async () => {
      const { items } = (await call('GET', '/apis', undefined, { accept })).json<Discovery>();
      const versions = items.find(({ metadata }) => metadata.name === group)?.versions ?? [];
      return versions.every(({ freshness }) => freshness === wanted) && versions.length > 0 ? versions : undefined;
    });
  const versions = await discovered('Current');
  assert.deepEqual(
    versions.map(({ version, resources }) => [version, resources?.map(({ resource }) => resource)]),
    [
      ['v2', ['flunders']],
      ['v1', ['flunders']],
    ],
  );

  const v2 = await eventually('OpenAPI v2', async () => {
    const document = (await call('GET', '/openapi/v2')).json<{ paths: object; definitions: Record<string, unknown> }>();
    return `/apis/${group}/v2/namespaces/{namespace}/flunders` in document.paths ? document : undefined;
  });
  assert.deepEqual(v2.definitions['io.k8s.api.core.v1.Pod_v2'], { type: 'object', description: 'not that Pod' });
  assert.deepEqual(v2.definitions['com.example.wardle.Flunder'], {
    type: 'object',
    properties: { spec: { $ref: '#/definitions/io.k8s.api.core.v1.Pod_v2' } },
  });
  assert.equal(v2.definitions['unused'], undefined);
  const { paths } = (await call('GET', '/openapi/v3')).json<{ paths: Record<string, { serverRelativeURL: string }> }>();
  const link = paths[`apis/${group}/v1`]!.serverRelativeURL;
  assert.equal(link, `/openapi/v3/apis/${group}/v1?hash=1`);
  assert.deepEqual((await call('GET', link)).json<{ info: object }>().info, { title: 'wardle' });

  const [extension] = extensions;
  extension!.answer = (_, response) => response.writeHead(503).end().writableEnded;
  await patch(`${apiServicePath}/v1.${group}`, { metadata: { labels: { poke: '1' } } });
  const failed = await waitForReason(`v1.${group}`, 'FailedDiscoveryCheck');
  const url = `https://localhost:${extension!.port}/apis/${group}/v1`;
  assert.equal(failed.message, `failing or missing response from ${url}: bad status from ${url}: 503`);
  await patch(`${apiServicePath}/v2.${group}`, { metadata: { labels: { poke: '1' } } });
  const stale = await discovered('Stale');
  assert.equal(stale[0]?.resources?.[0]?.resource, 'flunders', 'what was known last');
  extension!.answer = undefined;
  await waitForReason(`v1.${group}`, 'Passed');
  await discovered('Current');
});

test('watches are streamed and upgrades go through', async () => {
  const url = `/apis/${group}/v1/namespaces/default/flunders`;
  const { identity } = server;
  const first = await new Promise<string>((resolve, reject) => {
    const request = https.get(`${server.server.url}${url}?watch=1`, { ...identity, agent: false }, (response) => {
      response.setEncoding('utf8').once('data', (text: string) => {
        resolve(text);
        request.destroy();
      });
      response.on('error', () => undefined);
    });
    request.once('error', reject);
  });
  assert.match(first, /^\{"type":"ADDED","object":\{"metadata":\{"name":"one"/);

  const [extension] = extensions;
  extension!.requests.length = 0;
  const answered = await new Promise<string>((resolve, reject) => {
    const request = https.get(`${server.server.url}${url}/one/echo/../x`, {
      ...identity,
      agent: false,
      path: `${url}/one/echo/../x`,
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'X-Remote-User': 'mallory' },
    });
    request.once('upgrade', (_, socket) => {
      socket.once('data', (data: Buffer) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.write('hello');
    });
    request.once('response', (response) => reject(new Error(String(response.statusCode))));
    request.once('error', reject);
  });
  assert.equal(answered, 'hello');
  // The aggregator asks for documents meanwhile.
  const upgraded = extension!.requests.find(({ url: path }) => path.includes('/echo'));
  assert.equal(upgraded?.url, `${url}/one/echo/../x`, 'the path that was authorized, not a shorter one');
  assert.deepEqual(upgraded?.headers['x-remote-user'], ['kubernetes-admin']);
});

test('a server whose certificate does not fit gets nothing', async () => {
  const { port } = extensions[0]!;
  const other = await startExtensionServer({ name: 'other.default.svc', proxyCa: '' });
  extensions.push(other);
  await externalService('stranger');
  const service = { namespace: 'default', name: 'stranger', port };
  const { caBundle } = other;
  await call('POST', apiServicePath, apiService('v1', { service, caBundle }, 'tls.example.com'));
  const { message } = await waitForReason('v1.tls.example.com', 'FailedDiscoveryCheck');
  assert.match(
    message ?? '',
    /Get "https:\/\/localhost:\d+\/apis\/tls\.example\.com\/v1": tls: failed to verify certificate/,
  );
  await call('DELETE', `${apiServicePath}/v1.tls.example.com`);
});

test('redirects are not passed on, errors are, and older servers are understood', async () => {
  const extension = await extensionServer('old', { legacy: true });
  const service = { namespace: 'default', name: 'old', port: extension.port };
  await call(
    'POST',
    apiServicePath,
    apiService('v1', { service, insecureSkipTLSVerify: true, groupPriorityMinimum: 2100 }),
  );
  await call('DELETE', `${apiServicePath}/v1.${group}`);
  await call('POST', apiServicePath, apiService('v1', { service, insecureSkipTLSVerify: true }));
  await waitForReason(`v1.${group}`, 'Passed');
  await call('DELETE', `${apiServicePath}/v2.${group}`);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const resources = await eventually('legacy discovery', async () => {
    const { items } = (await call('GET', '/apis', undefined, { accept })).json<{
      items: { metadata: { name: string }; versions: { freshness: string; resources?: object[] }[] }[];
    }>();
    const versions = items.find(({ metadata }) => metadata.name === group)?.versions ?? [];
    const fresh = versions.length === 1 && versions[0]?.freshness === 'Current';
    return fresh && JSON.stringify(versions).includes('subresource') ? versions[0]?.resources : undefined;
  });
  assert.deepEqual(resources, [
    {
      resource: 'flunders',
      responseKind: { group: '', version: '', kind: 'Flunder' },
      scope: 'Namespaced',
      singularResource: 'flunder',
      verbs: ['get', 'list', 'create', 'watch'],
      subresources: [
        { subresource: 'status', responseKind: { group: '', version: '', kind: 'Flunder' }, verbs: ['get'] },
      ],
    },
  ]);
  const converted = await eventually('converted OpenAPI', async () => {
    const answer = await call('GET', `/openapi/v3/apis/${group}/v1`);
    return answer.status === 200 && answer.text.includes('com.example.wardle.Flunder')
      ? answer.json<{ openapi: string; components: { schemas: object } }>()
      : undefined;
  });
  assert.equal(converted.openapi, '3.0.0');
  assert.deepEqual(Object.keys(converted.components.schemas), ['com.example.wardle.Flunder', 'io.k8s.api.core.v1.Pod']);

  extension.answer = (request, response) => {
    if (!request.url!.endsWith('/flunders')) return false;
    response.writeHead(302, { location: 'https://elsewhere.example.com/' }).end();
    return true;
  };
  const redirected = await call('GET', `/apis/${group}/v1/namespaces/default/flunders`);
  assert.deepEqual(
    [redirected.status, redirected.text],
    [502, 'the backend attempted to redirect this request, which is not permitted'],
  );
  extension.answer = undefined;
  assert.equal((await call('GET', `/apis/${group}/v1/nothing`)).status, 404);
});

test('an APIService that leads back to this server is not followed for ever', async () => {
  const service = { namespace: 'default', name: 'kubernetes', port: 443 };
  const endpoints = {
    metadata: { name: 'kubernetes-1', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ name: 'https', port: 443 }],
  };
  await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', endpoints);
  const body = apiService('v1', { service, insecureSkipTLSVerify: true }, 'loop.example.com');
  assert.equal((await call('POST', apiServicePath, body)).status, 201);
  const { message } = await waitForReason('v1.loop.example.com', 'FailedDiscoveryCheck');
  assert.match(message ?? '', /bad status from \S+: (503|508)$/);
  const { text } = await call('GET', '/metrics');
  assert.match(text, /aggregator_unavailable_apiservice\{name="v1\.loop\.example\.com"\} 1/);
  assert.match(
    text,
    /aggregator_unavailable_apiservice_total\{name="v1\.loop\.example\.com",reason="FailedDiscoveryCheck"\} 1/,
  );
  await call('DELETE', `${apiServicePath}/v1.loop.example.com`);
});

test('a remote APIService that becomes local is available at once', async () => {
  const service = { namespace: 'default', name: 'nowhere', port: 443 };
  await call('POST', apiServicePath, apiService('v1', { service }, 'local.example.com'));
  await waitForReason('v1.local.example.com', 'ServiceNotFound');
  await patch(`${apiServicePath}/v1.local.example.com`, { spec: { service: null } });
  assert.equal((await waitForReason('v1.local.example.com', 'Local')).status, 'True');
});
