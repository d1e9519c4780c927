import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiMetrics } from './metrics.ts';
import { serveTestApi } from './testing/api.ts';

test('what nobody serves leaves no series behind, whoever asks for it', async () => {
  const metrics = new ApiMetrics();
  const api = await serveTestApi({ chain: { metrics } });
  const ask = (path: string, token: string) =>
    fetch(`${api.origin}${path}`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.text());
  for (const token of ['admin', 'nobody', 'wrong']) {
    await ask('/apis/made.up/v1/inventions?watch=1', token);
    await ask('/api/v1/namespaces/default/pods/one/invention', token);
    await ask('/api/v1/proxy/namespaces/default/inventions/one', token);
    await ask('/api/v1/namespaces/default/inventions/one/log', token);
  }
  assert.doesNotMatch(await metrics.registry.text(), /made\.up|invention/);
  await ask('/api/v1/namespaces/default/configmaps/none', 'admin');
  assert.match(await metrics.registry.text(), /^apiserver_request_total\{code="404".*resource="configmaps"/m);
  await api.close();
});
