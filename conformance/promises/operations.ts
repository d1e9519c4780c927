/** What an operator of the API server looks at: health reports, and metrics. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';

const promise = area('operations');

async function report(context: PromiseContext, path: string): Promise<string[]> {
  const answer = await context.http.request('GET', path);
  assert.equal(answer.status, 200, answer.text());
  return answer.text().trimEnd().split('\n');
}

/** What every server checks; the order is part of the report. */
const started = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/priority-and-fairness-config-consumer',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/bootstrap-controller',
  'poststarthook/apiservice-registration-controller',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
];

promise('a health report names its checks, in an order that stays', async (context) => {
  for (const name of ['healthz', 'livez', 'readyz']) {
    const lines = await report(context, `/${name}?verbose`);
    assert.equal(lines.at(-1), `${name} check passed`);
    assert.deepEqual(lines.slice(0, 2), ['[+]ping ok', '[+]log ok']);
    const shown = lines.filter((line) => started.some((check) => line === `[+]${check} ok`));
    assert.deepEqual(
      shown,
      started.map((check) => `[+]${check} ok`),
    );
    const only = name === 'readyz' ? ['[+]informer-sync ok', '[+]shutdown ok'] : ['[+]etcd ok'];
    for (const line of only) assert.ok(lines.includes(line), `${name}: ${line}`);
    assert.equal(lines.includes('[+]shutdown ok'), name === 'readyz');
  }
});

promise('checks can be left out of a health report, and asked one by one', async (context) => {
  const excluded = await report(context, '/livez?verbose&exclude=etcd&exclude=rbac');
  assert.ok(excluded.includes('[+]etcd excluded: ok'));
  assert.deepEqual(excluded.slice(-2), [
    'warn: some health checks cannot be excluded: no matches for "rbac"',
    'livez check passed',
  ]);
  assert.deepEqual(await report(context, '/livez?exclude=etcd'), ['ok']);
  for (const check of ['ping', 'etcd', 'poststarthook/rbac/bootstrap-roles', 'autoregister-completion']) {
    assert.deepEqual(await report(context, `/livez/${check}`), ['ok'], check);
  }
  assert.deepEqual(await report(context, '/readyz/shutdown'), ['ok']);
  assert.equal((await context.http.request('GET', '/livez/shutdown')).status, 404);
  assert.equal((await context.http.request('GET', '/readyz/poststarthook/nothing')).status, 404);
});

const endpoint = ['component', 'group', 'resource', 'scope', 'subresource', 'verb', 'version'];

/** Type and labels by name: what alerts and dashboards ask for. */
const metrics: Record<string, [type: string, ...labels: string[]]> = {
  aggregator_unavailable_apiservice: ['gauge', 'name'],
  apiserver_admission_controller_admission_duration_seconds: ['histogram', 'name', 'operation', 'rejected', 'type'],
  apiserver_audit_event_total: ['counter'],
  apiserver_client_certificate_expiration_seconds: ['histogram'],
  apiserver_current_inflight_requests: ['gauge', 'request_kind'],
  apiserver_current_inqueue_requests: ['gauge', 'request_kind'],
  apiserver_flowcontrol_current_executing_requests: ['gauge', 'flow_schema', 'priority_level'],
  apiserver_flowcontrol_nominal_limit_seats: ['gauge', 'priority_level'],
  apiserver_request_duration_seconds: ['histogram', ...endpoint, 'dry_run'],
  apiserver_request_sli_duration_seconds: ['histogram', ...endpoint],
  apiserver_response_sizes: ['histogram', ...endpoint],
  apiserver_resource_objects: ['gauge', 'group', 'resource'],
  authentication_attempts: ['counter', 'result'],
  authorization_attempts_total: ['counter', 'result'],
  etcd_request_duration_seconds: ['histogram', 'group', 'operation', 'resource'],
  kube_apiserver_clusterip_allocator_allocated_ips: ['gauge', 'cidr'],
  kube_apiserver_nodeport_allocator_available_ports: ['gauge'],
  kubernetes_feature_enabled: ['gauge', 'name', 'stage'],
  process_cpu_seconds_total: ['counter'],
  process_resident_memory_bytes: ['gauge'],
  process_start_time_seconds: ['gauge'],
  serviceaccount_valid_tokens_total: ['counter'],
  workqueue_depth: ['gauge', 'name'],
};

promise('metrics that dashboards and alerts ask for have their names, types and labels', async (context) => {
  await context.http.request('GET', '/api/v1/namespaces/default');
  const lines = await report(context, '/metrics');
  for (const [name, [type, ...labels]] of Object.entries(metrics)) {
    assert.ok(lines.includes(`# TYPE ${name} ${type}`), `${name} is a ${type}`);
    const sample = lines.find((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line)) ?? '';
    const found = [...sample.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label);
    assert.deepEqual(found.filter((label) => label !== 'le').sort(), labels.sort(), name);
  }
});

promise('the index lists what is served: groups, versions, documents and checks', async (context) => {
  const index = await context.http.request('GET', '/');
  const { paths } = index.json<{ paths: string[] }>();
  assert.equal(index.text(), JSON.stringify({ paths }, undefined, 2), 'readable as it is');
  assert.deepEqual(paths, [...new Set(paths)].sort());
  const listed = ['/api', '/api/v1', '/apis', '/apis/', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/version'];
  const { groups } = (await context.http.request('GET', '/apis')).json<{
    groups: { name: string; versions: { groupVersion: string }[] }[];
  }>();
  // A group that is gone by now was another promise's.
  const builtIn = groups.filter(({ name }) => name === 'apps' || name.endsWith('authorization.k8s.io'));
  for (const { name, versions } of builtIn) {
    listed.push(`/apis/${name}`, ...versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
  }
  listed.push(
    '/healthz/ping',
    '/livez/etcd',
    '/readyz/poststarthook/rbac/bootstrap-roles',
    '/metrics',
    '/metrics/slis',
  );
  assert.deepEqual(
    listed.filter((path) => !paths.includes(path)),
    [],
  );
});
