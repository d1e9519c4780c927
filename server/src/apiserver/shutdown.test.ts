import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServer, type TestServer } from './testing/test-server.ts';

/** A POST whose body is still to come: `finish` sends it and resolves to the status. */
function openPost(api: TestServer, name: string): { finish(): Promise<number>; abandon(): void } {
  const { ca, admin } = api.certificates;
  const body = JSON.stringify({ metadata: { name } });
  const answer = Promise.withResolvers<number>();
  const request = https.request(
    `${api.server.url}/api/v1/namespaces/default/configmaps`,
    {
      method: 'POST',
      ca: ca.certificate,
      cert: admin.certificate,
      key: admin.key,
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    },
    (response) => {
      response.resume().once('end', () => answer.resolve(response.statusCode ?? 0));
    },
  );
  request.on('error', answer.reject);
  answer.promise.catch(() => undefined);
  request.flushHeaders();
  return {
    finish() {
      request.end(body);
      return answer.promise;
    },
    abandon() {
      request.destroy();
    },
  };
}

/** Once the server has the request: it shows among those in flight. */
async function inFlight(api: TestServer): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const { text } = await api.call('GET', '/metrics');
    if (/^apiserver_current_inflight_requests\{request_kind="mutating"\} [1-9]/m.test(text)) return;
  }
  throw new Error('the request never came');
}

test('a server that goes is not ready first, then answers 429, and finishes what it has begun', async (context) => {
  const api = await startTestServer({
    shutdownDelayMs: 5000,
    shutdownSendRetryAfter: true,
    shutdownWatchTerminationGracePeriodMs: 1000,
  });
  const watch = await api.open('GET', '/api/v1/namespaces/default/configmaps?watch=1');
  const watched = new Promise<boolean>((resolve) => {
    watch.once('end', () => resolve(true)).once('error', () => resolve(false));
    watch.resume();
  });
  const post = openPost(api, 'late');
  context.after(async () => {
    post.abandon();
    await api.close();
  });
  await inFlight(api);
  const stopped = api.server.stop();
  const notReady = await api.call('GET', '/readyz');
  assert.equal(notReady.status, 500);
  assert.match(notReady.text, /^\[-\]shutdown failed: reason withheld$/m);
  assert.equal((await api.call('GET', '/livez')).status, 200);
  assert.equal((await api.call('GET', '/readyz/shutdown')).text, 'internal server error: process is shutting down\n');
  // Still in the delay: served as ever.
  assert.equal((await api.call('GET', '/api/v1/namespaces/default')).status, 200);
  let refused = await api.call('GET', '/api/v1/namespaces/default');
  while (refused.status === 200) refused = await api.call('GET', '/api/v1/namespaces/default');
  assert.equal(refused.status, 429);
  assert.equal(refused.text, 'The apiserver is shutting down, please try again later.\n');
  assert.equal(refused.headers['retry-after'], '5');
  assert.equal(refused.headers.connection, 'close');
  assert.equal((await api.call('GET', '/healthz')).status, 200);
  assert.equal(await watched, true, 'the watch ends politely');
  assert.equal(await post.finish(), 201);
  await stopped;
  await assert.rejects(api.call('GET', '/healthz'), /ECONNREFUSED/);
});

test('without that, it listens no longer, refuses what comes over old connections, and finishes what it has begun', async (context) => {
  const api = await startTestServer();
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal((await api.call('GET', '/version', { agent })).status, 200);
  const post = openPost(api, 'late');
  context.after(async () => {
    post.abandon();
    await api.close();
  });
  await inFlight(api);
  const stopped = api.server.stop();
  // Served until what must be done before is done; then refused one way or the other, by a connection that is closed or
  // by a Status.
  const ask = () => api.call('GET', '/version', { agent }).catch((error: unknown) => String(error));
  let answer = await ask();
  while (typeof answer !== 'string' && answer.status === 200) answer = await ask();
  if (typeof answer === 'string') assert.match(answer, /ECONNREFUSED|ECONNRESET|socket hang up/);
  else {
    assert.equal(answer.status, 503);
    assert.match(answer.text, /apiserver is shutting down/);
  }
  assert.equal(await post.finish(), 201);
  await stopped;
  agent.destroy();
});

test('health checks may be left out, and metrics have upstream’s names', async (context) => {
  const api = await startTestServer();
  context.after(() => api.close());
  const left = await api.call('GET', '/readyz?verbose&exclude=etcd&exclude=b&exclude=a');
  assert.match(left.text, /^\[\+\]etcd excluded: ok$/m);
  assert.match(left.text, /^warn: some health checks cannot be excluded: no matches for "a","b"$/m);
  assert.match(left.text, /^readyz check passed$/m);
  assert.equal((await api.call('GET', '/livez/ping')).text, 'ok');
  const slis = (await api.call('GET', '/metrics/slis')).text;
  assert.match(slis, /^kubernetes_healthcheck\{name="ping",type="readyz"\} 1$/m);
  assert.match(slis, /^kubernetes_healthchecks_total\{name="ping",status="success",type="readyz"\} \d+$/m);
  await api.call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'a' } } });
  await api.call('GET', '/api/v1/namespaces/default/endpoints');
  await api.call('GET', '/api/v1/namespaces/default/nonsense');
  await api.call('GET', '/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1');
  const { text, headers } = await api.call('GET', '/metrics');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
  for (const line of [
    /^# HELP apiserver_request_total \[STABLE\] Counter of apiserver requests/m,
    /^apiserver_request_total\{code="201",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",system_client="",verb="POST",version="v1"\} 1$/m,
    /^apiserver_request_duration_seconds_bucket\{component="apiserver",dry_run="",group="",resource="endpoints",scope="namespace",subresource="",verb="LIST",version="v1",le="\+Inf"\} 1$/m,
    /^apiserver_response_sizes_count\{component="apiserver",group="",resource="endpoints",/m,
    /^apiserver_requested_deprecated_apis\{group="",removed_release="",resource="endpoints",subresource="",version="v1"\} 1$/m,
    /^apiserver_storage_objects\{resource="configmaps"\} \d+$/m,
    /^apiserver_storage_size_bytes\{storage_cluster_id="etcd-0"\} \d/m,
    /^apiserver_current_inflight_requests\{request_kind="readOnly"\} \d+$/m,
    /^# TYPE apiserver_longrunning_requests gauge$/m,
    /^apiserver_admission_step_admission_duration_seconds_count\{operation="CREATE",rejected="false",type="validate"\} \d+$/m,
    /^apiserver_admission_controller_admission_duration_seconds_count\{name="NamespaceLifecycle",operation="CREATE",rejected="false",type="admit"\} \d+$/m,
    /^kubernetes_build_info\{.*major="1",minor="\d+".*\} 1$/m,
    /^process_cpu_seconds_total /m,
  ]) {
    assert.match(text, line);
  }
  assert.doesNotMatch(text, /nonsense/);
});

test('connections that say nothing do not hold a server up that goes', async () => {
  const api = await startTestServer();
  const silent = connect(api.server.port, '127.0.0.1');
  const closed = once(silent, 'close');
  silent.on('error', () => undefined);
  try {
    await once(silent, 'connect');
    const stopped = api.server.stop().then(() => 'stopped');
    assert.equal(await Promise.race([stopped, sleep(15_000, 'waits')]), 'stopped');
    await closed;
  } finally {
    silent.destroy();
    await api.close();
  }
});
