import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from './testing/test-server.ts';

test('starts, makes what a cluster needs, and keeps it over a restart', async () => {
  const server = await startTestServer();
  assert.equal((await server.call('GET', '/readyz', { anonymous: true })).text, 'ok');
  interface Namespaces {
    items: { metadata: { name: string; uid: string } }[];
  }
  const namespaces = (await server.call('GET', '/api/v1/namespaces')).json<Namespaces>();
  assert.deepEqual(
    namespaces.items.map(({ metadata }) => metadata.name),
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  );
  const service = (await server.call('GET', '/api/v1/namespaces/default/services/kubernetes')).json<{
    spec: { clusterIP: string };
  }>();
  assert.equal(service.spec.clusterIP, '10.96.0.1');
  assert.equal((await server.call('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin')).status, 200);

  await server.restart();
  const again = (await server.call('GET', '/api/v1/namespaces')).json<Namespaces>();
  assert.deepEqual(
    again.items.map(({ metadata }) => metadata.uid),
    namespaces.items.map(({ metadata }) => metadata.uid),
  );
  await server.close();
});

test('a service account’s token is issued, authenticated and held to its rights', async () => {
  const server = await startTestServer();
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  assert.equal((await server.call('POST', accounts, { body: { metadata: { name: 'robot' } } })).status, 201);
  const issued = await server.call('POST', `${accounts}/robot/token`, { body: { spec: { expirationSeconds: 600 } } });
  assert.equal(issued.status, 201, issued.text);
  const { status } = issued.json<{ status: { token: string } }>();
  const refused = await server.call('GET', '/api/v1/namespaces/default/secrets', { token: status.token });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /User \\"system:serviceaccount:default:robot\\" cannot list resource \\"secrets\\"/);
  const review = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    token: status.token,
    body: {},
  });
  assert.equal(review.status, 201, review.text);
  assert.equal((await server.call('GET', '/api/v1/pods', { token: 'forged' })).status, 401);
  assert.equal((await server.call('GET', '/api/v1/pods', { anonymous: true })).status, 403);
  await server.close();
});

test('who is not known may do nothing where AlwaysAllow would let them do everything', async () => {
  const server = await startTestServer({ authorizationMode: 'RBAC,AlwaysAllow' });
  assert.equal((await server.call('GET', '/api/v1/pods', { anonymous: true })).status, 401);
  assert.equal((await server.call('GET', '/api/v1/pods')).status, 200);
  await server.close();
});

test('stops when its signal is aborted, watches and all', async () => {
  const aborter = new AbortController();
  const server = await startTestServer({ signal: aborter.signal });
  const watch = server.call('GET', '/api/v1/configmaps?watch=1');
  await server.call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'a' } } });
  aborter.abort();
  await server.server.stop();
  await watch.catch(() => undefined);
  await assert.rejects(server.call('GET', '/healthz'), /ECONNREFUSED/);
  await server.close();
});
