/** API aggregation as clients see it: a real API server, a real extension API server, HTTPS between all. */
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { AggregatingServer, apiService, apiServicePath, eventually } from './testing/aggregating-server.ts';
import { group, startExtensionServer } from './testing/extension-server.ts';

let api: AggregatingServer;
before(async () => {
  api = await AggregatingServer.start();
});
after(() => api.stop());

test('requests reach the extension server with the identity of the user, its answers come back', async () => {
  const extension = await api.extensionServer('wardle', { versions: ['v1', 'v2'] });
  const service = { namespace: 'default', name: 'wardle', port: extension.port };
  const { caBundle } = extension;
  for (const version of ['v1', 'v2'])
    assert.equal((await api.call('POST', apiServicePath, apiService(version, { service, caBundle }))).status, 201);
  assert.equal((await api.waitForReason(`v1.${group}`, 'Passed')).message, 'all checks passed');
  await api.waitForReason(`v2.${group}`, 'Passed');
  const checks = extension.requests.filter(({ user }) => user === 'system:kube-aggregator');
  assert.ok(checks.length > 0);
  assert.ok(checks.every(({ groups }) => groups.includes('system:masters')));

  const flunders = `/apis/${group}/v1/namespaces/default/flunders`;
  const created = await api.call(
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
  const asAdmin = await api.call(
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
  const asJane = await api.call('GET', flunders, undefined, {
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
  const groups = (await api.call('GET', '/apis')).json<{ groups: { name: string; versions: unknown[] }[] }>().groups;
  assert.equal(groups.at(-1)?.name, group, 'before custom resources, after what is built in');
  assert.deepEqual((await api.call('GET', `/apis/${group}`)).json<object>(), {
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
      const { items } = (await api.call('GET', '/apis', undefined, { accept })).json<Discovery>();
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
    const document = (await api.call('GET', '/openapi/v2')).json<{
      paths: object;
      definitions: Record<string, unknown>;
    }>();
    return `/apis/${group}/v2/namespaces/{namespace}/flunders` in document.paths ? document : undefined;
  });
  assert.deepEqual(v2.definitions['io.k8s.api.core.v1.Pod_v2'], { type: 'object', description: 'not that Pod' });
  assert.deepEqual(v2.definitions['com.example.wardle.Flunder'], {
    type: 'object',
    properties: { spec: { $ref: '#/definitions/io.k8s.api.core.v1.Pod_v2' } },
  });
  assert.equal(v2.definitions['unused'], undefined);
  const { paths } = (await api.call('GET', '/openapi/v3')).json<{
    paths: Record<string, { serverRelativeURL: string }>;
  }>();
  const link = paths[`apis/${group}/v1`]!.serverRelativeURL;
  assert.equal(link, `/openapi/v3/apis/${group}/v1?hash=1`);
  assert.deepEqual((await api.call('GET', link)).json<{ info: object }>().info, { title: 'wardle' });

  const [extension] = api.extensions;
  extension!.answer = (_, response) => response.writeHead(503).end().writableEnded;
  await api.patch(`${apiServicePath}/v1.${group}`, { metadata: { labels: { poke: '1' } } });
  const failed = await api.waitForReason(`v1.${group}`, 'FailedDiscoveryCheck');
  const url = `https://localhost:${extension!.port}/apis/${group}/v1`;
  assert.equal(failed.message, `failing or missing response from ${url}: bad status from ${url}: 503`);
  await api.patch(`${apiServicePath}/v2.${group}`, { metadata: { labels: { poke: '1' } } });
  const stale = await discovered('Stale');
  assert.equal(stale[0]?.resources?.[0]?.resource, 'flunders', 'what was known last');
  extension!.answer = undefined;
  await api.waitForReason(`v1.${group}`, 'Passed');
  await discovered('Current');
});

test('watches are streamed and upgrades go through', async () => {
  const url = `/apis/${group}/v1/namespaces/default/flunders`;
  const { identity } = api.server;
  const first = await new Promise<string>((resolve, reject) => {
    const request = https.get(`${api.server.server.url}${url}?watch=1`, { ...identity, agent: false }, (response) => {
      response.setEncoding('utf8').once('data', (text: string) => {
        resolve(text);
        request.destroy();
      });
      response.on('error', () => undefined);
    });
    request.once('error', reject);
  });
  assert.match(first, /^\{"type":"ADDED","object":\{"metadata":\{"name":"one"/);

  const [extension] = api.extensions;
  extension!.requests.length = 0;
  const answered = await new Promise<string>((resolve, reject) => {
    const request = https.get(`${api.server.server.url}${url}/one/echo/../x`, {
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
  const { port } = api.extensions[0]!;
  const other = await startExtensionServer({ name: 'other.default.svc', proxyCa: '' });
  api.extensions.push(other);
  await api.externalService('stranger');
  const service = { namespace: 'default', name: 'stranger', port };
  const { caBundle } = other;
  await api.call('POST', apiServicePath, apiService('v1', { service, caBundle }, 'tls.example.com'));
  const { message } = await api.waitForReason('v1.tls.example.com', 'FailedDiscoveryCheck');
  assert.match(
    message ?? '',
    /Get "https:\/\/localhost:\d+\/apis\/tls\.example\.com\/v1": tls: failed to verify certificate/,
  );
  await api.call('DELETE', `${apiServicePath}/v1.tls.example.com`);
});

test('redirects are not passed on, errors are, and older servers are understood', async () => {
  const extension = await api.extensionServer('old', { legacy: true });
  const service = { namespace: 'default', name: 'old', port: extension.port };
  await api.call(
    'POST',
    apiServicePath,
    apiService('v1', { service, insecureSkipTLSVerify: true, groupPriorityMinimum: 2100 }),
  );
  await api.call('DELETE', `${apiServicePath}/v1.${group}`);
  await api.call('POST', apiServicePath, apiService('v1', { service, insecureSkipTLSVerify: true }));
  await api.waitForReason(`v1.${group}`, 'Passed');
  await api.call('DELETE', `${apiServicePath}/v2.${group}`);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const resources = await eventually('legacy discovery', async () => {
    const { items } = (await api.call('GET', '/apis', undefined, { accept })).json<{
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
    const answer = await api.call('GET', `/openapi/v3/apis/${group}/v1`);
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
  const redirected = await api.call('GET', `/apis/${group}/v1/namespaces/default/flunders`);
  assert.deepEqual(
    [redirected.status, redirected.text],
    [502, 'the backend attempted to redirect this request, which is not permitted'],
  );
  extension.answer = undefined;
  assert.equal((await api.call('GET', `/apis/${group}/v1/nothing`)).status, 404);
});
