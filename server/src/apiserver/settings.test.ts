/** Settings that objects show. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Pod, Service } from '@typernetes/openapi/types/core/v1';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;

before(async () => {
  server = await startTestServer({
    advertiseAddress: '192.0.2.7',
    kubernetesServiceNodePort: 30_443,
    endpointReconcilerType: 'none',
    defaultNotReadyTolerationSeconds: 5,
    defaultUnreachableTolerationSeconds: 6,
    disableAdmissionPlugins: ['ServiceAccount'],
  });
});
after(() => server.close());

test('the Service kubernetes has the node port, and endpoints are for others to keep', async () => {
  const { spec } = (await server.call('GET', '/api/v1/namespaces/default/services/kubernetes')).json<Service>();
  assert.equal(spec?.type, 'NodePort');
  assert.equal(spec.ports?.[0]?.nodePort, 30_443);
  assert.equal((await server.call('GET', '/api/v1/namespaces/default/endpoints/kubernetes')).status, 404);
});

test('pods stay on failing nodes for the seconds given', async () => {
  const body = { metadata: { name: 'stays' }, spec: { containers: [{ name: 'a', image: 'i' }] } };
  const made = await server.call('POST', '/api/v1/namespaces/default/pods', { body });
  assert.deepEqual(
    made.json<Pod>().spec?.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 5],
      ['node.kubernetes.io/unreachable', 6],
    ],
  );
});
