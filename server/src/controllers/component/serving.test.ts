/** Who may see what on a component's own endpoint, as a real API server decides it. */
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { RestClient, silentLogger } from '@typernetes/openapi/client';
import type { ComponentStatusList } from '@typernetes/openapi/types/core/v1';
import { freePort } from '../../apiserver/testing/free-port.ts';
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts';
import { createCertificateAuthority, issueCertificate } from '../../certificates/index.ts';
import { type Serving, serve } from './serving.ts';

let api: TestServer;
let client: RestClient;
const servings: Serving[] = [];
const ports = { controllerManager: 0, scheduler: 0 };

before(async () => {
  ports.controllerManager = await freePort();
  ports.scheduler = await freePort();
  api = await startTestServer(({ ca }) => ({
    clientCaFile: ca.certificateFile,
    controllerManagerHealthPort: ports.controllerManager,
    schedulerHealthPort: ports.scheduler,
  }));
  const { ca, cert, key } = api.identity;
  client = new RestClient({ server: api.server.url, ca, cert, key });
});

after(async () => {
  for (const serving of servings) await serving.stop();
  client.close();
  await api.close();
});

async function start(port: number, clientCa?: string): Promise<Serving> {
  const serving = await serve({
    bindAddress: '127.0.0.1',
    port,
    ...(clientCa === undefined ? {} : { clientCa }),
    metrics: () => Promise.resolve('metric 1\n'),
    unhealthy: () => undefined,
    client,
    logger: silentLogger,
  });
  servings.push(serving);
  return serving;
}

function get(port: number, path: string, options: https.RequestOptions = {}): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...options }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
      })
      .on('error', reject);
  });
}

test('a component that serves where the API server looks is Healthy', async () => {
  await start(ports.controllerManager, api.certificates.ca.certificate);
  const { items } = (await api.call('GET', '/api/v1/componentstatuses')).json<ComponentStatusList>();
  const condition = (name: string) => items.find(({ metadata }) => metadata?.name === name)?.conditions?.[0];
  assert.deepEqual(condition('controller-manager'), { type: 'Healthy', status: 'True', message: 'ok' });
  assert.match(
    condition('scheduler')?.message ?? '',
    new RegExp(`^Get "https://127.0.0.1:${ports.scheduler}/healthz": dial tcp .* connection refused$`),
  );
});

test('metrics are for whom the API server lets, health is for all', async () => {
  const { ca, admin, kubeProxy } = api.certificates;
  const { port } = await start(await freePort(), ca.certificate);
  assert.deepEqual(await get(port, '/healthz'), { code: 200, body: 'ok' });
  const unknown = await get(port, '/metrics');
  assert.equal(unknown.code, 403);
  const { message, reason } = JSON.parse(unknown.body) as { message: string; reason: string };
  assert.deepEqual([reason, message], ['Forbidden', 'forbidden: User "system:anonymous" cannot get path "/metrics"']);
  const as = ({ certificate: cert, key }: { certificate: string; key: string }) => get(port, '/metrics', { cert, key });
  assert.deepEqual(await as(admin), { code: 200, body: 'metric 1\n' });
  assert.equal((await as(kubeProxy)).code, 403);
  const stranger = await createCertificateAuthority({ commonName: 'nobody' });
  const forged = await issueCertificate({
    ca: stranger,
    subject: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    usages: ['clientAuth'],
  });
  assert.equal((await as(forged)).code, 403);
});

test('tokens are the API server’s to judge', async () => {
  const { port } = await start(await freePort(), api.certificates.ca.certificate);
  const bearer = (token: string) => get(port, '/metrics', { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await bearer('made-up')).code, 401);
  const path = '/api/v1/namespaces/default/serviceaccounts';
  await api.call('POST', path, { body: { metadata: { name: 'monitor' } } });
  const issued = await api.call('POST', `${path}/monitor/token`, { body: { spec: {} } });
  const { token } = issued.json<{ status: { token: string } }>().status;
  assert.equal((await bearer(token)).code, 403);
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await api.call('POST', `${rbac}/clusterroles`, {
    body: { metadata: { name: 'monitor' }, rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] },
  });
  await api.call('POST', `${rbac}/clusterrolebindings`, {
    body: {
      metadata: { name: 'monitor' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'monitor' },
      subjects: [{ kind: 'ServiceAccount', name: 'monitor', namespace: 'default' }],
    },
  });
  // Elsewhere, for answers are remembered for a while.
  const other = await start(await freePort(), api.certificates.ca.certificate);
  assert.equal((await get(other.port, '/metrics', { headers: { authorization: `Bearer ${token}` } })).code, 200);
});

test('without a CA of its own, a component takes the one that the API server publishes', async () => {
  const { port } = await start(await freePort());
  const { admin } = api.certificates;
  const options = { cert: admin.certificate, key: admin.key };
  for (let code = 403; code !== 200; ) {
    code = (await get(port, '/metrics', options)).code;
    assert.ok(code === 200 || code === 403, `${code}`);
  }
});
