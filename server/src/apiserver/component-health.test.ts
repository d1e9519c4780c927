/** ComponentStatus: what servers on this machine say of themselves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ComponentStatusList } from '@typernetes/openapi/types/core/v1';
import { createCertificateAuthority } from '../certificates/index.ts';
import { componentHealth } from './component-health.ts';
import { startTestServer } from './testing/test-server.ts';

test('the API lists controller manager, scheduler and storage', async () => {
  const api = await startTestServer();
  try {
    const answer = await api.call('GET', '/api/v1/componentstatuses');
    const items = new Map(
      answer.json<ComponentStatusList>().items.map(({ metadata, conditions }) => [metadata?.name, conditions]),
    );
    assert.deepEqual(new Set(items.keys()), new Set(['controller-manager', 'scheduler', 'etcd-0']));
    assert.deepEqual(items.get('etcd-0'), [{ type: 'Healthy', status: 'True', message: 'ok' }]);
    const missing = await api.call('GET', '/api/v1/componentstatuses/nothing');
    assert.equal(missing.status, 404);
    assert.equal(missing.json<{ message: string }>().message, 'componentstatus "nothing" not found');
  } finally {
    await api.close();
  }
});

test('a server is healthy by its answer alone, whatever its certificate', async () => {
  const { certificate, key } = await createCertificateAuthority({ commonName: 'nobody knows me' });
  const agents: (string | undefined)[] = [];
  const code = { answered: 200 };
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    agents.push(`${request.url} ${request.headers['user-agent']}`);
    response.writeHead(code.answered).end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const look = async () => {
    const storage = { name: 'etcd', check: () => Promise.reject(new Error('out of order')) };
    return componentHealth(storage, [{ name: 'scheduler', port }]);
  };
  const storage = { name: 'etcd-0', healthy: false, message: '', error: 'out of order' };
  const name = 'scheduler';
  assert.deepEqual(await look(), [{ name, healthy: true, message: 'ok', error: '' }, storage]);
  assert.deepEqual(agents, ['/healthz kube-probe/1.36']);
  code.answered = 500;
  const failed = 'HTTP probe failed with statuscode: 500';
  assert.deepEqual(await look(), [{ name, healthy: false, message: failed, error: '' }, storage]);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  const refused = `Get "https://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`;
  assert.deepEqual(await look(), [{ name, healthy: false, message: refused, error: '' }, storage]);
});
