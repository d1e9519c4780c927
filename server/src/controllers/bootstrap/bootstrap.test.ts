import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { type Harness, startHarness } from '../testing/harness.ts';
import { startBootstrapSigner, startTokenCleaner } from './bootstrap-controllers.ts';

const base64 = (fields: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

describe('bootstrap tokens', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness([startTokenCleaner, startBootstrapSigner]);
  });
  afterEach(() => harness.stop());

  const putToken = (id: string, expiration?: string): unknown =>
    harness.server.put(resources.secrets, {
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: base64({
        'token-id': id,
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-signing': 'true',
        ...(expiration ? { expiration } : {}),
      }),
    });
  const data = () => harness.server.get(resources.configMaps, 'kube-public', 'cluster-info')?.data;

  it('sign the cluster info while they last', async () => {
    const { server } = harness;
    server.put(resources.configMaps, {
      metadata: { name: 'cluster-info', namespace: 'kube-public' },
      data: { kubeconfig: 'content', 'jws-kubeconfig-oldold': 'x' },
    });
    putToken('abcdef');
    await server.waitFor(() => data()?.['jws-kubeconfig-abcdef'], 'a signature');
    assert.match(data()?.['jws-kubeconfig-abcdef'] ?? '', /^eyJ[\w-]+\.\.[\w-]{43}$/);
    assert.equal(data()?.['jws-kubeconfig-oldold'], undefined);
    server.remove(resources.secrets, 'kube-system', 'bootstrap-token-abcdef');
    await server.waitFor(() => !data()?.['jws-kubeconfig-abcdef'], 'no signature');
  });

  it('go when they have expired', async () => {
    putToken('aaaaaa', new Date(Date.now() + 600_000).toISOString());
    putToken('bbbbbb', new Date(Date.now() - 1000).toISOString());
    await harness.server.waitFor(() => harness.server.list(resources.secrets).length === 1, 'one token');
    assert.equal(harness.server.list(resources.secrets)[0]?.metadata?.name, 'bootstrap-token-aaaaaa');
  });
});
