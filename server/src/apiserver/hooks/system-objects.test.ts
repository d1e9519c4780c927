/** What the server makes when it starts says the same of its managers as what a kube-apiserver makes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let api: TestServer;
before(async () => {
  api = await startTestServer();
});
after(() => api.close());

async function managers(path: string): Promise<unknown[]> {
  const { metadata } = (await api.call('GET', path)).json<KubernetesObject>();
  return (metadata?.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);
}

test('system namespaces have the label, finalizer and phase that creating them gives, and no manager of their spec', async () => {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    const path = `/api/v1/namespaces/${name}`;
    const namespace = (await api.call('GET', path)).json<KubernetesObject & { spec: unknown; status: unknown }>();
    const { metadata, spec, status } = namespace;
    assert.deepEqual(metadata?.labels, { 'kubernetes.io/metadata.name': name });
    assert.deepEqual([spec, status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
    const labels = { '.': {}, 'f:kubernetes.io/metadata.name': {} };
    assert.deepEqual(await managers(path), [['kube-apiserver', 'Update', { 'f:metadata': { 'f:labels': labels } }]]);
  }
});

test('an aggregated role has no rules, nor a manager of them, until the controller manager gathers them', async () => {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/view';
  assert.equal((await api.call('GET', path)).json<{ rules: unknown }>().rules, null);
  const [own, ...others] = (await managers(path)) as [string, string, object][];
  assert.deepEqual(own?.slice(0, 2), ['kube-apiserver', 'Update']);
  assert.deepEqual(Object.keys(own?.[2] ?? {}), ['f:aggregationRule', 'f:metadata']);
  assert.deepEqual(others, []);
});
